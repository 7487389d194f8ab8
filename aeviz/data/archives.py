"""Zip archives from a stranger: their names are checked, and no more is unpacked than was promised."""

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from aeviz.errors import UploadError

MOST_MEMBERS = 5000
MOST_RATIO = 100  # unpacked over packed: photographs and scans stay below 5
MOST_UNPACKED = 500_000_000
MOST_MEMBER = 50_000_000
NESTED = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar")


def opened(path: Path) -> zipfile.ZipFile:
    """The archive, for reading.

    Raises:
        UploadError: it is none, or damaged.
    """
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UploadError(f"{path.name} cannot be opened as a zip archive ({error}). Pack it again.") from error


def members(archive: zipfile.ZipFile, name: str, most_ratio: float = MOST_RATIO) -> list[zipfile.ZipInfo]:
    """The files in `archive`, folders left out, in its own order; none is unpacked.

    Raises:
        UploadError: there are too many; one has a name that leads out of the archive, is a link, is encrypted, is an
            archive itself or is packed so tightly that it looks like a trap; or two names are the same.
    """
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise UploadError(f"{name} holds {len(infos):,} files; at most {MOST_MEMBERS:,} are read. Pack fewer.")
    seen: set[str] = set()
    files: list[zipfile.ZipInfo] = []
    for info in infos:
        why = _refused(info, most_ratio)
        if why:
            raise UploadError(f"{name} is refused: {info.orig_filename[:60]!r} {why}. Pack it again without.")
        if info.is_dir():
            continue
        folded = info.filename.casefold()
        if folded in seen:
            raise UploadError(f"{name} is refused: it holds {info.filename[:60]!r} twice. Pack it again with one.")
        seen.add(folded)
        files.append(info)
    unpacked = sum(info.file_size for info in files)
    if unpacked > MOST_UNPACKED:
        raise UploadError(
            f"{name} would unpack to {unpacked / 1e6:,.0f} MB; at most {MOST_UNPACKED // 10**6} MB are read. "
            "Pack fewer or smaller files."
        )
    return files


def content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> bytes:
    """The bytes of one file of `archive`.

    Raises:
        UploadError: it is too large, damaged or larger than the archive says.
    """
    if info.file_size > MOST_MEMBER:
        raise UploadError(
            f"{info.filename[:60]} in {name} unpacks to {info.file_size / 1e6:,.0f} MB; at most "
            f"{MOST_MEMBER // 10**6} MB are read. Make it smaller."
        )
    try:
        with archive.open(info) as file:
            return file.read()  # zipfile stops at the promised size and compares the checksum there
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise UploadError(f"{info.filename[:60]} in {name} is damaged ({error}). Pack it again.") from error


def _refused(info: zipfile.ZipInfo, most_ratio: float) -> str:
    # filename has already been cleaned by zipfile (cut at NUL): the name as it stands in the archive is orig_filename.
    given = info.orig_filename
    path = PurePosixPath(given.replace("\\", "/"))
    if "\0" in given or path.is_absolute() or given[1:2] == ":" or ".." in path.parts:
        return "has a name that leads out of the archive"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    if info.flag_bits & 0x1:
        return "is encrypted"
    if path.suffix.lower() in NESTED:
        return "is an archive inside the archive"
    if info.file_size > most_ratio * max(info.compress_size, 1) and info.file_size > 1_000_000:
        return f"unpacks to more than {most_ratio:g} times its size"
    return ""
