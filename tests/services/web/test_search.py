"""Searching: the page of results, beside a chat, in the palette, over the API; and the synonyms it goes by."""

from __future__ import annotations

import re

from services.access.identity import Role
from tests.services.web.serving import Web


async def test_results_are_narrowed_mended_and_said_to_be_what_was_looked_for(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as visitor:
        for kind, title in (("faq", "Reset a password"), ("how_to", "Choose a good password")):
            fields = {"kind": kind, "title": title, "body": "Press *here*.", "language": "en"}
            made = (await agent.post("/api/v1/articles", json=fields)).json()
        await web.settled()
        page = (await visitor.get("/en/?q=pasword")).text
        assert 'href="?q=password"' in page  # did you mean
        assert "Reset a" in page
        narrowed = (await visitor.get("/en/?q=password&kind=faq")).text
        assert "Choose a good" not in narrowed
        assert re.search(r'href="\?q=password"[^>]*aria-current', narrowed)  # no longer only those
        nothing = (await visitor.get("/en/?q=password&kind=legal")).text
        assert "Search everything" in nothing
        said = await visitor.post("/en/found", data={"q": "password"})
        assert said.headers["location"] == "/en/?q=password&solved=yes"
        assert "Did you find it?" not in (await visitor.get(said.headers["location"])).text
        await web.settled()

        beside = (await visitor.get("/en/chat/find?q=password")).text
        assert f'data-article="{made["id"]}"' in beside
        assert "Press <em>here</em>" in (await visitor.get(f"/en/chat/articles/{made['id']}")).text
        assert (await visitor.get("/en/chat/find?q=p")).text.strip() == ""
        steps = {"kind": "checklist", "title": "Close the month", "body": "- [ ] Count the stock", "language": "en"}
        listed = (await agent.post("/api/v1/articles", json=steps)).json()["id"]
        await web.settled()
        read = (await visitor.get(f"/en/chat/articles/{listed}")).text
        assert ('type="checkbox"' in read, "[ ]" in read) == (True, False)

        found = (await agent.get("/api/v1/search?q=pasword&locale=en&kind=faq")).json()
        assert [each["title"] for each in found["items"]] == ["Reset a password"]
        assert {"id", "title", "snippet", "url"} <= set(found["items"][0])
        assert (found["next_cursor"], found["total"], found["meant"]) == (None, 1, "password")
        assert found["facets"]["kind"] == {"faq": 1, "how_to": 1}


async def test_synonyms_are_kept_tried_changed_and_put_back(web: Web) -> None:
    async with web.client(Role.AGENT) as program, web.browser(Role.AGENT) as agent:
        fields = {"kind": "faq", "title": "Ask for a refund", "body": "Write to us.", "language": "en"}
        await program.post("/api/v1/articles", json=fields)
        await web.settled()
        tried = "/en/knowledge/synonyms/try?language=en&q=money+back"
        assert "Ask for a" not in (await agent.get(tried)).text

        kept = {"words": "refund, money back", "language": "en"}
        made = await agent.post("/en/knowledge/synonyms", data=kept)
        page = await agent.get(made.headers["location"])
        assert "money back" in page.text
        assert "Ask for a" in (await agent.get(tried)).text
        assert "Ask for a" in (await agent.get("/en/agent/palette?q=refund")).text

        (group,) = (await program.get("/api/v1/synonyms")).json()["items"]
        refused = await agent.post("/en/knowledge/synonyms", data={**kept, "words": "alone"})
        assert refused.status_code == 422
        gone = await agent.post(f"/en/knowledge/synonyms/{group['id']}/remove", data=kept)
        assert "Put back" in (await agent.get(gone.headers["location"])).text
        assert "Ask for a" not in (await agent.get(tried)).text
        back = (await program.post(f"/api/v1/synonyms/{group['id']}/undo")).json()
        (again,) = (await program.get(f"/api/v1/synonyms?min_position={back['position']}")).json()["items"]
        assert again["words"] == ["refund", "money back"]
        changed = {"words": ["refund", "reimbursement"], "language": "en"}
        assert (await program.put(f"/api/v1/synonyms/{group['id']}", json=changed)).status_code == 200
        assert (await program.post("/api/v1/synonyms", json={"words": ["x"], "language": "en"})).status_code == 422
