"""An archive from somebody: unpacked below its folder, and given up where it is too much or leads elsewhere."""

from __future__ import annotations

import random
import stat
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from channels.attachments import FILE_MAX_BYTES
from schemas.errors import InvalidError, TooLargeError
from services.knowledge import unpacking
from services.knowledge.unpacking import unpack


def _zip(*files: tuple[str | zipfile.ZipInfo, bytes]) -> BytesIO:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return packed


def _link() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("x.md")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    return link


def test_it_is_unpacked_below_its_folder(tmp_path: Path) -> None:
    assert unpack(_zip(("es/a.md", b"A"), ("img/b.png", b"B")), tmp_path) == 2
    assert (tmp_path / "es/a.md").read_bytes() == b"A"


@pytest.mark.parametrize("name", ["../x.md", "/x.md", "a/../../x.md", "..\\x.md", "C:x.md", _link()])
def test_what_leads_elsewhere_is_refused_and_leaves_nothing_there(tmp_path: Path, name: str | zipfile.ZipInfo) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(InvalidError):
        unpack(_zip((name, b"/etc/hostname")), folder)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("packed", [BytesIO(b""), BytesIO(b"PK\x03\x04 no"), BytesIO(bytes(100))])
def test_what_is_no_archive_is_refused(tmp_path: Path, packed: BytesIO) -> None:
    with pytest.raises(InvalidError):
        unpack(packed, tmp_path)


@pytest.mark.parametrize("way", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_what_was_damaged_is_refused(tmp_path: Path, way: int) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", way) as archive:
        archive.writestr("x.md", random.Random(1).randbytes(2_000))  # noqa: S311 -- compresses badly
    for at in range(36, 300, 8):
        damaged = bytearray(packed.getvalue())
        damaged[at : at + 60] = b"\xff" * 60
        with pytest.raises(InvalidError):
            unpack(BytesIO(bytes(damaged)), tmp_path)


def test_a_name_that_is_no_text_is_refused(tmp_path: Path) -> None:
    packed = _zip(("ñandú.md", b"x")).getvalue().replace("ñ".encode(), b"\xff\xff")
    with pytest.raises(InvalidError):
        unpack(BytesIO(packed), tmp_path)


def test_what_swells_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TooLargeError):
        unpack(_zip(("x.md", bytes(FILE_MAX_BYTES + 1))), tmp_path)
    monkeypatch.setattr(unpacking, "ALL_MAX_BYTES", 10)
    with pytest.raises(TooLargeError):
        unpack(_zip(("x.md", bytes(6)), ("y.md", bytes(6))), tmp_path)
    monkeypatch.setattr(unpacking, "FILES_MAX", 1)
    with pytest.raises(TooLargeError):
        unpack(_zip(("x.md", b""), ("y.md", b"")), tmp_path)
