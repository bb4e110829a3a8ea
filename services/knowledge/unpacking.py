"""A ZIP from somebody, unpacked with bounds: how many files, how large each and all, and nowhere but below a folder."""

from __future__ import annotations

import lzma
import zlib
from pathlib import Path, PurePosixPath
from stat import S_ISLNK
from typing import BinaryIO
from zipfile import BadZipFile, LargeZipFile, ZipFile, ZipInfo

from channels.attachments import FILE_MAX_BYTES
from schemas.errors import InvalidError, TooLargeError

FILES_MAX = 5_000
ALL_MAX_BYTES = 300 * 1024 * 1024
_NAME_MAX_CHARACTERS = 400
_PIECE_BYTES = 64 * 1024
_UNREADABLE = (
    *(BadZipFile, LargeZipFile, NotImplementedError, RuntimeError, EOFError, OSError),
    *(zlib.error, lzma.LZMAError, UnicodeDecodeError),  # of what is packed, and of names
)


def unpack(packed: BinaryIO, folder: Path) -> int:
    """How many files. Blocks. Raises InvalidError for what is no such archive, TooLargeError."""
    try:
        with ZipFile(packed) as archive:
            files = [each for each in archive.infolist() if not each.is_dir()]
            if len(files) > FILES_MAX:
                raise TooLargeError(f"at most {FILES_MAX} files")
            left = ALL_MAX_BYTES
            for each in files:
                left -= _one(archive, each, folder / _place(each), left)
    except _UNREADABLE as error:
        raise InvalidError("not a ZIP that can be read", field="file") from error
    return len(files)


def _one(archive: ZipFile, each: ZipInfo, place: Path, left: int) -> int:
    """Counted as it comes out: what an archive says of itself proves nothing."""
    most = min(FILE_MAX_BYTES, left)
    place.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(each) as source, place.open("wb") as out:
        while piece := source.read(_PIECE_BYTES):
            size += len(piece)
            if size > most:
                raise TooLargeError(f"a file has at most {FILE_MAX_BYTES} bytes, all of them {ALL_MAX_BYTES}")
            out.write(piece)
    return size


def _place(each: ZipInfo) -> PurePosixPath:
    """Below the folder, or refused."""
    name = PurePosixPath(each.filename)
    leads_out = name.is_absolute() or ".." in name.parts or "\\" in each.filename or ":" in each.filename
    if leads_out or S_ISLNK(each.external_attr >> 16) or not 0 < len(each.filename) <= _NAME_MAX_CHARACTERS:
        raise InvalidError("it holds a name that leads elsewhere", field="file")
    return name
