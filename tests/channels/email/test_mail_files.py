"""Mails in files: the dialects of mbox, Maildir with its flags, folders of all of them, and what can't be read."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from channels.email.receiving import mail_files
from channels.email.receiving.mail_files import find, read

BETWEEN = b"From ana@x.cu Sat Jan  3 01:05:34 2015\n"
MAIL = b"Subject: one\n\nhola\n"
BODY = b"he wrote:\n\n" + BETWEEN + b">From me\n"
COUNTED = b"Content-Length: %d\n\n%s" % (len(BODY), BODY)


def contents(path: Path) -> list[bytes]:
    return [mail.content for file in find(path) for mail in read(file)]


def problems(path: Path) -> list[tuple[str, str]]:
    return [(Path(mail.place).name, mail.problem) for file in find(path) for mail in read(file) if mail.problem]


@pytest.mark.parametrize(
    ("mbox", "mails"),
    [
        (BETWEEN + MAIL, [MAIL]),
        (BETWEEN + MAIL + b"\n" + BETWEEN + b"Subject: two\n\nb\n", [MAIL, b"Subject: two\n\nb\n"]),
        (  # mboxrd: a quote is taken from each quoted line
            BETWEEN + b"Subject: q\n\n>From us\n>>From them\n> From here\n",
            [b"Subject: q\n\nFrom us\n>From them\n> From here\n"],
        ),
        (  # a sentence is no line between: no time in it, or no empty line before it
            BETWEEN + b"Subject: s\n\n\nFrom now on it fails\nFrom me at 10:00 in 2015\n",
            [b"Subject: s\n\n\nFrom now on it fails\nFrom me at 10:00 in 2015\n"],
        ),
        (  # mboxcl2: counted, so nothing is quoted, and what looks like a line between is none
            BETWEEN + COUNTED + b"\n\n" + BETWEEN + MAIL,
            [COUNTED, MAIL],
        ),
        (  # a count that can't be right counts for nothing
            BETWEEN + b"Content-Length: 7\n\nmore than seven\n\n" + BETWEEN + MAIL,
            [b"Content-Length: 7\n\nmore than seven\n", MAIL],
        ),
        ((BETWEEN + MAIL + b"\n" + BETWEEN + MAIL).replace(b"\n", b"\r\n"), [MAIL.replace(b"\n", b"\r\n")] * 2),
        (BETWEEN + b"\n" + BETWEEN + MAIL, [b"", MAIL]),  # an empty one
        (b"From - Sat Jan 03 01:05:34 2015\nX-Mozilla-Status: 0001\n\nx\n", [b"X-Mozilla-Status: 0001\n\nx\n"]),
        (b"From 1490@xxx Sat Jan 03 01:05:34 +0000 2015\nA: b\n\nx\n", [b"A: b\n\nx\n"]),
    ],
)
def test_an_mbox_is_read_in_every_dialect(tmp_path, mbox, mails):
    path = tmp_path / "Inbox"
    path.write_bytes(mbox)
    assert contents(path) == mails
    assert sum(file.count() for file in find(path)) == len(mails)


def test_the_line_between_says_when_it_came(tmp_path):
    path = tmp_path / "box"
    path.write_bytes(BETWEEN + MAIL + b"\n" + b"From x Sat Foo 99 99:99:99 2015\n" + MAIL)
    (file,) = find(path)
    assert [mail.delivered_at for mail in read(file)] == [datetime(2015, 1, 3, 1, 5, 34, tzinfo=UTC), None]


def test_a_maildir_is_read_with_its_folders_and_without_what_was_deleted_drafted_or_half_delivered(tmp_path):
    box = tmp_path / "Maildir"
    for folder in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", "courierimapkeywords"):
        (box / folder).mkdir(parents=True)
    for name in (
        "cur/1:2,S",
        "new/2",
        "cur/3:2,RS",
        ".Sent/cur/4:2,S",
        "cur/5:2,ST",
        "cur/6:2,D",
        "tmp/7",
        "cur/.hidden",
    ):
        (box / name).write_bytes(name.encode())
    os.utime(box / "new/2", (1_000_000_000, 1_000_000_000))
    assert [content for content in contents(box) if content] == [
        b"cur/1:2,S",
        b"cur/3:2,RS",
        b"new/2",
        b".Sent/cur/4:2,S",
    ]
    assert problems(box) == [("5:2,ST", "deleted in its Maildir"), ("6:2,D", "a draft in its Maildir")]
    dated = next(mail for file in find(box) for mail in read(file) if mail.content == b"new/2")
    assert dated.delivered_at == datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)


def test_a_folder_of_everything_is_walked_once_and_what_is_no_mail_is_passed_by(tmp_path):
    (tmp_path / "a" / "deep").mkdir(parents=True)
    (tmp_path / "a" / "deep" / "one.EML").write_bytes(MAIL)
    (tmp_path / "Inbox").write_bytes(BETWEEN + MAIL)
    (tmp_path / "Inbox.msf").write_bytes(b"// <!-- an index -->")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "a" / "around").symlink_to(tmp_path, target_is_directory=True)
    assert contents(tmp_path) == [MAIL, MAIL]


def test_what_cannot_be_read_is_said_and_the_rest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(mail_files, "MAIL_MAX_BYTES", 100)
    (tmp_path / "1.eml").write_bytes(MAIL)
    (tmp_path / "2.eml").write_bytes(b"x" * 101)
    (tmp_path / "3.eml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "box").write_bytes(BETWEEN + b"x: y\n\n" + b"z" * 100 + b"\n\n" + BETWEEN + MAIL)
    assert [content for content in contents(tmp_path) if content] == [MAIL, MAIL]
    assert problems(tmp_path) == [
        ("2.eml", mail_files._TOO_LARGE),
        ("3.eml", "No such file or directory"),
        ("box#1", mail_files._TOO_LARGE),
    ]
