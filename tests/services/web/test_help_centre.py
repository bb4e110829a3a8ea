"""The help centre: found without asking, all ways to a person, a request's page with all one can say there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest

from services.access.identity import Role
from tests.services.web.serving import Web, serving

_ARTICLE = {"kind": "faq", "title": "Factura doble", "body": "Vacíe la cola de impresión.", "language": "es"}
_FORM = {"name": "Ana", "email": "ana@x.cu", "subject": "Factura", "body": "Sale dos veces"}
_OF_A_VISIT = ("visit.begun.v1", "visit.opened.v1", "visit.timed.v1", "visit.chat_started.v2", "visit.searched.v2")


async def _article(web: Web, **fields: str) -> str:
    async with web.client(Role.AGENT) as agent:
        made: str = (await agent.post("/api/v1/articles", json=_ARTICLE | fields)).json()["id"]
    await web.settled()
    return made


async def _link(web: Web, client: httpx.AsyncClient) -> str:
    came = await client.post("/contact", data=_FORM)
    assert came.status_code == 303, came.text
    await web.settled()
    return urlsplit(came.headers["location"]).path


async def _facts(web: Web, *kinds: str) -> list[dict[str, object]]:
    async with web.client(Role.ADMIN) as admin:
        came = await admin.get("/api/v1/events", params={"personal": "true"})
    events = [httpx.Response(200, text=line).json() for line in came.text.splitlines()]
    return [event for event in events if event["type"] in kinds]


async def test_the_first_page_has_what_is_read_most_first_and_what_is_new_beside_it(web: Web) -> None:
    quiet = await _article(web, title="Poco leído")
    wanted = await _article(web, title="Muy leído")
    news = await _article(web, title="Versión 9", kind="release_note")
    async with web.client(headers={"Accept": "text/html"}) as reader:
        assert (await reader.get(f"/es/articles/{wanted}")).status_code == 200
        await web.settled()
        page = (await reader.get("/es/")).text
        assert page.index(wanted) < page.index(quiet)
        assert page.index(news) > page.index('id="news"')
        assert "Poco leído" not in (await reader.get("/en/")).text
        assert news in (await reader.get("/es/?kind=release_note")).text
        assert "Todavía no hay nada" in (await reader.get("/es/?kind=legal")).text


async def test_articles_are_suggested_while_one_types_once_a_visit(web: Web) -> None:
    made = await _article(web)
    async with web.client(headers={"Accept": "text/html"}) as customer:
        assert made not in (await customer.get("/es/suggest?subject=x")).text
        for words in ("fact", "factura", "factura doble"):
            page = (await customer.get("/es/suggest", params={"subject": words, "body": "la cola de impresión"})).text
        assert made in page
        await web.settled()
        await customer.get("/es/suggest", params={"subject": "factura"})
    await web.settled()
    assert len(await _facts(web, "visit.suggested.v1")) == 1


async def test_all_ways_to_a_person_stand_side_by_side(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as customer:
        page = (await customer.get("/en/contact")).text
        for way in ("Write to us", "Chat with us", "Send an email", "mailto:support@cauce.example"):
            assert way in page


async def test_where_it_is_set_so_telephone_and_email_come_after_a_first_search_and_form_and_chat_at_once(
    database: object, tmp_path: object
) -> None:
    settings = {"CONTACT_AFTER_SEARCH": "on", "SUPPORT_PHONE": "+53 7 555 0101"}
    async with (
        serving(database, tmp_path, **settings) as web,  # type: ignore[arg-type]
        web.client(headers={"Accept": "text/html"}) as customer,
    ):
        await web.settled()
        before = (await customer.get("/en/contact")).text
        assert "mailto:" not in before
        assert "tel:" not in before
        assert "Chat with us" in before
        assert "<textarea" in before
        await customer.get("/en/?q=factura")
        after = (await customer.get("/en/contact")).text
        assert "mailto:" in after
        assert "tel:+5375550101" in after


async def test_a_program_that_fills_in_everything_is_told_and_nothing_is_lost(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as bot:
        came = await bot.post("/en/contact", data=_FORM | {"website": "https://spam.example"})
        assert came.status_code == 422
        assert "Website: leave this field empty" in came.text
        assert "Website (leave this empty)" in came.text
        assert "Sale dos veces" in came.text
        assert (await bot.post("/en/contact", data=_FORM | {"website": ""})).status_code == 303


async def test_a_customer_says_solved_rates_says_it_is_not_and_writes_on(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as customer:
        link = await _link(web, customer)
        early = await customer.post(f"/en{link}/rate", data={"score": "5"})
        assert early.status_code == 409
        came = await customer.post(f"/en{link}/close")
        assert came.status_code == 303
        page = (await customer.get(came.headers["location"])).text
        assert "How did we do?" in page
        for wrong in ("", "0", "6", "x", "55"):
            assert (await customer.post(f"/en{link}/rate", data={"score": wrong})).status_code == 422
        rated = await customer.post(f"/en{link}/rate", data={"score": "4", "comment": "Rápidos"})
        assert "Thank you" in (await customer.get(rated.headers["location"])).text
        again = await customer.post(f"/en{link}/reopen")
        assert "It is solved" in (await customer.get(again.headers["location"])).text
    (fact,) = await _facts(web, "incident.rated.v1")
    assert (fact["data"]["score"], fact["data"]["personal"]["text"]) == (4, "Rápidos")  # type: ignore[index]
    async with web.client(Role.AGENT) as agent:
        await web.settled()
        entries = (await agent.get("/api/v1/incidents/1/timeline")).json()["items"]
        told = [(entry["fact"], entry["text"], entry["author"]) for entry in entries if entry["kind"] == "fact"]
        assert ("IncidentRated", "4/5 Rápidos", None) in told
        assert [fact for fact, _, _ in told if fact in {"IncidentClosed", "IncidentReopened"}] == [
            "IncidentClosed",
            "IncidentReopened",
        ]


async def test_whoever_was_merged_into_anothers_request_neither_closes_nor_rates_it(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as customer, web.client(Role.AGENT) as agent:
        first, second = await _link(web, customer), await _link(web, customer)
        await agent.post("/api/v1/incidents/1/merge", json={"from": [2]})
        await web.settled()
        for action in ("close", "rate", "reopen"):
            assert (await customer.post(f"{second}/{action}", data={"score": "1"})).status_code == 409
        assert (await customer.post(f"{first}/close")).status_code == 303
        await agent.post("/api/v1/incidents/1/unmerge", json={"from": 2})
        await web.settled()
        assert (await customer.post(f"{second}/close")).status_code == 303


async def test_files_travel_with_a_message_and_open_only_through_their_own_link(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html"}) as customer:
        link = await _link(web, customer)
        other = await _link(web, customer)
        sent = await customer.post(
            link, data={"body": "Aquí está"}, files={"files": ("captura.png", b"\x89PNG...", "image/png")}
        )
        assert sent.status_code == 303
        await web.settled()
        (address,) = re.findall(rf'href="({link}/files/[^"]+)"', (await customer.get(link)).text)
        file = await customer.get(address)
        assert file.content == b"\x89PNG..."
        assert file.headers["content-disposition"].startswith("attachment")
        assert (await customer.get(address.replace(link, other))).status_code == 404
        assert (await customer.get(address.replace(link, "/status/made-up"))).status_code == 404
        assert (await customer.get(address[:-1] + "7")).status_code == 404


async def test_a_program_with_the_link_does_the_same_and_is_answered_in_json(web: Web) -> None:
    async with web.client(headers={"Accept": "application/json"}) as customer:
        link = urlsplit((await web.form(customer))["status_url"]).path
        await web.settled()
        assert (await customer.post(f"{link}/rate", data={"score": "5"})).json()["status"] == 409
        closed = (await customer.post(f"{link}/close")).json()["position"]
        assert (await customer.post(f"{link}/rate", data={"score": "5"})).json()["position"] > closed
        assert (await customer.post(f"{link}/rate", data={"score": "9"})).json()["errors"][0]["field"] == "score"


@pytest.mark.parametrize("action", ["close", "reopen", "rate"])
async def test_a_link_that_is_not_ours_does_nothing(web: Web, action: str) -> None:
    async with web.client(headers={"Accept": "text/html"}) as stranger:
        assert (await stranger.post(f"/status/abc/{action}", data={"score": "1"})).status_code == 404


async def test_of_a_link_that_is_not_ours_no_file_is_read(web: Web) -> None:
    async with web.client(headers={"Accept": "text/html", "Content-Type": "text/plain"}) as stranger:
        assert (await stranger.post("/status/abc", content=b"whatever it is")).status_code == 404


async def test_who_asks_not_to_be_followed_leaves_no_trace_and_what_the_page_tells_is_noted(web: Web) -> None:
    made = await _article(web)
    for headers in ({"DNT": "1"}, {"Sec-GPC": "1"}, {"User-Agent": "Googlebot/2.1"}):
        async with web.client(headers={"Accept": "text/html"} | headers) as reader:
            for page in ("/es/?q=factura", f"/es/articles/{made}", "/es/suggest?subject=factura doble", "/es/contact"):
                assert "cauce_visit" not in (await reader.get(page)).cookies
            assert (await reader.post("/visit", data={"article": made, "seconds": "30"})).status_code == 204
            visit = (await reader.post("/api/v1/visits")).json()["visit"]
            told = await reader.post(f"/api/v1/visits/{visit}/events", json={"type": "opened", "article": made})
            assert (told.status_code, told.json()["position"]) == (202, 0)
            assert "cauce_looked" in reader.cookies  # what opens telephone and email knows nobody
    async with web.client(headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}) as reader:
        await reader.get(f"/es/articles/{made}")
        await web.settled()
        for data, status in (
            ({"article": made, "seconds": "99999"}, 204),
            ({"surface": "help_centre", "interaction": made}, 204),
            ({"surface": "help_centre", "interaction": "x"}, 422),
            ({"article": made, "seconds": "-1"}, 422),
            ({"article": "x", "seconds": "1"}, 422),
        ):
            assert (await reader.post("/visit", data=data)).status_code == status
        foreign = await reader.post("/visit", data={"surface": "help_centre"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
    await web.settled()
    facts = await _facts(web, *_OF_A_VISIT)
    assert [each["type"] for each in facts][:2] == ["visit.begun.v1", "visit.opened.v1"]
    assert {each["type"]: each["data"] for each in facts}["visit.timed.v1"]["seconds"] == 1800  # type: ignore[index]
    assert facts[0]["data"] | {"visit": "", "at": ""} == {
        "visit": "",
        "surface": "help_centre",
        "language": "es",
        "at": "",
    }  # type: ignore[operator]
    assert len({each["subject"] for each in facts}) == 1
