"""The link to somebody's requests: the same answer for everybody, a mail for who wrote to us, and a page of theirs."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from channels.address_tokens import AddressTokens
from channels.email.mailboxes import Mailboxes
from channels.tokens import ThreadTokens
from eventstore.database import Connection
from schemas.facts.link import LinkMailed
from schemas.ids import keyed_id
from schemas.threads import mailed
from services.access.identity import Role
from services.deliveries import letters, queue
from services.deliveries.letters import Letter, Letterhead
from services.deliveries.queue import Kind
from tests.services.web.serving import Web


def _queued(web: Web) -> list[Letter]:
    """The letters that wait with a link, as they would be sent; taken from the queue."""
    hub = web.hub
    head = Letterhead(
        hub.secret, hub.tokens, Mailboxes(hub.settings.mail_addresses), hub.settings.public_url, hub.settings.locale
    )
    with hub.database.transaction() as connection:
        leased = [each for each in queue.lease(connection, 50, 60.0) if each.kind is Kind.REQUESTS_LINK]
        written = [letters.write(connection, hub.ledger, head, each) for each in leased]
    return [letter for letter in written if letter is not None]


def _link(letter: Letter) -> str:
    (found,) = re.findall(r"https?://\S+/my-requests/\S+", letter.mail.text)
    return urlsplit(found).path


async def test_who_wrote_to_us_gets_a_link_that_lists_their_requests_and_nobody_elses(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as anybody, web.client(Role.AGENT) as agent:
        mine = await web.form(anybody, subject="Factura doble")
        await web.form(anybody, email="otra@x.cu", subject="Secreto de otra")
        await web.settled()
        link = f"/status/{web.hub.tokens.sign_link(mailed(UUID(mine['interaction_id'])))}"
        # on the mailed side: the same request
        more = (await anybody.post(f"{link}/messages", json={"body": "Sigue doble"})).json()["interaction_id"]
        await web.settled()
        await agent.post("/api/v1/incidents/1/resolve", json={"solution": "hecho"})
        await web.settled()
        came = await anybody.post("/es/my-requests", data={"email": " Ana@X.cu "})
        assert (came.status_code, came.headers["location"]) == (303, "/es/my-requests?asked=yes")
        (letter,) = _queued(web)
        assert (letter.mail.recipient, letter.mail.subject, letter.mail.language) == (
            "ana@x.cu",
            "Sus solicitudes",
            "es",
        )
        page = await anybody.get(_link(letter))
        assert "Factura doble" in page.text
        assert "Secreto de otra" not in page.text
        assert link in page.text
        told = (await anybody.get(_link(letter), headers={"Accept": "application/json"})).json()
        (only,) = told["items"]
        assert (only["subject"], only["number"], only["status"]) == ("Factura doble", 1, "resolved")
        assert (only["url"], "parts" in only) == (link, False)
        apart = {"interactions": [more], "subject": "Aparte"}
        assert (await agent.post("/api/v1/incidents/1/split", json=apart)).status_code == 201
        await web.settled()
        (only,) = (await anybody.get(_link(letter), headers={"Accept": "application/json"})).json()["items"]
        assert (only["number"], only["parts"]) == (
            3,
            [{"number": 1, "status": "resolved"}, {"number": 3, "status": "new"}],
        )
        page = await anybody.get(_link(letter))
        assert [f"#{number}<" in page.text for number in (1, 2, 3)] == [True, False, True]


async def test_the_answer_is_the_same_whoever_asks_and_takes_as_long(web: Web) -> None:
    async with web.client() as anybody:
        await web.form(anybody)
        await web.settled()
        answers: list[tuple[int, str, dict[str, object]]] = []
        took: list[timedelta] = []
        for email in ("ana@x.cu", "nobody@x.cu"):
            page = await anybody.post("/my-requests", data={"email": email})
            program = await anybody.post("/api/v1/my-requests", json={"email": email})
            answers.append((page.status_code, page.headers["location"], program.json()))
            took.append(program.elapsed)
        assert answers[0] == answers[1] == (303, "/my-requests?asked=yes", {"asked": True})
        assert min(took) >= timedelta(seconds=0.4)
        assert len(_queued(web)) == 1


async def test_a_mailbox_gets_few_of_them_whoever_asks(web: Web) -> None:
    async with web.client() as anybody:
        await web.form(anybody)
        await web.settled()
        for _ in range(3):
            await anybody.post("/api/v1/my-requests", json={"email": "ana@x.cu"})
        assert len(_queued(web)) == 1
        for _ in range(8):
            with web.hub.database.transaction() as connection:
                connection.execute("UPDATE deliveries SET queued_at = queued_at - interval '10 minutes'")
            await anybody.post("/api/v1/my-requests", json={"email": "ana@x.cu"})
        with web.hub.database.transaction() as connection:
            assert _mailed(connection) == 5


def _mailed(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM events WHERE type = %s", (LinkMailed.type_name,)).fetchone()
    return row[0] if row else 0


async def test_one_place_may_not_ask_for_ever(limited_web: Web) -> None:
    async with limited_web.client() as anybody:
        came = [await anybody.post("/api/v1/my-requests", json={"email": f"x{n}@x.cu"}) for n in range(12)]
        assert came[-1].status_code == 429
        assert int(came[-1].headers["retry-after"]) >= 1
        page = await anybody.post("/my-requests", data={"email": "x@x.cu"}, headers={"Accept": "text/html"})
        assert page.status_code in {303, 429}


async def test_a_link_that_is_not_ours_or_has_ended_shows_nothing(web: Web) -> None:
    tokens, now = AddressTokens(web.hub.secret), datetime.now(UTC)
    ana = keyed_id(web.hub.secret, "email:ana@x.cu")
    async with web.client(headers={"Accept": "text/html"}) as anybody, web.client() as program:
        receipt = await web.form(anybody, subject="Factura doble")
        await web.settled()
        good = tokens.sign(ana, now + timedelta(hours=24))
        assert "Factura doble" in (await anybody.get(f"/my-requests/{good}")).text
        conversation = urlsplit(receipt["status_url"]).path.rpartition("/")[2]
        for wrong in (
            tokens.sign(ana, now - timedelta(seconds=1)),
            AddressTokens(b"x" * 32).sign(ana, now + timedelta(hours=1)),
            good[:-1] + ("a" if good[-1] != "a" else "b"),
            ThreadTokens(web.hub.secret).sign(ana),
            conversation,
            "x",
            "%00",
            "a" * 5000,
        ):
            came = await anybody.get(f"/my-requests/{wrong}")
            assert came.status_code == 404, wrong
            assert "Factura doble" not in came.text
            bare = await program.get(f"/my-requests/{wrong}")
            assert bare.headers["content-type"] == "application/problem+json"
        assert (await anybody.get(f"/status/{good}")).status_code == 404
        other = tokens.sign(UUID(int=7), now + timedelta(hours=24))
        assert (await anybody.get(f"/my-requests/{other}", headers={"Accept": "application/json"})).json()[
            "items"
        ] == []


async def test_whoever_was_erased_since_gets_nothing(web: Web) -> None:
    async with web.client() as anybody, web.client(Role.ADMIN) as admin:
        await web.form(anybody)
        await web.settled()
        await anybody.post("/api/v1/my-requests", json={"email": "ana@x.cu"})
        customer = (await admin.get("/api/v1/incidents/1")).json()["customer"]["id"]
        with web.hub.database.transaction() as connection:
            web.hub.keys.destroy(connection, [keyed_id(web.hub.secret, "email:ana@x.cu")])
        assert customer
        assert _queued(web) == []


async def test_what_is_no_address_is_said_to_be_none(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as anybody:
        for email in ("", "x", "a@b@c", "a b@c", "@", "x" * 400 + "@x.cu"):
            page = await anybody.post("/my-requests", data={"email": email})
            assert page.status_code == 422, email
            assert (await anybody.post("/api/v1/my-requests", json={"email": email})).status_code == 422
