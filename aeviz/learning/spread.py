"""One model over several processes: each learns from its share of every batch, and all take the same step.

`torchrun` starts the processes. Every one of them goes over the same batches with the same noise, takes its rows, and
adds its gradient to those of the others, weighted by its share: the sum is the gradient of the whole batch, so the loss
curve is that of one process. What a loss draws itself (dropout, a variational code) is drawn by each process for its
own rows, and so differs from one process as another seed would.

torch's DistributedDataParallel is not used: it averages the gradients of one module's forward pass, and here a loss is
made of an encoder, a decoder, terms and opponents that call each other as they need.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, distributed, nn

from aeviz.data.pairings import Batch
from aeviz.errors import SettingError
from aeviz.seeds import generator as derived


def processes() -> int:
    """How many processes share the work; 1 where they were not joined."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0."""
    return distributed.get_rank() if processes() > 1 else 0


@contextlib.contextmanager
def joined() -> Iterator[None]:
    """Join the processes that torchrun started, for as long as the context lasts; nothing for a process of its own.

    Raises:
        SettingError: the others cannot be reached.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    try:
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    except (RuntimeError, ValueError) as error:
        raise SettingError(
            f"The other processes cannot be reached ({error}). Start them together: torchrun --nproc-per-node 2 "
            "-m aeviz train RECIPE."
        ) from None
    try:
        yield
    finally:
        distributed.destroy_process_group()


def share(batch: Batch, draws: torch.Generator) -> tuple[Batch, float, torch.Generator]:
    """This process's rows of a batch, what share of it they are, and a generator of its own."""
    count = processes()
    if count == 1:
        return batch, 1.0, draws
    n, own = len(batch.targets), rank()
    rows = slice(n * own // count, n * (own + 1) // count)

    def cut(each: Tensor | None) -> Tensor | None:
        return None if each is None else each[rows]

    mine = replace(
        batch,
        inputs=batch.inputs[rows],
        targets=batch.targets[rows],
        labels=cut(batch.labels),
        weights=cut(batch.weights),
    )
    # Drawn from the common generator, so that each step has its own, and the common one moves alike everywhere.
    seed = int(torch.randint(2**62, (1,), generator=draws, device=draws.device).item())
    return mine, len(mine.targets) / n, derived(seed, "process", own, device=draws.device)


def summed(values: dict[str, float], share: float) -> dict[str, float]:
    """The values of the whole batch, from those of the shares."""
    if processes() == 1:
        return values
    both = torch.tensor([value * share for value in values.values()], dtype=torch.float64)
    both = both.cuda() if torch.cuda.is_available() else both
    distributed.all_reduce(both)
    return dict(zip(values, both.tolist(), strict=True))


def add_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Give every process the sum of all their gradients; 0 stands for one that a process does not have."""
    if processes() == 1:
        return
    gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in parameters]
    joined_up = torch.cat([each.flatten() for each in gradients])
    distributed.all_reduce(joined_up)
    for parameter, part in zip(parameters, joined_up.split([each.numel() for each in gradients]), strict=True):
        parameter.grad = part.view_as(parameter)
