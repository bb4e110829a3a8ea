"""kill -9 between a held reply and its sending, and while some are taken back: those never leave, every other does."""

from __future__ import annotations

import threading

import httpx
import psycopg

from tests.hub_process import PATIENCE_SECONDS, HubProcess, Sink, eventually

REPLIES = 12
KILLED_AFTER = 3


def test_what_was_taken_back_is_not_sent_and_what_is_held_is_not_lost(
    hub_process: HubProcess, sink: Sink, database_url: str
) -> None:
    hub = hub_process
    hub.start()
    hub.wait_until_ready()
    headers = {"Authorization": f"Bearer {hub.token()}"}
    with httpx.Client(base_url=hub.url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False) as api:
        for number in range(REPLIES):
            form = {"name": "Ana", "email": f"a{number}@x.cu", "subject": f"s{number}", "body": "x"}
            api.post("/api/v1/forms", json=form).raise_for_status()
        assert eventually(lambda: len(api.get("/api/v1/incidents").json()["items"]) == REPLIES)
        held = {number: _reply(api, number) for number in range(1, REPLIES + 1)}
        taken_back = _take_back_until_killed(hub, api, list(held.items())[:-KILLED_AFTER])

        hub.start()
        hub.wait_until_ready()
        assert _take_back(api, REPLIES, held[REPLIES]).status_code == 200
        taken_back.add(REPLIES)
        hub.kill()
        with psycopg.connect(database_url) as connection:  # their time comes while the hub is gone
            connection.execute("UPDATE deliveries SET next_attempt_at = now(), not_before = now() WHERE kind = 'reply'")
        hub.start()
        hub.wait_until_ready()

        assert eventually(lambda: not _counts(database_url).keys() - {"sent", "withdrawn"}), _counts(database_url)
        shown = {
            number: line["delivery"]
            for number in held
            for line in api.get(f"/api/v1/incidents/{number}/timeline").json()["items"]
            if line["interaction_id"] == held[number]
        }
        assert shown.keys() == held.keys(), "a held reply is lost"
        # one that nobody acknowledged may have been taken back all the same: it is one or the other
        gone = {number for number, delivery in shown.items() if delivery == "withdrawn"}
        assert taken_back <= gone
        assert {number for number, delivery in shown.items() if delivery == "sent"} == held.keys() - gone
        words = [mail.get_body(("plain",)).get_content().split()[0] for mail in sink.mails()]
        assert sorted(word for word in words if word.startswith("answer-")) == sorted(
            f"answer-{number}" for number in held.keys() - gone
        )
        assert _take_back(api, REPLIES - 1, held[REPLIES - 1]).status_code == 409
    assert hub.audit()["ok"]


def _reply(api: httpx.Client, number: int) -> str:
    came = api.post(f"/api/v1/incidents/{number}/replies", json={"text": f"answer-{number}", "hold": 120})
    came.raise_for_status()
    return came.json()["interaction_id"]


def _take_back(api: httpx.Client, number: int, interaction: str) -> httpx.Response:
    return api.post(f"/api/v1/incidents/{number}/replies/{interaction}/withdraw")


def _take_back_until_killed(hub: HubProcess, api: httpx.Client, held: list[tuple[int, str]]) -> set[int]:
    """One after the other, until the hub is killed in the middle of it. Those that were acknowledged."""
    acknowledged: set[int] = set()
    enough = threading.Event()

    def work() -> None:
        for number, interaction in held:
            try:
                _take_back(api, number, interaction).raise_for_status()
            except httpx.TransportError:
                return
            acknowledged.add(number)
            if len(acknowledged) == KILLED_AFTER:
                enough.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert enough.wait(PATIENCE_SECONDS)
    hub.kill()
    thread.join()
    return acknowledged


def _counts(database_url: str) -> dict[str, int]:
    with psycopg.connect(database_url) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())
