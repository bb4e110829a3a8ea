"""Two hubs that write to each other, through a mail server that answers everything and marks nothing: it dies out.

What ends it is that a hub writes no mail in answer to a mail. Its marks against loops have their tests in the corpus.
"""

import asyncio
import contextlib
import email
import smtplib
import threading
from collections import Counter
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
from aiosmtpd.smtp import SMTP

from tests.hub_process import PATIENCE_SECONDS, HubProcess, eventually
from tests.ports import own_port

OF_A, OF_B = "support@a.example", "support@b.example"


class Postman:
    """A mail server between hubs: hands mail on by its recipient, and answers each one for the recipient.

    As a rude answering machine does: to the sender, without a word that says it is one, each with an id of its own.
    """

    def __init__(self) -> None:
        self.port = own_port()
        self.hubs: dict[str, HubProcess] = {}
        self.carried: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        serving = self._loop.create_server(lambda: SMTP(self, enable_SMTPUTF8=True), "127.0.0.1", self.port)
        self._loop.run_until_complete(serving)
        self._loop.run_forever()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 -- aiosmtpd's name
        (recipient,) = envelope.rcpt_tos
        address = recipient.lower().partition("+")[0].partition("@")[0] + "@" + recipient.lower().rpartition("@")[2]
        self.carried[address] += 1
        await asyncio.to_thread(self._hand_on, address, recipient, envelope.mail_from, envelope.content)
        came = email.message_from_bytes(envelope.content)
        await asyncio.to_thread(self._answer, address, came)
        return "250 OK"

    def _answer(self, who: str, came: EmailMessage) -> None:
        to = email.utils.parseaddr(came["From"])[1]
        answer = EmailMessage()
        answer["From"], answer["To"] = who, to
        answer["Subject"] = f"Re: {came['Subject']}"
        answer["In-Reply-To"] = came["Message-ID"]
        answer["Message-ID"] = f"<machine-{uuid4()}@x.example>"
        answer.set_content("Estoy de vacaciones. Vuelvo en enero.")
        self._hand_on(to, to, who, answer.as_bytes())

    def _hand_on(self, address: str, recipient: str, sender: str, content: bytes) -> None:
        hub = self.hubs[address]
        host, _, port = hub.smtp.partition(":")
        with smtplib.SMTP(host, int(port), timeout=PATIENCE_SECONDS) as client:
            client.sendmail(sender, [recipient], content)


@pytest.fixture
def postman():
    running = Postman()
    yield running
    running.close()


@pytest.fixture
def hubs(postman, new_database, tmp_path: Path):
    with contextlib.ExitStack() as stack:
        for name, address in (("a", OF_A), ("b", OF_B)):
            hub = HubProcess(
                tmp_path / name,
                database_url=stack.enter_context(new_database()),
                mail_out=f"smtp://127.0.0.1:{postman.port}",
                mail_addresses=address,
            )
            stack.callback(hub.kill)
            hub.start()
            postman.hubs[address] = hub
        for hub in postman.hubs.values():
            hub.wait_until_ready()
        yield postman.hubs[OF_A], postman.hubs[OF_B]


@pytest.mark.timeout(300)
def test_a_loop_between_two_hubs_dies_out(hubs, postman: Postman):
    for hub, other in zip(hubs, (OF_B, OF_A), strict=True):
        form = {"name": "The other hub", "email": other, "subject": "Hola", "body": "Contésteme"}
        httpx.post(f"{hub.url}/api/v1/forms", json=form, timeout=PATIENCE_SECONDS, trust_env=False).raise_for_status()
    assert eventually(lambda: postman.carried.total() >= len(hubs)), "no confirmation went out"
    for hub in hubs:
        bearer = {"Authorization": f"Bearer {hub.token()}"}
        reply = {"text": "Ya le contestamos."}
        url = f"{hub.url}/api/v1/incidents/1/replies"
        httpx.post(url, json=reply, headers=bearer, timeout=PATIENCE_SECONDS, trust_env=False).raise_for_status()
    # a confirmation each, and what a person wrote on each side; not one that a hub wrote by itself to a mail
    expected = {OF_A: 2, OF_B: 2}
    assert eventually(lambda: postman.carried.total() >= sum(expected.values()))
    for hub in (*hubs, *hubs):  # twice: what the first's last mail made in the second is through, too
        assert hub.audit()["ok"]
        assert eventually(lambda one=hub: not waiting(one))
    assert postman.carried == expected


def waiting(hub: HubProcess) -> int:
    """Deliveries that are still to go out."""
    with psycopg.connect(hub.environment["CAUCE_DATABASE_URL"]) as connection:
        return connection.execute("SELECT count(*) FROM deliveries WHERE state IN ('queued', 'leased')").fetchone()[0]
