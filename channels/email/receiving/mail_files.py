"""Mails that lie in files: an mbox, a Maildir, .eml files, or folders of these. For services/mail_import.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from channels.email.receiving import mbox
from channels.email.receiving.reception import MAIL_MAX_BYTES

_FLAGS = re.compile(r"[:;!]2,([A-Za-z]*)$")  # `:` where the file system has it
_LEFT_OUT = {"T": "deleted in its Maildir", "D": "a draft in its Maildir"}
_TOO_LARGE = f"larger than {MAIL_MAX_BYTES // 2**20} MiB"


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that holds one mail, or, as an mbox, several. `problem`: why none of them can be read."""

    path: Path
    is_mbox: bool = False
    problem: str = ""

    def count(self) -> int:
        """How many mails, each taken or refused."""
        if not self.is_mbox:
            return 1
        with mbox.opened(self.path) as file:
            return sum(1 for _ in mbox.stretches(file))


@dataclass(frozen=True, slots=True)
class FoundMail:
    """One. `problem`: why it can't be taken; then it has no content."""

    place: str
    content: bytes = b""
    delivered_at: datetime | None = None
    problem: str = ""


def find(path: Path) -> Iterator[MailFile]:
    """Every file of mails there, in the order of their names. Links to folders are not followed."""
    try:
        if path.is_dir():
            yield from _in_folder(path)
        elif path.suffix.lower() == ".eml":
            yield MailFile(path)
        elif path.stat().st_size and mbox.is_mbox(path):
            yield MailFile(path, is_mbox=True)
    except OSError as error:
        yield MailFile(path, problem=error.strerror or type(error).__name__)


def _in_folder(path: Path) -> Iterator[MailFile]:
    if (path / "cur").is_dir():
        for folder in ("cur", "new"):  # `tmp` has what was not delivered to its end
            yield from (MailFile(found) for found in sorted((path / folder).glob("[!.]*")))
        below = [each for each in sorted(path.glob(".*")) if (each / "cur").is_dir()]  # Maildir++ subfolders
    else:
        below = [each for each in sorted(path.iterdir()) if not each.name.startswith(".")]
    for each in below:
        if not (each.is_symlink() and each.is_dir()):
            yield from find(each)


def read(file: MailFile) -> Iterator[FoundMail]:
    """Its mails. What can't be read is one with a problem."""
    if file.problem:
        yield FoundMail(str(file.path), problem=file.problem)
        return
    try:
        yield from _of_mbox(file.path) if file.is_mbox else [_of_one(file.path)]
    except OSError as error:
        yield FoundMail(str(file.path), problem=error.strerror or type(error).__name__)


def _of_mbox(path: Path) -> Iterator[FoundMail]:
    with mbox.opened(path) as file:
        for number, stretch in enumerate(mbox.stretches(file), start=1):
            place = f"{path}#{number}"
            if stretch.end - stretch.start > MAIL_MAX_BYTES:
                yield FoundMail(place, problem=_TOO_LARGE)
            else:
                yield FoundMail(place, mbox.content(file, stretch), mbox.delivered_at(stretch))


def _of_one(path: Path) -> FoundMail:
    flags = _FLAGS.search(path.name)
    left_out = next((why for flag, why in _LEFT_OUT.items() if flags is not None and flag in flags.group(1)), "")
    status = path.stat()
    if left_out or status.st_size > MAIL_MAX_BYTES:
        return FoundMail(str(path), problem=left_out or _TOO_LARGE)
    return FoundMail(str(path), path.read_bytes(), datetime.fromtimestamp(status.st_mtime, UTC))
