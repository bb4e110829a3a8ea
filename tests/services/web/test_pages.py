"""The pages: in both languages, without scripts, escaping whatever was written, and safe to leave open."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from services.access.identity import Role
from services.web.headers import CONTENT_SECURITY_POLICY
from services.web.pages import incident
from tests.services.web.serving import Web

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
PUBLIC = ("/", "/?q=factura", "/contact", "/chat", "/login")
OURS = ("/agent", "/agent/incidents/1", "/agent/calls", "/agent/quarantine", "/reports/channel_report")
VOID = {"meta", "link", "input", "img", "br", "source", "use", "hr"}


class _Page(HTMLParser):
    """Everything in a page that a browser would run or fetch, and whether its elements nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.handlers: list[str] = []
        self.inline: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.handlers += [name for name in given if name.startswith("on") or name == "style"]
        assert not (given.get("href") or "").startswith("javascript")
        self.loads += [given[name] or "" for name in ("src", "srcset") if name in given]
        if (tag == "script" and "src" not in given) or tag == "style":
            self.inline.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def _safe(html: str) -> None:
    page = _Page(html)
    assert page.handlers == page.inline == []
    assert all(load.startswith(("/static/", "/es/reports/", "/en/reports/", "/reports/")) for load in page.loads)


async def _evil(web: Web) -> str:
    async with web.client() as customer, web.client(Role.AGENT) as agent:
        receipt = await web.form(customer, name=EVIL, subject=EVIL, body=EVIL, product=EVIL)
        await web.settled()
        await agent.post("/api/v1/incidents/1/replies", json={"text": EVIL})
        await agent.post("/api/v1/incidents/1/notes", json={"text": EVIL})
        await agent.post("/api/v1/incidents/1/tags", json={"add": [EVIL[:40]]})
        await agent.post("/api/v1/incidents/1/resolve", json={"solution": EVIL, "cause": EVIL})
        article = {
            "kind": "faq",
            "title": EVIL,
            "body": f"# Ok\n\n{EVIL}\n\n[x](javascript:alert(1))",
            "language": "en",
        }
        await agent.post("/api/v1/articles", json=article)
        await web.settled()
    return urlsplit(receipt["status_url"]).path


@pytest.mark.parametrize("language", ["es", "en"])
async def test_whatever_customers_write_is_shown_and_never_run(web: Web, language: str) -> None:
    status = await _evil(web)
    async with web.browser(Role.ADMIN) as client:
        (article,) = (await client.get("/api/v1/articles")).json()["items"]
        for path in (*PUBLIC, *OURS, status, f"/articles/{article['id']}", "/nothing", f"/?q={EVIL}", "/docs"):
            came = await client.get(f"/{language}{path}")
            assert came.status_code == (404 if path == "/nothing" else 200), f"{path}: {came.status_code}"
            assert f'<html lang="{language}">' in came.text
            assert came.headers["content-language"] == language
            assert came.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
            assert came.headers["x-content-type-options"] == "nosniff"
            _safe(came.text)
        shown = (await client.get(f"/{language}/agent/incidents/1")).text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


async def test_the_language_is_asked_for_by_the_address_or_else_by_the_browser(web: Web) -> None:
    wishes = {"en-GB,es;q=0.5": "en", "fr, es;q=0.8, en;q=0.2": "es", "de": "es", "": "es", "en;q=0, es": "es"}
    async with web.client() as client:
        for wish, language in wishes.items():
            came = await client.get("/contact", headers={"Accept-Language": wish})
            assert came.headers["content-language"] == language, wish
        came = await client.get("/en/contact", headers={"Accept-Language": "es"})
        assert 'action="/en/contact"' in came.text
        assert (await client.get("/es")).status_code == 200
        assert (await client.get("/es/api/v1/incidents")).status_code == 404


async def test_a_contact_without_scripts_ends_on_its_status_page(web: Web) -> None:
    async with web.client(follow_redirects=True, headers={"Accept": "text/html"}) as customer:
        page = (await customer.get("/en/contact")).text
        key = re.search(r'name="idempotency_key" value="([^"]+)"', page)
        assert key is not None
        form = {"name": "Ana", "email": "ana@x.cu", "subject": "Bill", "product": "", "body": "Twice", "locale": "en"}
        form |= {"idempotency_key": key[1]}
        files = {"files": ("bill.txt", b"12,00", "text/plain")}
        came = [await customer.post("/en/contact", data=form, files=files) for _ in range(2)]
        assert came[0].url.path.startswith("/en/status/")
        assert came[0].url == came[1].url
        await web.settled()
        shown = await customer.get(str(came[0].url))
        assert "Twice" in shown.text
        assert "bill.txt" in shown.text
        more = await customer.post(str(came[0].url), data={"body": "And in May"})
        assert more.url == came[0].url
        empty = await customer.post(str(came[0].url), data={"body": " "})
        assert empty.status_code == 422
        await web.settled()
        assert "And in May" in (await customer.get(str(came[0].url))).text
    async with web.client(Role.AGENT) as agent:
        assert len((await agent.get("/api/v1/incidents")).json()["items"]) == 1
        entries = (await agent.get("/api/v1/incidents/1/timeline")).json()["items"]
        (file,) = [file for entry in entries for file in entry["attachments"]]
        got = await agent.get(file["url"])
        assert got.content == b"12,00"
        assert got.headers["content-disposition"].startswith("attachment")
        assert got.headers["content-security-policy"].startswith("sandbox")


async def test_an_agent_works_through_the_pages_alone(web: Web) -> None:
    async with web.client() as customer:
        await web.form(customer)
        await web.form(customer, email="b@x.cu", subject="Otra")
    await web.settled()
    async with web.browser(Role.AGENT) as agent:
        steps = {
            "assign": {"to": "agent"},
            "reply": {"text": "Hola Ana"},
            "note": {"text": "para nosotros"},
            "priority": {"priority": "high"},
            "tags": {"add": "factura"},
            "merge": {"from": "#2"},
            "unmerge": {"from": "2"},
            "resolve": {"solution": "abono"},
            "close": {},
            "reopen": {},
        }
        for action, fields in steps.items():
            came = await agent.post(f"/es/agent/incidents/1/{action}", data=fields)
            assert came.status_code == 303, f"{action}: {came.text}"
            assert came.headers["location"].startswith("/es/agent/incidents/1?min_position=")
            page = await agent.get(came.headers["location"])
            assert page.status_code == 200
        for words in ("Hola Ana", "para nosotros", "factura", "abono", "alta", "abierta"):
            assert words in page.text
        refused = await agent.post("/es/agent/incidents/1/reopen", data={})
        assert refused.status_code == 409
        kept = await agent.post("/es/agent/incidents/1/merge", data={"from": "nonsense"})
        assert kept.status_code == 422
        part = await agent.get("/es/agent/incidents/1?part=timeline")
        assert "<html" not in part.text
        assert 'id="live"' in part.text


async def test_an_agent_logs_and_follows_a_call_on_the_page(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        came = await agent.post("/agent/calls", data={"direction": "in", "phone": "+53 555 1234", "incident": ""})
        assert came.status_code == 303
        page = (await agent.get(came.headers["location"])).text
        assert "+535551234" in page
        call = re.search(r'action="/agent/calls/([0-9a-f-]{36})"', page)
        assert call is not None
        for do in ("save", "end"):  # who writes down a call that came in has answered it
            came = await agent.post(f"/agent/calls/{call[1]}", data={"do": do, "notes": "pide copia", "outcome": ""})
            assert came.status_code == 303, came.text
        assert "pide copia" in (await agent.get(came.headers["location"])).text
        wrong = await agent.post("/agent/calls", data={"direction": "in", "phone": "no number"})
        assert wrong.status_code == 422
        assert "no number" in wrong.text


async def test_a_report_page_has_its_chart_its_table_and_its_spreadsheet(web: Web) -> None:
    async with web.client() as customer:
        await web.form(customer)
    await web.settled()
    async with web.browser(Role.ANALYST) as analyst:
        page = (await analyst.get("/es/reports/channel_report")).text
        chart = re.search(r'<img src="([^"]+chart[^"]+)"', page)
        assert chart is not None
        for theme in ("", "&theme=dark"):
            svg = await analyst.get(chart[1].replace("&amp;", "&") + theme)
            assert svg.headers["content-type"].startswith("image/svg+xml")
            assert "formulario" in svg.text
        table = await analyst.get("/es/reports/channel_report/table.csv")
        assert table.headers["content-type"].startswith("text/csv")
        assert "form,1,1,0" in table.text
        assert (await analyst.get("/es/reports/channel_report?since=odd")).status_code == 422
        assert (await analyst.get("/reports/nothing")).status_code == 404


async def test_who_is_not_signed_in_is_asked_to_and_comes_back(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as client:
        came = await client.get("/en/agent/incidents/7?all=1")
        assert came.status_code == 303
        assert came.headers["location"] == "/en/login?next=%2Fagent%2Fincidents%2F7%3Fall%3D1"
        form = {"name": "agent", "password": "correct horse battery", "next": "/agent/incidents/7?all=1"}
        back = await client.post("/en/login", data=form)
        assert back.headers["location"] == "/en/agent/incidents/7?all=1"
        cookie = back.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie


async def test_a_visit_to_the_help_centre_counts(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as visitor:
        article = {"kind": "faq", "title": "Contraseña", "body": "Abra Ajustes", "language": "es"}
        made = (await agent.post("/api/v1/articles", json=article)).json()
        await web.settled()
        assert "Contraseña" in (await visitor.get("/es/?q=contraseña")).text
        assert "Abra Ajustes" in (await visitor.get(f"/es/articles/{made['id']}")).text
        await visitor.post(f"/es/articles/{made['id']}/vote", data={"helpful": "yes"})
        await visitor.get("/es/contact")
        form = {"name": "Ana", "email": "ana@x.cu", "subject": "s", "body": "b"}
        await visitor.post("/es/contact", data=form)
        await web.settled()
        (row,) = (await agent.get("/api/v1/reports/knowledge_usage?by=article")).json()["rows"]
        assert [row[name] for name in ("views", "searches", "helpful", "contacts_after")] == [1, 1, 1, 1]


async def test_of_a_long_incident_the_last_words_are_shown_and_the_rest_on_request(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident, "_ENTRIES_MAX", 3)
    async with web.client() as customer, web.client(Role.AGENT, headers={"Accept": "text/html"}) as agent:
        await web.form(customer, subject="Second", email="eva@x.cu")
        await web.form(customer)
        await web.settled()
        await agent.post("/api/v1/incidents/1/merge", json={"from": [2]})
        for number in range(4):
            await agent.post(f"/api/v1/incidents/{number % 2 or 1}/notes", json={"text": f"noted {number}"})
        await web.settled()
        part = (await agent.get("/en/agent/incidents/1?part=timeline")).text
        assert re.findall(r"noted \d", part) == ["noted 1", "noted 2", "noted 3"]
        assert "Show everything" in part
        whole = (await agent.get("/en/agent/incidents/1?part=timeline&all=1")).text
        assert re.findall(r"noted \d", whole) == ["noted 0", "noted 1", "noted 2", "noted 3"]
        assert whole.count("Sale dos veces") == 2
        assert "Show everything" not in whole
