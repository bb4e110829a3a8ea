"""Who reads the help centre as one of us, what is not counted of that, and what of it may go to a customer."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from schemas.facts.article import ArticleKind, Audience
from services.access import tokens
from services.access.identity import Role
from services.knowledge.library import Library
from services.knowledge.shelving import Describe
from services.knowledge.state import Filing
from tests.services.web.serving import Web


async def test_our_people_read_all_and_are_no_visitors_and_other_tokens_read_what_anybody_does(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as visitor:
        made: dict[str, UUID] = {}
        for title in ("Inner matters", "Outer matters"):
            fields = {"kind": "faq", "title": title, "body": "Words.", "language": "en"}
            made[title] = UUID((await agent.post("/api/v1/articles", json=fields)).json()["id"])
        inner, outer = made.values()
        filing = Filing(kind=ArticleKind.FAQ, audience=Audience.AGENTS)
        library = Library(web.hub.database, web.hub.ledger)
        await library.run(Describe(article=inner, by="ana", now=datetime.now(UTC), filing=filing))
        await web.form(visitor)
        await web.settled()
        with web.hub.access.desk("test") as desk:
            secret = tokens.create_token(desk, Role.AGENT, "figures", scopes=("reports",))
        async with web.client(headers={"Authorization": f"Bearer {secret}", "DNT": "1"}) as figures:
            assert (await figures.get(f"/articles/{inner}")).status_code == 404
            assert (await figures.get(f"/articles/{outer}")).status_code == 200
        async with web.browser(Role.AGENT) as reader:
            assert (await reader.get(f"/articles/{inner}")).status_code == 200
            await reader.get("/en/?q=matters")
            await reader.get("/en/suggest?subject=outer+matters")
            for path, told in (
                ("found", {"q": "matters"}),
                (f"articles/{inner}/vote", {"helpful": "no"}),
                (f"articles/{inner}/reason", {"reason": "unclear"}),
            ):
                assert (await reader.post(f"/en/{path}", data=told)).status_code in {204, 303}, path
            for page in ("contact", "callback"):
                assert (await reader.get(f"/en/{page}")).status_code == 200
            written = {"name": "Ana", "email": "ana@x.cu", "subject": "Matters", "body": "Words"}
            assert (await reader.post("/en/contact", data=written)).status_code == 303
            assert (await reader.post("/visit", data={"surface": "help_centre"})).status_code == 204
            offered = (await reader.get("/en/agent/incidents/1/insert?q=matters")).text
            assert f'data-insert="Outer matters: {web.hub.settings.public_url}/articles/{outer}"' in offered
            assert 'data-insert="Inner' not in offered
            assert "Agents only" in offered
        await visitor.get(f"/articles/{outer}")
        await web.settled()
        async with web.client(Role.ADMIN) as admin:
            assert str(outer) in (await admin.get("/api/v1/events?type=visit.opened.v1")).text
            begun = (await admin.get("/api/v1/events?type=visit.begun.v1")).text
            assert len(begun.splitlines()) == 1
