"""The knowledge figures as an analyst reads them: pages, tables as files, alarms, and what they are measured by."""

from __future__ import annotations

import csv
import re
from datetime import date, timedelta
from html import unescape

import httpx
import pytest

from projections.knowledge_usage import Figure, Next
from services.access.identity import Role
from services.web.channel_shift import Part, Shift, begin_of, shift_of
from services.web.pages import usage_words
from tests.services.web.serving import Web

_PAGES = (
    "",
    "/articles?order=contacts",
    "/words?show=nothing",
    "/words?show=words",
    "/shift",
    "/visits?figure=contact",
)
_TABLES = ("figures", "days", "articles", "phrases", "words", "nothing", "shift", "alarms")


def test_each_figure_that_can_be_opened_has_a_heading() -> None:
    assert set(usage_words.FIGURE) == set(Figure)
    assert set(usage_words.NEXT) == set(Next)


async def _visited(web: Web, visitor: httpx.AsyncClient, *events: dict[str, object]) -> None:
    visit = (await visitor.post("/api/v1/visits")).json()["visit"]
    for event in events:
        came = await visitor.post(f"/api/v1/visits/{visit}/events", json={"surface": "help_centre", **event})
        assert came.status_code == 202, came.text


async def test_figures_their_pages_their_files_and_the_alarms(web: Web) -> None:
    article = {"kind": "faq", "title": "=cmd|x", "body": "x", "language": "es"}
    async with web.client(Role.AGENT) as agent, web.client() as visitor:
        made = (await agent.post("/api/v1/articles", json=article)).json()["id"]
        read = {"type": "opened", "article": made}
        form = {"name": "Ana", "email": "ana@x.cu", "subject": "Tóner", "body": "x"}
        said = (await visitor.post("/api/v1/forms", json=form)).json()["interaction_id"]
        for contact in (*[{"type": "contact_sent"}] * 4, {"type": "chat_started", "interaction": said}):
            await _visited(web, visitor, {"type": "searched", "query": "=Tóner 1"}, read, contact)
        await _visited(web, visitor, read, {"type": "voted", "article": made, "helpful": False, "reason": "unclear"})
        await web.settled()
        found = (await agent.get("/api/v1/knowledge/figures")).json()
        assert (found["looked"], found["contacts_after_looking"]) == (6, 5)
        assert found["deflection_rate"] == pytest.approx(1 / 6)
        alarms = (await agent.get("/api/v1/knowledge/alarms")).json()
        assert [(each["kind"], each["phrase"], each["count"], each["action"]) for each in alarms["items"]] == [
            ("rising", "toner 1", 5, "write")
        ]
        behind = {"figure": "readers_contact", "article": made, "limit": 2}
        pages = [(await agent.get("/api/v1/knowledge/visits", params=behind)).json()]
        while (cursor := pages[-1]["next_cursor"]) is not None:
            pages.append((await agent.get("/api/v1/knowledge/visits", params=behind | {"cursor": cursor})).json())
        assert [len(page["items"]) for page in pages] == [2, 2, 1]
        assert (pages[0]["items"][0]["incident"], pages[0]["items"][0]["incidents"]) == (1, {said: 1})
        assert (await agent.get("/api/v1/knowledge/visits?figure=readers")).status_code == 422
        (row,) = (await agent.get("/api/v1/knowledge/articles?order=contacts")).json()["items"]
        assert (row["readers"], row["contacts_after"], row["missing"]) == (6, 5, ["en"])
        (word,) = (await agent.get("/api/v1/knowledge/words?show=nothing")).json()["items"]
        assert (word["phrase"], word["zero"], word["opened"]) == ("toner 1", 5, 5)
        assert (await agent.get("/api/v1/knowledge/shift")).json()["target"] == 0.35
        assert (await agent.get("/api/v1/knowledge/days")).json()["items"][0]["contacts"] == 5
        assert (await agent.get(f"/api/v1/knowledge/articles/{made}/incidents")).json()["items"] == []
    async with web.browser(Role.ANALYST) as analyst:
        for page in _PAGES:
            came = await analyst.get(f"/en/knowledge/figures{page}")
            assert came.status_code == 200, (page, came.text)
            for link, count in set(re.findall(r'href="([^"]*/figures/visits[^"]*)">(\d*)', came.text)):
                behind = await analyst.get(unescape(link))
                assert (behind.status_code, 'class="steps"' in behind.text or not count) == (200, True), link
        assert "toner 1" in (await analyst.get("/en/knowledge/figures")).text
        told = (await analyst.get("/en/knowledge/figures/visits?figure=contact")).text
        assert ("#1" in told, "/agent/incidents" in told) == (True, False)  # which they may not open
        for table in _TABLES:
            rows = list(csv.DictReader((await analyst.get(f"/knowledge/figures/{table}.csv")).text.splitlines()))
            assert rows or table == "shift", table
            assert not any(str(value).startswith("=") for row in rows for value in row.values())
        titles = csv.DictReader((await analyst.get("/knowledge/figures/articles.csv")).text.splitlines())
        assert [row["title"] for row in titles] == ["'=cmd|x"]
        for wrong in ("/everything.csv", "/nothing.svg", "/visits?figure=nothing"):
            assert (await analyst.get(f"/knowledge/figures{wrong}")).status_code in {404, 422}
        assert (await analyst.get("/knowledge/figures?since=2026-02-30")).status_code == 422


async def test_what_alarms_are_measured_by_is_set_by_who_reads_them(web: Web) -> None:
    async with web.browser(Role.ANALYST) as analyst, web.client(Role.AGENT) as agent:
        kept = await analyst.post("/knowledge/figures/thresholds", data={"self_service_percent": "42"})
        assert kept.status_code == 303
        assert "42" in (await analyst.get(kept.headers["location"])).text
        assert (await analyst.post("/knowledge/figures/thresholds", data={"votes_against": "0"})).status_code == 422
        assert (await agent.put("/api/v1/knowledge/thresholds/votes_against", json={"value": 9})).status_code == 403
        found = (await agent.get("/api/v1/knowledge/thresholds")).json()["thresholds"]
        assert (found["self_service_percent"], found["votes_against"]) == (42, 3)
    async with web.client(Role.ANALYST) as program:
        said = (await program.put("/api/v1/knowledge/thresholds/votes_against", json={"value": 9})).json()
        assert said["thresholds"]["votes_against"] == 9
        assert (await program.put("/api/v1/knowledge/thresholds/weather", json={"value": 9})).status_code == 422


def test_shares_are_of_their_week_and_self_service_of_all() -> None:
    monday = date(2026, 3, 2)
    counted = [
        (monday, "self_service", 3),
        (monday + timedelta(days=6), "phone", 1),
        (monday + timedelta(days=7), "email", 4),
        (monday + timedelta(days=8), "self_service", 0),
    ]
    assert shift_of(counted, "week", 0.35) == Shift(
        grain="week",
        parts=[
            Part(monday, "phone", 1, 0.25),
            Part(monday, "self_service", 3, 0.75),
            Part(monday + timedelta(days=7), "email", 4, 1.0),
        ],
        solved=3,
        assisted=5,
        rate=3 / 8,
        target=0.35,
    )
    assert shift_of([], "day", 0.35).rate is None
    assert begin_of(date(2026, 3, 8), "month") == date(2026, 3, 1)
