"""What is held, on the screen and over the API: shown safely, decided about, undone, tried again all at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from eventstore.log import LogRecord
from schemas.facts.held import HeldDiscarded, HeldReprocessed, HeldRestored
from schemas.interaction import RawMail
from schemas.topics import MAIL
from services import quarantine
from services.access.identity import Role
from services.quarantine_preview import BEGINNING_BYTES, PARSED_MAX_BYTES
from tests.services.incidents.world import uid
from tests.services.web.serving import Web

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
WRITTEN = (
    b"From: =?utf-8?q?Ana_P=C3=A9rez?= <ana@x.cu>\r\nTo: support@cauce.example, luis@x.cu\r\nSubject: Factura\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b'<p onclick="steal()">Sale <b>dos</b> veces</p><script>alert(1)</script><img src="https://spy.example/x.gif">\r\n'
    b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=factura.pdf\r\n\r\nPDF\r\n"
    b"--b--\r\n"
)


def hold(
    web: Web, name: str, value: bytes, *, reason: str = "unparsable", sender: str = "", topic: str = "mail"
) -> UUID:
    record = LogRecord(uid(name), 0, 0, value, {"channel": "email", "ce_time": NOW.isoformat()})
    with web.hub.database.transaction() as connection:
        quarantine.hold(connection, record, topic=MAIL.name, reason=reason, error="why", sender=sender)
    return uid(name)


def mail(name: str, content: bytes = WRITTEN, blob: str = "") -> bytes:
    found = RawMail(
        id=uid(name),
        source="smtp",
        mailbox="support@cauce.example",
        envelope_from="ana@x.cu",
        envelope_to=("support@cauce.example",),
        raw=b"" if blob else content,
        blob=blob,
        size=len(content),
        received_at=NOW,
    )
    return msgspec.msgpack.encode(found)


def facts_about(web: Web, item: UUID, kind: type) -> list[str]:
    with web.hub.database.transaction() as connection:
        stored = web.hub.ledger.load(connection, [f"held/{item}"])
    return [fact.by for history in stored.values() for fact in history.facts if isinstance(fact, kind)]


async def test_it_is_found_by_reason_channel_and_sender_and_counted(web: Web) -> None:
    hold(web, "a", mail("a"), sender="ana@x.cu")
    hold(web, "b", b"\xff", reason="undecodable")
    async with web.client(Role.AGENT) as agent:
        counted = (await agent.get("/api/v1/quarantine/counts")).json()
        assert counted == {
            "held": 2, "reasons": {"unparsable": 1, "undecodable": 1}, "channels": {"email": 2}, "discarded": 0,
        }  # fmt: skip
        for query, expected in (
            ({"reason": "undecodable"}, ["b"]),
            ({"sender": "ANA@"}, ["a"]),
            ({"channel": "email"}, ["a", "b"]),
            ({"channel": "chat"}, []),
            ({"sender": "%"}, []),
        ):
            items = (await agent.get("/api/v1/quarantine", params=query)).json()["items"]
            assert {item["id"] for item in items} == {str(uid(name)) for name in expected}, query


async def test_a_mail_is_shown_parsed_with_its_html_made_safe_and_its_files_unopened(web: Web) -> None:
    item = hold(web, "a", mail("a"))
    async with web.client(Role.AGENT) as agent:
        shown = (await agent.get(f"/api/v1/quarantine/{item}")).json()
        framed = await agent.get(f"/api/v1/quarantine/{item}/html")
    assert (shown["parsed"], shown["subject"], shown["sender_name"]) == (True, "Factura", "Ana Pérez")
    assert (shown["recipients"], shown["text"].strip()) == (["luis@x.cu"], "Sale dos veces")
    assert shown["files"] == [{"name": "factura.pdf", "media_type": "application/pdf", "bytes": 3}]
    assert "Subject: Factura" in shown["headers"]
    assert "<b>dos</b>" in framed.text
    assert not {word for word in ("script>", "onclick", "src=") if word in framed.text}  # pictures are named only
    assert "default-src 'none'" in framed.headers["content-security-policy"]


async def test_what_cannot_be_parsed_shows_how_it_begins_and_what_is_very_large_too(web: Web) -> None:
    garbage = hold(web, "g", b"\x00\xff once upon a time" + b"x" * 100_000, reason="undecodable")
    content = b"Subject: huge\r\n\r\n" + b"y" * PARSED_MAX_BYTES
    huge = hold(web, "h", mail("h", content, web.hub.blobs.put(content)))
    gone = hold(web, "i", mail("i", b"x", "0" * 64))
    async with web.client(Role.AGENT) as agent:
        begun = (await agent.get(f"/api/v1/quarantine/{garbage}")).json()
        large = (await agent.get(f"/api/v1/quarantine/{huge}")).json()
        empty = await agent.get(f"/api/v1/quarantine/{gone}")
    assert (begun["parsed"], begun["cut"], len(begun["text"])) == (False, True, BEGINNING_BYTES)
    assert begun["text"].startswith("\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} once upon a time")
    assert (large["parsed"], large["headers"], large["bytes"]) == (False, "Subject: huge", len(content))
    assert empty.status_code == 200


async def test_what_was_discarded_can_be_put_back_and_each_decision_says_who(web: Web) -> None:
    item = hold(web, "a", mail("a"))
    async with web.client(Role.AGENT) as agent:
        await agent.post(f"/api/v1/quarantine/{item}/discard", json={"reason": "spam"})
        listed = (await agent.get("/api/v1/quarantine", params={"discarded": True})).json()["items"]
        assert [each["id"] for each in listed] == [str(item)]
        assert (await agent.get("/api/v1/quarantine")).json()["items"] == []
        assert (await agent.post(f"/api/v1/quarantine/{item}/restore")).status_code == 200
        assert (await agent.post(f"/api/v1/quarantine/{item}/restore")).status_code == 409
        assert [each["id"] for each in (await agent.get("/api/v1/quarantine")).json()["items"]] == [str(item)]
        await web.settled()
        shown = (await agent.get(f"/api/v1/quarantine/{item}")).json()
    assert [each["fact"] for each in shown["decisions"]] == ["HeldRestored", "HeldDiscarded"]
    assert facts_about(web, item, HeldDiscarded) == facts_about(web, item, HeldRestored) == ["agent program"]


async def test_bytes_that_are_gone_are_not_put_back(web: Web) -> None:
    item = hold(web, "a", mail("a"))
    async with web.client(Role.AGENT) as agent:
        await agent.post(f"/api/v1/quarantine/{item}/discard", json={"reason": "spam"})
        await web.hub.database.run(lambda connection: connection.execute("UPDATE quarantine SET raw = ''"))
        assert (await agent.post(f"/api/v1/quarantine/{item}/restore")).status_code == 409


@pytest.mark.parametrize("erased", [False, True])
async def test_what_comes_anew_after_its_bytes_were_let_go_is_kept_anew_but_not_an_erased_persons(
    web: Web, erased: bool
) -> None:
    item = hold(web, "a", mail("a"))
    note = "erased" if erased else "spam"
    gone = ("UPDATE quarantine SET state = 'discarded', raw = '', headers = '{}', note = %s", (note,))
    await web.hub.database.run(lambda connection: connection.execute(*gone))
    hold(web, "a", mail("a"))
    with web.hub.database.transaction() as connection:
        state, raw = connection.execute("SELECT state, raw FROM quarantine WHERE id = %s", (item,)).fetchall()[0]
    assert (state, raw) == (("discarded", b"") if erased else ("held", mail("a")))


async def test_many_are_decided_at_once_and_who_cannot_is_named(web: Web) -> None:
    first, second = hold(web, "a", mail("a")), hold(web, "b", mail("b"))
    async with web.client(Role.AGENT) as agent:
        body = {"do": "discard", "items": [str(first), str(second), str(uid("nobody"))], "reason": "spam"}
        done = (await agent.post("/api/v1/quarantine/many", json=body)).json()
        without = await agent.post("/api/v1/quarantine/many", json=body | {"do": "discard", "reason": ""})
    assert (done["changed"], [each["id"] for each in done["refused"]]) == (2, [str(uid("nobody"))])
    assert without.status_code == 422


async def test_all_of_a_reason_are_tried_again_as_a_job_with_its_progress(web: Web) -> None:
    wanted = [hold(web, name, mail(name)) for name in ("a", "b", "c")]
    other = hold(web, "d", mail("d"), reason="raw_missing")
    async with web.client(Role.AGENT) as agent:
        begun = await agent.post("/api/v1/quarantine/reprocess-all", json={"reason": "unparsable"})
        assert (begun.status_code, begun.json()["total"]) == (202, 3)
        async with asyncio.timeout(60):
            while True:
                job = (await agent.get("/api/v1/quarantine/reprocess-all")).json()
                if job["state"] != "running":
                    break
                await asyncio.sleep(0.02)
        nothing = await agent.post("/api/v1/quarantine/reprocess-all", json={"reason": "unparsable"})
        left = (await agent.get("/api/v1/quarantine")).json()["items"]
    assert (job["state"], job["done"], job["outcome"]) == ("done", 3, {"changed": 3, "refused": 0})
    assert [each["id"] for each in left] == [str(other)]
    assert nothing.status_code == 422
    again = [record.id async for page in web.hub.log.scan(MAIL) for record in page]
    assert sorted(again) == sorted(wanted)
    assert [facts_about(web, item, HeldReprocessed) for item in wanted] == [["agent program"]] * 3


@pytest.mark.parametrize("language", ["es", "en"])
async def test_a_person_does_the_same_on_the_screen_and_takes_a_discard_back(web: Web, language: str) -> None:
    item = hold(web, "a", mail("a"), sender="email:ana@x.cu")
    async with web.browser(Role.AGENT) as page:
        listed = await page.get(f"/{language}/agent/quarantine")
        assert "ana@x.cu" in listed.text
        assert ("No se puede analizar el correo" if language == "es" else "parsed") in listed.text
        one = await page.get(f"/{language}/agent/quarantine/{item}")
        assert "factura.pdf" in one.text
        refused = await page.post(f"/{language}/agent/quarantine/{item}/discard", data={"reason": " "})
        assert refused.status_code == 422
        gone = await page.post(f"/{language}/agent/quarantine/{item}/discard", data={"reason": "spam"})
        after = await page.get(gone.headers["location"])
        assert f"/agent/quarantine/{item}/restore" in after.text
        await page.post(f"/{language}/agent/quarantine/{item}/restore", data={"next": "/agent/quarantine"})
        picked = {"do": "release", f"pick-{item}": "on"}
        assert (await page.post(f"/{language}/agent/quarantine", data=picked)).status_code == 303
    ids = [(record.id, record.headers["released"]) async for page in web.hub.log.scan(MAIL) for record in page]
    assert ids == [(item, "agent")]
