"""Numbers from .csv files, one example a row."""

import csv
import io
import math
from pathlib import Path

import numpy as np
from jaxtyping import Float

from aeviz.data.found import Found, classified, enough, listed
from aeviz.data.interpretation import MOST_COLUMNS, interpreted
from aeviz.errors import UploadError

MOST_BYTES = 100_000_000
LABELS = ("label", "labels", "class", "target")


def from_csv(path: Path, size: int, grey: bool) -> Found:
    """A table of numbers, one example a row; a first row of names is allowed, a column called label is the class.

    Raises:
        UploadError: it is empty, ragged, too large or not text, or a column holds words or gaps.
    """
    if path.stat().st_size > MOST_BYTES:
        raise UploadError(f"{path.name} is larger than {MOST_BYTES // 10**6} MB. Save it as .npy, or fewer rows.")
    rows, lines = _rows(_text(path), path.name)
    names = _header(rows[0])
    if names is None:
        names = [f"column {at + 1}" for at in range(len(rows[0]))]
    else:
        rows, lines = rows[1:], lines[1:]
    if len(names) > MOST_COLUMNS:
        raise UploadError(f"{path.name} has {len(names):,} columns; at most {MOST_COLUMNS:,} are read. Choose some.")
    enough(len(rows), "rows", path.name)
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise UploadError(
                f"Line {line} of {path.name} has {len(row)} cells and the first line {len(names)}. Make them as many."
            )
    labelled = [at for at, name in enumerate(names) if name.strip().lower() in LABELS][:1]
    columns = [at for at in range(len(names)) if at not in labelled]
    values = _numbers(rows, columns, names, path.name)
    notices: tuple[str, ...] = ()
    if columns and not names[columns[0]].strip() and (values[:, 0] == np.arange(len(values))).all():
        columns, values = columns[1:], values[:, 1:]
        notices = ("The first column has no name and only counts the rows; it was left out.",)
    found = interpreted(values, path.name, size, grey, [_called(names, at) for at in columns])
    notices += found.notices
    if not labelled:
        return Found(found.x, notices=notices)
    labels, classes = classified([row[labelled[0]] for row in rows])
    return Found(found.x, labels, classes, notices)


def _text(path: Path) -> str:
    data = path.read_bytes()
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UploadError(f"{path.name} is not UTF-8 text. Save it as CSV in UTF-8.") from error


def _rows(text: str, name: str) -> tuple[list[list[str]], list[int]]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, lines = [], []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    except csv.Error as error:
        raise UploadError(f"Line {reader.line_num} of {name} cannot be read as CSV ({error}). Save it anew.") from error
    if not rows:
        raise UploadError(f"{name} is empty. Choose a table with one example a row.")
    return rows, lines


def _header(row: list[str]) -> list[str] | None:
    """The names in `row`, None where it is a row of the table."""
    if any(cell.strip().lower() in LABELS for cell in row) or not any(_number(cell) is not None for cell in row):
        return row
    counted = [cell.strip() for cell in row]
    return row if counted == [str(at) for at in range(len(row))] and len(row) > 2 else None


def _numbers(rows: list[list[str]], columns: list[int], names: list[str], name: str) -> Float[np.ndarray, "n d"]:
    values = np.empty((len(rows), len(columns)))
    words: dict[int, str] = {}
    for at, row in enumerate(rows):
        for place, column in enumerate(columns):
            cell = row[column]
            number = _number(cell) if cell.strip() else math.nan
            if number is None:
                words.setdefault(column, cell.strip()[:40])
                number = math.nan
            values[at, place] = number
    if words:
        shown = listed([f"{_called(names, column)[:30]} ({cell!r})" for column, cell in words.items()])
        raise UploadError(
            f"{name} has words where numbers are needed, in {shown}. Take those columns out, write decimals with a "
            "point, or call the column of classes label."
        )
    return values


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _called(names: list[str], column: int) -> str:
    return names[column].strip() or f"column {column + 1}"
