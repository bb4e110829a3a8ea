"""What `cauce doctor` says of mail coming in: mailboxes that can't be read, mails left there, the certificate."""

from __future__ import annotations

import re

import pytest

from channels.email.receiving import imap_checkpoints
from channels.email.receiving.imap_checkpoints import Left
from eventstore.blobs import FolderBlobs
from services.doctor import Verdict, examine
from services.settings import read
from services.wiring import build_hub
from tests import certificates

MAILBOX = "imaps://ana@mail.example:993/INBOX"


@pytest.fixture
async def said(database, database_url, tmp_path):
    """Verdicts and words of the findings on a subject, with settings."""

    async def look(subject: str, **settings: str) -> list[tuple[Verdict, str]]:
        environment = {"CAUCE_DATABASE_URL": database_url, "CAUCE_DATA": str(tmp_path)}
        given = read(environment | {f"CAUCE_{name}": value for name, value in settings.items()})
        hub = build_hub(given, database, FolderBlobs(tmp_path / "blobs"))
        found = await examine(hub)
        await hub.log.close()
        return [(each.verdict, each.detail) for each in found if each.subject == subject]

    return look


IMAP = "imaps://ana:s3cret@mail.example"


async def test_a_mailbox_that_was_never_read_is_to_be_watched(said):
    assert await said(MAILBOX, IMAP=IMAP) == [(Verdict.WATCH, "never read")]
    assert await said(MAILBOX) == []


async def test_a_mailbox_that_fails_is_ill_with_the_reason_since_its_first_failure(said, database):
    for reason in ("no answer in time", "login refused"):
        with database.transaction() as connection:
            imap_checkpoints.fails(connection, MAILBOX, reason, 60)
    with database.transaction() as connection:
        (state,) = imap_checkpoints.states(connection)
    assert state.since < state.looked_at
    ((verdict, detail),) = await said(MAILBOX, IMAP=IMAP)
    assert verdict is Verdict.ILL
    assert re.fullmatch(r"since \d{4}-\d\d-\d\d \d\d:\d\d UTC: login refused, again at \d\d:\d\d:\d\d UTC", detail)
    with database.transaction() as connection:
        imap_checkpoints.well(connection, MAILBOX)
    ((verdict, detail),) = await said(MAILBOX, IMAP=IMAP)
    assert (verdict, detail[:8]) == (Verdict.WELL, "read at ")


async def test_what_was_left_in_a_mailbox_that_is_read_is_named(said, database):
    with database.transaction() as connection:
        for mailbox in (MAILBOX, "imap://somebody@elsewhere.example:143/INBOX"):
            imap_checkpoints.leave(connection, mailbox, 7, 12, Left.TOO_LARGE, 30_000_000)
    assert await said(f"left in {MAILBOX}", IMAP=IMAP) == [(Verdict.WATCH, "UID 12: too_large, 30000000 bytes")]


async def test_a_certificate_that_ends_soon_is_to_be_watched_and_one_that_is_not_there_is_ill(said, tmp_path):
    files = certificates.make(tmp_path / "tls")  # good for a day
    assert await said("smtp certificate") == []
    ((verdict, detail),) = await said("smtp certificate", SMTP_CERTIFICATE=str(files.server))
    assert verdict is Verdict.WATCH
    assert detail.startswith("good until ")
    ((verdict, detail),) = await said("smtp certificate", SMTP_CERTIFICATE=str(files.certificate))
    assert verdict is Verdict.ILL  # its key is not in it
    ((verdict, _),) = await said("smtp certificate", SMTP_CERTIFICATE=str(tmp_path / "nowhere"))
    assert verdict is Verdict.ILL
