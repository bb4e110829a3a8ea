"""A thousand consoles are open: each asks only for what concerns its page and user, and that every few seconds."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from playwright.async_api import expect

from eventstore.recorded import Recorded
from schemas.codec import encode
from schemas.facts.call import CallAnswered, CallEnded, CallNoted, CallRang, CallStarted
from schemas.facts.incident import IncidentTagged
from schemas.facts.teamwork import AgentsMentioned
from schemas.interaction import Direction
from services.access.identity import Role
from services.web.concerned import Concerned
from tests.services.web.browsing import browsing, signed_in, web_beside_browser
from tests.services.web.serving import Web

web = web_beside_browser

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, TWO = UUID(int=1), UUID(int=2)
IN = {"direction": Direction.IN, "interaction": ONE, "address": ONE, "at": NOON}


class _NoKeys:
    def seal_key(self, address):
        raise KeyError(address)

    open_key = seal_key


def _told(*batches):
    """Whom each fact concerns, of batches one after the other."""
    concerned = Concerned()
    found = []
    for facts in batches:
        events = []
        for fact in facts:
            stream = f"{fact.category}/{getattr(fact, fact.subject_field)}"
            events.append(Recorded(1, stream, 1, fact.type_name, encode(fact, _NoKeys()), NOON))
        found += [None if users is None else sorted(users) for _, users in concerned.tell(events)]
    return found


def test_a_call_concerns_whom_it_rings_at_and_then_who_has_it() -> None:
    rings = [CallStarted(call=ONE, **IN), CallRang(call=ONE, users=("eva", "leo"), at=NOON)]
    answered = CallAnswered(call=ONE, agent="eva", at=NOON)
    noted, ended = CallNoted(call=ONE, address=ONE, by="eva", at=NOON), CallEnded(call=ONE, at=NOON)
    both, hers = ["eva", "leo"], ["eva"]
    assert _told(rings, [answered], [noted, ended], [ended]) == [both, both, both, hers, hers, None]


def test_a_call_at_everybody_concerns_everybody_until_it_is_answered() -> None:
    answered, ended = CallAnswered(call=ONE, agent="eva", at=NOON), CallEnded(call=ONE, at=NOON)
    assert _told([CallStarted(call=ONE, **IN)], [answered, ended]) == [None, None, ["eva"]]
    out = CallStarted(call=TWO, agent="leo", **IN | {"direction": Direction.OUT})
    assert _told([out], [CallEnded(call=TWO, at=NOON)]) == [["leo"], ["leo"]]
    assert _told([ended]) == [None]  # begun before this process was


def test_a_mention_concerns_who_is_mentioned_and_anything_else_everybody() -> None:
    mention = AgentsMentioned(incident=ONE, note=TWO, agents=("eva",), by="leo", at=NOON)
    assert _told([mention, IncidentTagged(incident=ONE, by="leo", at=NOON)]) == [["eva"], None]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_page_asks_for_little_while_others_work(web: Web) -> None:
    asked: Counter[str] = Counter()
    async with web.client() as customer, web.client(Role.ADMIN) as other, browsing() as browser:
        for number in range(3):
            await web.form(customer, email=f"a{number}@x.cu")
        await web.settled()
        page = await signed_in(browser, web)
        await page.goto(f"{web.url}/en/agent")
        await expect(page.locator("#my-call .rings")).to_have_count(1)  # the first looks are over
        for count in ("mine", "mentions"):
            await expect(page.locator(f"#count-{count}")).to_have_text("0")
        page.on("request", lambda request: asked.update([urlsplit(request.url).path.removeprefix("/en")]))
        began = time.monotonic()
        for number in range(10):
            await other.post("/api/v1/incidents/1/tags", json={"add": [f"tag {number}"]})
            call = (await other.post("/api/v1/calls", json={"direction": "out", "phone": "+5355512345"})).json()
            await other.patch(f"/api/v1/calls/{call['id']}", json={"notes": "x"})
        await expect(page.locator("#incident-1", has_text="tag 9")).to_be_visible()
        assert asked["/agent/calls/mine"] == asked["/agent/mentions/count"] == 0
        happened = 40  # tags, calls, their links and incidents
        seconds = time.monotonic() - began  # a slow machine has more of them, and each part asks every few
        assert 0 < asked["/agent"] + asked["/agent/counts"] < max(happened / 2, seconds)
        # what concerns me is asked for
        await other.post("/api/v1/incidents/1/notes", json={"text": "@agent, please"})
        push = {
            "event": "newCall",
            "callId": "c1",
            "from": "5355512345",
            "to": "537",
            "direction": "in",
            "user": "agent",
        }
        await other.post(f"/api/v1/cti/main?key={web.line_key}", data=push | {"user": "agent"})
        await expect(page.locator("#my-call button", has_text="Pick up")).to_be_visible()
        await expect(page.locator("#count-mentions")).to_have_text("1")
