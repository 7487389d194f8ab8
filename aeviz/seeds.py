"""Randomness is an argument: every draw takes a generator that is derived from a seed and a purpose.

Several visitors and several runs share a process, so torch's one global generator is never used.
"""

import hashlib

import torch


def generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator of its own for (seed, purpose): the same for the same arguments, unrelated for any others."""
    text = "/".join(str(part) for part in (seed, *purpose))
    derived = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") & (2**63 - 1)
    return torch.Generator(device=device).manual_seed(derived)


def on(device: torch.device, draws: torch.Generator) -> torch.Generator:
    """The generator itself where it draws on this kind of device, else one that does, seeded by one draw of it."""
    if device.type == draws.device.type:
        return draws
    seed = int(torch.randint(2**62, (1,), generator=draws, device=draws.device).item())
    return torch.Generator(device=device).manual_seed(seed)
