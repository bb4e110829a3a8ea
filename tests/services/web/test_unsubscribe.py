"""`List-Unsubscribe`: a reader or their mail program ends what nobody writes, and takes it back; answers arrive."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import dkim
import httpx
import pytest

from channels.address_tokens import UnsubscribeTokens
from channels.email.mailboxes import Mailboxes
from channels.email.sending.signing import Signer, create, read_keys
from channels.email.sending.submission import Submission, read_server
from eventstore import store
from schemas.facts.address import AddressMuted, AddressUnmuted, MuteReason
from schemas.ids import keyed_id
from services.access.identity import Role
from services.deliveries import queue
from services.deliveries.letters import Letterhead
from services.deliveries.worker import DeliveryWorker
from tests.hub_process import Sink
from tests.services.web.serving import Web

BOX = "support@cauce.example"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ENDED, OFFERED = "Send me automatic mail again", "Send me no automatic mail"


class Post:
    """Sends what is queued to a real mail server, signed by our domain."""

    def __init__(self, web: Web, sink: Sink, keys: Path) -> None:
        hub = web.hub
        head = Letterhead(hub.secret, hub.tokens, Mailboxes((BOX,)), web.url, "es")
        submission = Submission(read_server(f"smtp://127.0.0.1:{sink.port}"))
        self.key = create(keys, "cauce.example", "cauce")
        signer = Signer(read_keys(keys))
        self._worker = DeliveryWorker(hub.database, hub.ledger, hub.blobs, head, submission, signer=signer)
        self._web, self._sink = web, sink

    async def sent(self) -> list[Any]:
        """All mails that ever arrived, once everything that came in is answered."""
        await self._web.settled()
        while await self._worker.run_once():
            pass
        return self._sink.mails()

    def states(self) -> dict[str, int]:
        with self._web.hub.database.transaction() as connection:
            return queue.counts(connection)


@pytest.fixture
def post(web: Web, sink: Sink, tmp_path: Path) -> Post:
    return Post(web, sink, tmp_path / "dkim")


def _mutes(web: Web) -> list[AddressMuted | AddressUnmuted]:
    with web.hub.database.transaction() as connection:
        facts = [event.fact(web.hub.keys) for event in store.read_after(connection, 0, 1000)]
    return [fact for fact in facts if isinstance(fact, AddressMuted | AddressUnmuted)]


def _link(web: Web, email: str = "ana@x.cu", mail: UUID | None = None) -> str:
    token = UnsubscribeTokens(web.hub.secret).sign(keyed_id(web.hub.secret, f"email:{email}"), mail or uuid4())
    return f"/unsubscribe/{token}"


async def _muted(web: Web) -> dict[str, str] | None:
    async with web.client(Role.AGENT) as agent:
        await web.settled()
        (customer,) = (await agent.get("/api/v1/customers?q=ana")).json()["items"]
        found: dict[str, str] | None = customer["addresses"][0].get("muted")
        return found


async def _from_a_mail_program(web: Web, link: str) -> httpx.Response:
    """As RFC 8058 §3.2 has it: no cookie, from anywhere, one field; and it says nothing of pages."""
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    async with web.client() as program:
        return await program.post(link, data=ONE_CLICK, headers=headers)


async def test_one_click_ends_confirmations_and_the_page_brings_them_back(web: Web, post: Post) -> None:
    async with web.client(headers={"Accept": "text/html", "Accept-Language": "en"}) as ana:
        receipt = await web.form(ana)
        (confirmation,) = await post.sent()
        assert confirmation["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        (link,) = re.fullmatch(r"<(http://\S+/unsubscribe/[a-z2-7]{71})>", confirmation["List-Unsubscribe"]).groups()  # type: ignore[union-attr] -- else it fails here
        assert "ana" not in link

        assert (await _from_a_mail_program(web, link)).status_code == 200
        assert [(fact.reason, fact.interaction) for fact in _mutes(web) if isinstance(fact, AddressMuted)] == [
            (MuteReason.ASKED, UUID(receipt["interaction_id"]))
        ]
        assert (await _from_a_mail_program(web, link)).status_code == 200
        assert len(_mutes(web)) == 1, "twice is once"

        await web.form(ana, subject="Otra cosa")
        assert len(await post.sent()) == 1
        assert post.states() == {"sent": 1, "withheld": 1}
        muted = await _muted(web)
        assert muted is not None
        assert muted["why"] == "asked"

        async with web.client(Role.AGENT) as agent:
            await agent.post("/api/v1/incidents/1/replies", json={"text": "Reinicie."})
        answer = (await post.sent())[-1]
        assert "Reinicie." in answer.get_body(("plain",)).get_content()
        assert answer["List-Unsubscribe"] is None

        assert ENDED in (await ana.get(link)).text
        again = await ana.post(f"{link}/again", follow_redirects=True)
        assert OFFERED in again.text
        assert "You get automatic mail again." in again.text
        assert await _muted(web) is None
        await web.form(ana, subject="Y otra")
        assert len(await post.sent()) == 3


async def test_both_headers_are_signed(web: Web, post: Post, sink: Sink) -> None:
    async with web.client() as ana:
        await web.form(ana)
    await post.sent()
    (path,) = sink.folder.glob("*.eml")
    # the sink's own lines stand above the mail it was handed
    content = path.read_bytes()
    content = content[content.index(b"DKIM-Signature:") :]
    record = "".join(re.findall(r'"([^"]*)"', post.key.record())).encode()
    assert dkim.verify(content, dnsfunc=lambda _name, timeout=5: record)  # noqa: ARG005 -- dkimpy's shape
    for name in (b"List-Unsubscribe: ", b"List-Unsubscribe-Post: "):
        changed = content.replace(name, name + b"x", 1)
        assert changed != content
        assert not dkim.verify(changed, dnsfunc=lambda _name, timeout=5: record)  # noqa: ARG005 -- likewise


async def test_looking_changes_nothing(web: Web) -> None:
    link = _link(web)
    async with web.client(headers={"Accept": "text/html"}) as anybody:
        await web.form(anybody)
        await web.settled()
        spanish = await anybody.get(link, headers={"Accept-Language": "es"})
        english = await anybody.get(link, headers={"Accept-Language": "en"})
        await anybody.head(link)
        assert "No enviarme mensajes automáticos" in spanish.text
        assert OFFERED in english.text
        assert "ana@x.cu" not in spanish.text + english.text
    assert _mutes(web) == []


async def test_a_changed_link_is_none(web: Web) -> None:
    link = _link(web)
    place, own = link.rsplit("/", 1)
    changed = {own[:at] + ("b" if own[at] == "a" else "a") + own[at + 1 :] for at in (0, 20, 40, 60, 70)}
    other = UnsubscribeTokens(b"x" * 32).sign(keyed_id(web.hub.secret, "email:ana@x.cu"), uuid4())
    for wrong in (*changed, own[:-1], own + "a", other):
        async with web.client(headers={"Accept": "text/html"}) as anybody:
            page = await anybody.get(f"{place}/{wrong}")
            assert (page.status_code, "<html" in page.text) == (404, True)
        for path in (f"{place}/{wrong}", f"{place}/{wrong}/again"):
            assert (await _from_a_mail_program(web, path)).status_code == 404
    assert _mutes(web) == []
    assert (await _from_a_mail_program(web, link)).status_code == 200
    assert len(_mutes(web)) == 1


async def test_either_form_encoding_is_taken(web: Web) -> None:
    async with web.client() as program:
        came = await program.post(_link(web), files={"List-Unsubscribe": (None, "One-Click")})
    assert came.status_code == 200
    assert len(_mutes(web)) == 1


async def test_somebody_erased_is_told_so_and_nothing_happens(web: Web) -> None:
    link = _link(web)
    async with web.client(headers={"Accept": "text/html", "Accept-Language": "en"}) as ana:
        await web.form(ana)
        await web.settled()
        async with web.client(Role.ADMIN) as admin:
            (customer,) = (await admin.get("/api/v1/customers?q=ana")).json()["items"]
            erase = f"/api/v1/customers/{customer['id']}/erase"
            assert (await admin.post(erase, json={"confirm": customer["id"]})).status_code == 200
        for page in (await ana.get(link), await ana.post(link), await ana.post(f"{link}/again", follow_redirects=True)):
            assert page.status_code == 200
            assert "was erased" in page.text
            assert OFFERED not in page.text
            assert "again." not in page.text
    assert _mutes(web) == []


async def test_an_agent_reads_why_and_can_end_it_and_take_that_back(web: Web) -> None:
    async with web.client() as ana:
        await web.form(ana)
    await web.settled()
    await _from_a_mail_program(web, _link(web))
    async with web.client(Role.AGENT) as program, web.browser(Role.AGENT) as agent:
        (customer,) = (await program.get("/api/v1/customers?q=ana")).json()["items"]
        for path in ("agent/incidents/1", f"agent/customers/{customer['id']}"):
            spanish, english = [(await agent.get(f"/{language}/{path}")).text for language in ("es", "en")]
            assert "quien lo lee pidió no recibir correo automático" in spanish
            assert "its reader asked for no automatic mail" in english
            assert 'name="why" value="asked"' in english
        form = {"address": "email:ana@x.cu", "next": "/agent"}
        stale = await agent.post("/agent/addresses/unmute", data=form | {"why": "mailbox_unknown"})
        assert stale.status_code == 409, "the button for a bounce doesn't lift what they asked for since"
        assert await _muted(web) is not None
        assert (await agent.post("/agent/addresses/unmute", data=form | {"why": "asked"})).status_code == 303
        assert await _muted(web) is None
        await _from_a_mail_program(web, _link(web))
        ended = await program.post("/api/v1/addresses/unmute", json={"address": "ana@x.cu"})
        assert (await program.post(f"/api/v1/undo/{ended.headers['Cauce-Undo']}", json={})).status_code == 200
        muted = await _muted(web)
        assert muted is not None
        assert muted["why"] == "asked"


async def test_too_many_from_one_place_wait(limited_web: Web) -> None:
    link = _link(limited_web)
    async with limited_web.client() as program:
        came = [200]
        while came[-1] == 200 and len(came) < 500:  # a slow machine earns more while it answers
            came.append((await program.post(link, data=ONE_CLICK)).status_code)
    assert came[-1] == 429
