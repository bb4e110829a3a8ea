"""The hub as `make up KAFKA=1` runs it, each role a process of its own, and senders that keep how they were refused."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from uuid import UUID

import httpx
import psutil
from websockets.sync.client import ClientConnection, connect

from eventstore import embedded
from eventstore.local_kafka import LocalKafka
from services.cli import context
from services.cli.processes import Processes
from services.roles import ROLES
from tests.faults.test_kill import Chats, Forms, Mails
from tests.hub_process import HubProcess, eventually


class SeparateProcesses(HubProcess):
    """`cauce start --kafka`: nothing watches over the processes; starting again starts those that are gone."""

    def __init__(self, data: Path, **settings: str) -> None:
        super().__init__(data, **settings)
        self.background = Processes(data)
        self.broker = LocalKafka(data / "kafka")
        self.token_of_start = ""

    def start_missing(self) -> None:
        said = self.cauce("start", "--kafka", "--no-demo").stdout
        self.token_of_start = said.rpartition("token=")[2].strip()

    def pids(self) -> dict[str, int]:
        return {process.name: process.pid for process in self.background.all_running()}

    def kill_role(self, role: str) -> None:
        """kill -9 of that process alone; a parser's children must notice by themselves."""
        process = self.background.find(role).running()
        children = process.children(recursive=True)
        process.kill()
        assert eventually(lambda: self.background.find(role) is None and not any(map(_lives, children))), role

    def serve(self, role: str) -> None:
        """Start a role again, as a supervisor does; returns once it works."""
        before = self._starts(role)
        environment = self.environment | context.started_with(self.data)
        self.background.start(role, ("serve", role), environment)
        assert eventually(lambda: self._starts(role) > before), self.log_of(role)[-4000:]

    def _starts(self, role: str) -> int:
        return self.log_of(role).count('"event": "started"')

    def heal(self) -> None:
        """Whatever an earlier test left: all of it runs."""
        self.broker.resume()
        self.broker.start()
        if set(self.pids()) != set(ROLES):
            self.start_missing()

    def remove(self) -> None:
        self.cauce("stop", check=False)
        if embedded.cluster_folder(self.data).parent != self.data:
            shutil.rmtree(embedded.cluster_folder(self.data).parent, ignore_errors=True)

    def log_of(self, role: str) -> str:
        return self.background.log_file(role).read_text()

    # what the agent sees

    def api(self) -> httpx.Client:
        return httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"Authorization": f"Bearer {self.token_of_start}"},
            timeout=30,
            trust_env=False,
        )

    def timelines(self, **filters: str) -> dict[int, list[UUID]]:
        """Of every incident (found by filters), by number: the ids of what came in, in the order shown."""
        with self.api() as api:
            return {
                incident["number"]: [
                    UUID(entry["interaction_id"])
                    for entry in pages(api, f"/incidents/{incident['number']}/timeline")
                    if entry["kind"] == "interaction" and entry["direction"] == "in"
                ]
                for incident in pages(api, "/incidents", **filters)
            }

    def held(self) -> dict[str, dict]:
        """What is in quarantine, by id."""
        with self.api() as api:
            return {item["id"]: item for item in pages(api, "/quarantine")}


def pages(api: httpx.Client, path: str, **filters: str) -> list[dict]:
    """All items of a list."""
    items, cursor = [], {}
    while True:
        answer = api.get(path, params={"limit": 200} | filters | cursor)
        answer.raise_for_status()
        page = answer.json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class _Patient:
    """Keeps how long each refusal took and what it said; pauses after each message, to be a load and not a flood."""

    pause_seconds = 0.2

    def __init__(self, hub: HubProcess, name: str) -> None:
        super().__init__(hub, name)
        self.refusals: list[tuple[float, Exception]] = []
        self.longest_seconds = 0.0

    def send(self, text: str) -> UUID:
        began = time.monotonic()
        try:
            accepted = super().send(text)
        except Exception as error:
            self.refusals.append((time.monotonic() - began, error))
            raise
        finally:
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - began)
        time.sleep(self.pause_seconds)
        return accepted


class PatientForms(_Patient, Forms):
    pass


class PatientMails(_Patient, Mails):
    pass


class _OpenChats(Chats):
    """Stays connected; after a break the session goes on by its token."""

    chat: ClientConnection | None = None

    def send(self, text: str) -> UUID:
        try:
            if self.chat is None:
                self.chat = connect(f"ws://{self.hub.http}/api/v1/chat", proxy=None, open_timeout=10, legacy=True)
                known = {"token": self.token} if self.token else {}
                self.chat.send(json.dumps({"type": "hello", "name": self.name} | known))
                self.token = self._frame(self.chat, "welcome")["token"]
            self.chat.send(json.dumps({"type": "message", "id": text, "text": text}))
            return UUID(self._frame(self.chat, "ack")["interaction_id"])
        except Exception:
            if self.chat is not None:
                self.chat.close()
            self.chat = None
            raise


class PatientChats(_Patient, _OpenChats):
    pass


def mixed_load(hub: HubProcess, name: str) -> list[_Patient]:
    """Senders of each channel; `name` tells this load's senders from others'."""
    return [
        *(PatientForms(hub, f"{name}-form{number}") for number in range(2)),
        *(PatientMails(hub, f"{name}-mail{number}") for number in range(3)),
        PatientChats(hub, f"{name}-chat"),
    ]
