"""kill -9 while incidents sleep: each wakes once, at its time or as soon as the hub is back."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx

from tests.hub_process import PATIENCE_SECONDS, HubProcess, eventually

SLEEPERS = 12


def _woken(api: httpx.Client) -> list[dict]:
    lines = api.get("/api/v1/events", params={"type": "incident.woken.v1"}).text.splitlines()
    return [json.loads(line) for line in lines]


def test_what_sleeps_wakes_once_though_the_hub_is_killed_in_between(hub_process: HubProcess) -> None:
    hub = hub_process
    hub.start()
    hub.wait_until_ready()
    headers = {"Authorization": f"Bearer {hub.token()}"}
    with httpx.Client(base_url=hub.url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False) as api:
        for number in range(SLEEPERS):
            form = {"name": "Ana", "email": f"a{number}@x.cu", "subject": f"s{number}", "body": "x"}
            api.post("/api/v1/forms", json=form).raise_for_status()
        assert eventually(lambda: len(api.get("/api/v1/incidents").json()["items"]) == SLEEPERS)
        for number in range(1, SLEEPERS + 1):  # some wake as the hub is killed, others while it is gone
            until = datetime.now(UTC) + timedelta(seconds=1 + number * 0.4)
            answer = api.post(f"/api/v1/incidents/{number}/snooze", json={"until": until.isoformat()})
            answer.raise_for_status()
        assert eventually(lambda: _woken(api))
        hub.kill()
        before = datetime.now(UTC)
        time.sleep(1.5)
        hub.start()
        hub.wait_until_ready()
        assert eventually(lambda: len(_woken(api)) >= SLEEPERS)
        time.sleep(1.5)  # whoever rang twice would do it now
        woken = _woken(api)
        assert set(Counter(each["subject"] for each in woken).values()) == {1}
        assert len(woken) == SLEEPERS
        assert {each["time"] < before.isoformat() for each in woken} == {True, False}
        assert api.get("/api/v1/views").json()["snoozed"] == 0
