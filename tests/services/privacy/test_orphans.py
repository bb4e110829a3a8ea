"""Blobs that nothing names go after thirty days, and no others: not one that a fact, a log or the quarantine names."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import msgspec
import psycopg
import pytest

from channels.intake import encode_item
from eventstore.blobs import open_blobs
from eventstore.log import LogRecord, NewRecord
from schemas.codec import personal_class
from schemas.facts import REGISTRY
from schemas.facts.article import ArticleKind
from schemas.facts.customer import CustomerRegistered
from schemas.interaction import Attachment, RawMail
from schemas.topics import INTERACTIONS, MAIL
from services import quarantine, settings
from services.consumers import INCIDENTS
from services.customers.requests import ErasePerson
from services.drafts import uploads
from services.incidents.intake import IncidentsService
from services.incidents.requests import Note
from services.knowledge.library import Library
from services.knowledge.shelving import AddFile
from services.knowledge.writing import Publish
from services.privacy import named, orphans, quarantined
from services.privacy.cleaning import Cleaning
from services.wiring import build_hub
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.hubs import Taking
from tests.services.incidents.world import NOON, mail, uid

__all__ = ["commands", "taking"]

_LATER = datetime.now(UTC) + timedelta(days=31)


@pytest.fixture(params=["folder", "memory"])
async def hub(request, database, tmp_path):
    url = {"folder": "", "memory": "memory:///"}[request.param]
    found = build_hub(settings.read({"CAUCE_DATA": str(tmp_path)}), database, open_blobs(url, tmp_path))
    yield found
    await found.log.close()


def file(blob: str) -> Attachment:
    return Attachment(name="photo.jpg", bytes=5, media_type="image/jpeg", blob=blob)


def customer_of(taking):
    return next(fact.customer for fact in taking.facts() if isinstance(fact, CustomerRegistered))


def hold(hub, held: str, value: bytes, topic: str = INTERACTIONS.name) -> None:
    with hub.database.transaction() as connection:
        record = LogRecord(uid(held), 0, 0, value, {})
        quarantine.hold(connection, record, topic=topic, reason="undecidable", error="")


def raw_mail(blob: str) -> bytes:
    return msgspec.msgpack.encode(
        RawMail(
            id=uid("raw"), source="smtp", mailbox="support@cauce.example", envelope_from="ana@x.cu", envelope_to=(),
            blob=blob, size=3, received_at=NOON,
        )
    )  # fmt: skip


async def handled(hub, running) -> None:
    running(hub.log.consume(INTERACTIONS, INCIDENTS, IncidentsService(hub).handle))
    async with asyncio.timeout(60):
        while await hub.log.lag(INTERACTIONS, INCIDENTS):  # noqa: ASYNC110 -- the log has no other word for it
            await asyncio.sleep(0.01)


async def test_only_what_nothing_names_goes_and_only_when_it_is_old(hub):
    blobs = [hub.blobs.put(b"x") for _ in range(7)]
    html, raw, attached, held, discarded, held_mail, orphan = blobs
    taking = Taking(hub)
    await taking.take(msgspec.structs.replace(mail("m1", attachments=(file(attached),)), html=html, raw=raw))
    hold(hub, "q1", encode_item(mail("q1", attachments=(file(held),))))
    hold(hub, "q2", encode_item(mail("q2", attachments=(file(discarded),))))
    hold(hub, "q3", raw_mail(held_mail), MAIL.name)
    await hub.access.run("eva", quarantine.discard, uid("q2"), "spam")
    assert await orphans.find(hub) == await orphans.clean(hub) == 0  # young
    assert (await orphans.find(hub, now=_LATER), hub.blobs.missing(blobs)) == (1, set())
    assert await orphans.clean(hub, now=_LATER) == 1
    assert hub.blobs.missing(blobs) == {orphan}
    with hub.database.transaction() as connection:
        connection.execute("UPDATE quarantine SET resolved_at = now() - interval '31 days' WHERE state = 'discarded'")
        assert quarantined.blank_settled(connection) == 1
    assert await orphans.clean(hub, now=_LATER) == 1
    assert hub.blobs.missing(blobs) == {orphan, discarded}


async def test_a_file_of_an_article_stays(hub):
    blob, gone = hub.blobs.put(b"x"), hub.blobs.put(b"x")
    asked = {"article": uid("article"), "by": "ana", "now": NOON}
    library = Library(hub.database, hub.ledger)
    await library.run(
        Publish(kind=ArticleKind.DOWNLOAD, title="x", body="x", language="es", **asked),
        AddFile(file=uid("file"), content=file(blob), sha256="00", **asked),
    )
    assert await orphans.clean(hub, now=_LATER) == 1
    assert hub.blobs.missing([blob, gone]) == {gone}


def test_no_fact_names_blobs_that_the_index_does_not_know_of():
    def names_a_file(kind: type) -> bool:
        return any(field.name in {"attachments", "blob", "raw", "html"} for field in msgspec.structs.fields(kind))

    sealed = {name: personal_class(kind) for name, kind in REGISTRY.items()}
    assert {name for name, personal in sealed.items() if personal and names_a_file(personal)} == set(named.KINDS)
    assert not any(names_a_file(kind) for kind in REGISTRY.values())


async def test_a_file_that_waits_to_be_sent_and_one_of_a_note_are_named(taking, commands):
    waits, noted = (taking.hub.blobs.put(b"x") for _ in range(2))
    await taking.take(mail("m1"))
    with taking.hub.database.transaction() as connection:
        uploads.keep(connection, [file(waits)], by="eva", address=None)
        (upload,) = uploads.keep(connection, [file(noted)], by="eva", address=None)
    assert await orphans.clean(taking.hub, now=_LATER) == 0
    await commands.run(Note(incident=1, text="see", uploads=(upload.id,)), by="eva")
    assert (await orphans.clean(taking.hub, now=_LATER), len(taking.rows("named_blobs"))) == (0, 1)
    await commands.run(ErasePerson(customer=customer_of(taking)), by="eva")
    assert taking.hub.blobs.missing([waits, noted]) == {noted}


async def test_each_part_of_the_store_is_cleaned_by_itself(hub):
    blobs = [hub.blobs.put(b"x") for _ in range(40)]
    part = blobs[0][:2]
    await orphans.clean(hub, now=_LATER, shards=(part,))
    assert hub.blobs.missing(blobs) == {blob for blob in blobs if blob.startswith(part)}


async def test_what_a_fact_of_an_erased_person_names_is_named_by_nothing(hub):
    blob = hub.blobs.put(b"x")
    await Taking(hub).take(mail("m1", attachments=(file(blob),)))
    assert await orphans.clean(hub, now=_LATER) == 0
    with hub.database.transaction() as connection:
        hub.keys.destroy(connection, [row[0] for row in connection.execute("SELECT address FROM keys").fetchall()])
    assert await orphans.clean(hub, now=_LATER) == 1


async def test_a_log_that_stands_still_stops_the_clean_up_for_what_waits_there_may_name_an_old_blob(hub, running):
    blob = hub.blobs.put(b"x")
    await hub.log.append(INTERACTIONS, [NewRecord(uid("m1"), b"k", encode_item(mail("m1", attachments=(file(blob),))))])
    with pytest.raises(orphans.LogStandsStillError):
        await orphans.clean(hub, now=_LATER)
    assert hub.blobs.missing([blob]) == set()
    await handled(hub, running)
    assert (await orphans.clean(hub, now=_LATER), hub.blobs.missing([blob])) == (0, set())


async def test_what_is_put_on_the_log_again_keeps_its_blob_on_the_whole_way(hub, running):
    blob = hub.blobs.put(b"x")
    hold(hub, "q1", encode_item(mail("q1", attachments=(file(blob),))))
    await quarantine.reprocess(hub.access, hub.log, uid("q1"), by="eva")
    with pytest.raises(orphans.LogStandsStillError):  # as if it stood there for a month
        await orphans.clean(hub, now=_LATER)
    cleaning = [asyncio.create_task(orphans.clean(hub, now=_LATER)) for _ in range(3)]
    await handled(hub, running)
    await asyncio.gather(*cleaning, return_exceptions=True)
    assert (await orphans.clean(hub, now=_LATER), hub.blobs.missing([blob])) == (0, set())


async def test_another_hubs_blobs_are_left_alone(hub, database, tmp_path):
    blob = hub.blobs.put(b"x")
    assert hub.blobs.claim("somebody else")
    with pytest.raises(orphans.ForeignBlobsError):
        await orphans.clean(hub, now=_LATER)
    assert hub.blobs.missing([blob]) == set()


async def test_what_is_older_than_the_hub_is_not_its_own(taking):
    hub = taking.hub
    blob = hub.blobs.put(b"x")
    os.utime(hub.settings.data / "blobs" / blob[:2] / blob, (time.time() - 3600 * 24 * 400,) * 2)
    assert await orphans.clean(hub, now=_LATER) == 0


async def test_a_history_from_before_the_index_is_looked_at_page_by_page(taking, monkeypatch):
    monkeypatch.setattr(named, "_PAGE", 3)
    monkeypatch.setattr(named, "_SPAN", 7)
    blobs = [taking.hub.blobs.put(b"x") for _ in range(10)]
    await taking.take(*(mail(f"m{i}", f"w{i}@x.cu", attachments=(file(blob),)) for i, blob in enumerate(blobs)))
    assert await orphans.clean(taking.hub, now=_LATER) == 0
    assert len(taking.rows("named_blobs")) == 10


async def test_the_task_cleans_a_part_at_a_time_and_lives_through_a_store_that_is_away(taking, commands):
    hub = taking.hub
    blob = hub.blobs.put(b"x")
    await taking.take(mail("m1", attachments=(file(blob),)))
    folder = hub.settings.data / "blobs"
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("not mounted")
    await commands.run(ErasePerson(customer=customer_of(taking)), by="eva")  # its blob can wait
    cleaning = Cleaning(hub)
    await cleaning.step(0)
    assert len(taking.rows("doomed_blobs")) == 1
    folder.unlink()
    aside.rename(folder)
    await cleaning.step(60)
    assert (taking.rows("doomed_blobs"), taking.rows("named_blobs"), hub.blobs.missing([blob])) == ([], [], {blob})


def test_killed_in_the_middle_the_next_one_ends_it(database, database_url, tmp_path):
    blobs = open_blobs("", tmp_path)
    hub = build_hub(settings.read({"CAUCE_DATA": str(tmp_path)}), database, blobs)
    orphaned = [blobs.put(b"x") for _ in range(3000)]
    kept = [blobs.put(b"x") for _ in range(20)]
    asyncio.run(Taking(hub).take(*(mail(f"m{i}", attachments=(file(blob),)) for i, blob in enumerate(kept))))
    script = (
        "import asyncio, os, signal, sys; from datetime import UTC, datetime, timedelta; from pathlib import Path\n"
        "from services import settings; from services.privacy import orphans; from services.wiring import open_hub\n"
        "def die_at_the_tenth(connection, blobs, calls=[]):\n"
        " calls.append(blobs)\n"
        " if len(calls) == 10: os.kill(os.getpid(), signal.SIGKILL)\n"
        "orphans.named.forget = die_at_the_tenth\n"
        "async def main():\n"
        " read = settings.read({'CAUCE_DATA': sys.argv[1], 'CAUCE_DATABASE_URL': sys.argv[2]})\n"
        " async with open_hub(read) as hub:\n"
        "  await orphans.clean(hub, now=datetime.now(UTC) + timedelta(days=31))\n"
        "asyncio.run(main())\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path), database_url], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert 0 < len(blobs.missing(orphaned)) < 3000
    asyncio.run(orphans.clean(hub, now=_LATER))
    assert (len(blobs.missing(orphaned)), blobs.missing(kept)) == (3000, set())
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM named_blobs").fetchone() == (20,)
