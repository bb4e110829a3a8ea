"""kill -9 of the whole hub in the middle of a mixed load, three times: 0 lost, 0 doubled, order per incident kept."""

import json
import smtplib
import threading
import time
from collections import Counter
from email.message import EmailMessage
from uuid import UUID

import httpx
import psycopg
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.hub_process import OURS, PATIENCE_SECONDS, HubProcess, eventually

ACKNOWLEDGED_BETWEEN_KILLS = 10
"""Of each sender."""
KILLS = 3


class Sender:
    """Sends until told to stop, trying each message again until it is acknowledged. Keeps what was."""

    def __init__(self, hub: HubProcess, name: str) -> None:
        self.hub = hub
        self.name = name
        self.acknowledged: dict[str, UUID] = {}
        self.tries = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=PATIENCE_SECONDS)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            text = f"{self.name}-{number:05d}"
            while True:  # also after the stop: what was begun is ended
                self.tries += 1
                try:
                    self.acknowledged[text] = self.send(text)
                    break
                except (OSError, httpx.HTTPError, smtplib.SMTPException, WebSocketException, TimeoutError, EOFError):
                    time.sleep(0.1)
            number += 1

    def send(self, text: str) -> UUID:
        raise NotImplementedError


class Forms(Sender):
    def send(self, text: str) -> UUID:
        form = {"name": self.name, "email": f"{self.name}@x.example", "subject": self.name, "body": text}
        answer = httpx.post(
            f"{self.hub.url}/api/v1/forms", json=form, headers={"Idempotency-Key": text}, timeout=30, trust_env=False
        )
        answer.raise_for_status()
        return UUID(answer.json()["interaction_id"])


class Mails(Sender):
    """One conversation: every mail answers the first, so they share an incident whose order can be checked."""

    def send(self, text: str) -> UUID:
        mail = EmailMessage()
        mail["From"] = f"{self.name}@x.example"
        mail["To"] = OURS
        mail["Subject"] = f"Sobre {self.name}"
        mail["Message-ID"] = f"<{text}@x.example>"
        if text.endswith("-00000"):
            mail.set_content(text)
        else:
            mail["In-Reply-To"] = f"<{self.name}-00000@x.example>"
            mail.set_content(text)
        host, _, port = self.hub.smtp.partition(":")
        with smtplib.SMTP(host, int(port), timeout=30) as server:
            server.ehlo()
            server.mail(f"{self.name}@x.example")
            server.rcpt(OURS)
            code, said = server.data(mail.as_bytes())
        if code != 250:
            raise smtplib.SMTPDataError(code, said)
        return UUID(said.decode().split()[-1])


class Chats(Sender):
    """One session, entered again by its token after each break."""

    token = ""

    def send(self, text: str) -> UUID:
        with connect(f"ws://{self.hub.http}/api/v1/chat", proxy=None, open_timeout=30) as chat:
            chat.send(json.dumps({"type": "hello", "name": self.name} | ({"token": self.token} if self.token else {})))
            self.token = self._frame(chat, "welcome")["token"]
            chat.send(json.dumps({"type": "message", "id": text, "text": text}))
            return UUID(self._frame(chat, "ack")["interaction_id"])

    def _frame(self, chat, kind: str) -> dict:
        while (frame := json.loads(chat.recv(30)))["type"] != kind:
            if frame["type"] == "error":
                raise ConnectionError(frame["code"])
        return frame


@pytest.mark.timeout(300)
def test_nothing_is_lost_or_doubled_and_order_is_kept(hub_process: HubProcess, database_url: str):
    hub = hub_process
    hub.start()
    hub.wait_until_ready()
    senders = [
        *(Forms(hub, f"form{n}") for n in range(2)),
        *(Mails(hub, f"mail{n}") for n in range(3)),
        Chats(hub, "chat"),
    ]
    for sender in senders:
        sender.start()
    for _ in range(KILLS):
        work(senders)
        orphans = hub.children()
        hub.kill()
        # a parser's child notices that its parent has gone
        assert eventually(lambda left=orphans: not any(child.is_running() for child in left)), orphans
        hub.start()
        hub.wait_until_ready()
    work(senders)
    for sender in senders:
        sender.stop()

    findings = hub.audit()
    assert findings["ok"], findings
    sent = [interaction for sender in senders for interaction in sender.acknowledged.values()]
    assert len(sent) == len(set(sent)) > 100
    assert sum(sender.tries for sender in senders) > len(sent), "no try ever failed: the kills missed the load"
    received = received_in_order(database_url)
    assert set(sent) - set(received) == set()
    assert [found for found, times in Counter(received).items() if times > 1] == []
    place = {interaction: number for number, interaction in enumerate(received)}
    for sender in senders:
        if not isinstance(sender, Forms):  # each form is an incident of its own
            order = [place[sender.acknowledged[text]] for text in sorted(sender.acknowledged)]
            assert order == sorted(order), sender.name
    assert incidents_of(database_url, senders) == dict.fromkeys(
        (s.name for s in senders if not isinstance(s, Forms)), 1
    )
    assert hub.stop() == [0]


def work(senders: list[Sender]) -> None:
    """Until each has got some more through."""
    enough = {sender.name: len(sender.acknowledged) + ACKNOWLEDGED_BETWEEN_KILLS for sender in senders}
    assert eventually(lambda: all(len(sender.acknowledged) >= enough[sender.name] for sender in senders)), enough


def received_in_order(database_url: str) -> list[UUID]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT stream FROM events WHERE type = 'interaction.received.v1' ORDER BY position"
        ).fetchall()
    return [UUID(stream.partition("/")[2]) for (stream,) in rows]


def incidents_of(database_url: str, senders: list[Sender]) -> dict[str, int]:
    found = {}
    with psycopg.connect(database_url) as connection:
        for sender in senders:
            if not isinstance(sender, Forms):
                row = connection.execute(
                    "SELECT count(DISTINCT root) FROM links JOIN incident_state USING (incident)"
                    " WHERE interaction = ANY(%s)",
                    (list(sender.acknowledged.values()),),
                ).fetchone()
                found[sender.name] = row[0]
    return found
