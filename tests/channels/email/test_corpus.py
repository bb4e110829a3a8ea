"""Every mail of the corpus becomes what its table says. A key that no line here knows is an error, not a comment."""

from __future__ import annotations

from collections import Counter

import pytest

from channels.email.parse import parse
from tests.channels.email.mails import CORPUS, OURS, areas, mails, read_area

KIND_MAX = 6
MAILS_MIN = 150
ABOUT = {"shows", "kind", "envelope"}
"""Keys that say what the mail is, or how it came."""

EQUAL = {
    "subject": lambda found: found.interaction.subject,
    "text": lambda found: found.interaction.text,
    "sender": lambda found: found.interaction.sender.address.removeprefix("email:"),
    "sender_name": lambda found: found.interaction.sender.name,
    "proven": lambda found: found.interaction.sender.proven,
    "recipients": lambda found: [party.address.removeprefix("email:") for party in found.interaction.recipients],
    "language": lambda found: found.interaction.language,
    "occurred_at": lambda found: found.interaction.occurred_at,
    "authentication": lambda found: found.interaction.authentication.value,
    "automatic": lambda found: found.interaction.hints.automatic or "",
    "about": lambda found: str(found.interaction.hints.about or ""),
    "thread": lambda found: str(found.interaction.thread),
    "thread_signed": lambda found: found.interaction.hints.thread_signed,
    "message_id": lambda found: found.interaction.hints.message_id,
    "references": lambda found: list(found.interaction.hints.references),
    "subject_number": lambda found: found.interaction.hints.subject_number or 0,
    "html": lambda found: found.html,
    "labels": lambda found: [label.value for label in found.interaction.labels],
}
"""Keys whose value is all there is: what they read of what was made of the mail."""

SOME = {
    "text_has": lambda found: found.interaction.text,
    "html_has": lambda found: found.html,
}
"""Keys with strings that must be in it; the same name with `_lacks`: that must not."""


def check(found, key, expected):
    if key in EQUAL:
        assert EQUAL[key](found) == expected
    elif key in SOME:
        assert [each for each in expected if each not in SOME[key](found)] == []
    elif key.endswith("_lacks") and key.replace("_lacks", "_has") in SOME:
        assert [each for each in expected if each in SOME[key.replace("_lacks", "_has")](found)] == []
    elif key == "files":
        assert len(found.files) == len(expected)
        assert [file_of(file, each) for file, each in zip(found.files, expected, strict=True)] == expected
    elif key == "checks":
        assert {name: getattr(found.interaction.checks, name) for name in expected} == expected
    elif key == "details":
        assert {name: found.interaction.details.get(name) for name in expected} == expected
    else:
        pytest.fail(f"no such key: {key}")


def file_of(file, expected):
    """A file in the words of its expectation, which may say less."""
    every = {"name": file.name, "media_type": file.media_type, "bytes": len(file.data), "inline": file.inline}
    return {key: every.get(key) for key in expected}


@pytest.mark.parametrize("mail", mails(), ids=lambda mail: f"{mail.area}/{mail.name}")
def test_a_mail_becomes_what_its_table_says(mail):
    found = parse(mail.raw, mail.content, OURS)
    expected = {key: value for key, value in mail.says.items() if key not in ABOUT}
    assert expected, "a mail without an expectation shows nothing"
    for key, value in expected.items():
        check(found, key, value)


def test_each_mail_has_a_table_and_each_table_a_mail():
    files = {(path.parent.name, path.stem) for path in CORPUS.rglob("*") if path.is_file() and path.suffix != ".toml"}
    assert files == {(area, name) for area in areas() for name in read_area(area)}
    assert {path.suffix for path in CORPUS.rglob("*") if path.is_file()} == {".eml", ".toml"}


def test_each_mail_names_what_it_shows_and_no_kind_is_shown_too_often():
    assert [mail.name for mail in mails() if not mail.says.get("shows", "").strip()] == []
    kinds = Counter(mail.says.get("kind", "") for mail in mails())
    assert "" not in kinds
    assert {kind: count for kind, count in kinds.items() if count > KIND_MAX} == {}


def test_there_are_enough_mails_and_no_two_are_the_same():
    assert len(mails()) >= MAILS_MIN
    assert len({mail.content for mail in mails()}) == len(mails())
