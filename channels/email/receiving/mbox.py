"""The mails of an mbox file, with what its dialects do: `>From` quoted, Content-Length, dates in the line between.

RFC 4155 and what went before. Reads through a memory map: the file may be larger than memory. Below mail_files.py.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_BETWEEN = re.compile(rb"(?:\A|(?<=\n)\r?\n)From [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_BARE = re.compile(rb"^From ", re.MULTILINE)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,12})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_DATE = re.compile(rb"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d)(?::(\d\d))?(?: [+-]\d{4}| [A-Z]{3,4})? (\d{4})")
_MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_HEADERS_MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where a mail lies in the file, and the line before it. `counted`: its own header says how long it is."""

    start: int
    end: int
    line: bytes
    counted: bool


def is_mbox(path: Path) -> bool:
    """Raises OSError."""
    with path.open("rb") as file:
        return _BETWEEN.match(file.read(1024)) is not None


@contextmanager
def opened(path: Path) -> Generator[mmap.mmap]:
    """For `stretches` and `content`. Raises OSError."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as found:
        yield found


def stretches(file: mmap.mmap) -> Iterator[Stretch]:
    """Each mail's place, in their order. A line that only looks like one between has no empty line before it."""
    line = _BETWEEN.search(file)
    while line is not None:
        counted = _counted_end(file, line.end())
        following = _BETWEEN.search(file, line.end() if counted is None else counted)
        end = following.start() if following is not None else len(file)
        yield Stretch(line.end(), end if counted is None else counted, line.group().strip(), counted is not None)
        line = following


def content(file: mmap.mmap, stretch: Stretch) -> bytes:
    """Its bytes as they were before they were laid into an mbox."""
    raw = file[stretch.start : stretch.end]
    if stretch.counted and _BARE.search(raw):
        return raw  # whoever counts needn't quote, and did not
    return _QUOTED.sub(rb"\1", raw)


def delivered_at(stretch: Stretch) -> datetime | None:
    """What the line between says, read as UTC."""
    found = _DATE.search(stretch.line)
    if found is None or found.group(1) not in _MONTHS:
        return None
    month, day, hour, minute, second, year = found.groups()
    try:
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None


def _counted_end(file: mmap.mmap, start: int) -> int | None:
    """Where Content-Length says that the mail ends, if that is the end of the file or another line between follows."""
    headers = _END_OF_HEADERS.search(file, start, start + _HEADERS_MAX_BYTES)
    length = _LENGTH.search(file, start, headers.end()) if headers is not None else None
    if headers is None or length is None:
        return None
    end = headers.end() + int(length.group(1))
    if end > len(file):
        return None
    rest = file[end : end + 7].lstrip(b"\r\n")
    return end if not rest or rest.startswith(b"From ") else None
