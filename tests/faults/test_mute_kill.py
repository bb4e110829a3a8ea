"""kill -9 while bounces come in: each acknowledged one mutes its address once, and what is shown is what is kept."""

from __future__ import annotations

import smtplib
import threading

import httpx
import psycopg

from tests.hub_process import OURS, PATIENCE_SECONDS, HubProcess, Sink, eventually

PEOPLE = 12
KILLED_AFTER = 4


def test_every_acknowledged_bounce_mutes_once_and_holds_back_what_is_automatic(
    hub_process: HubProcess, sink: Sink, database_url: str
) -> None:
    hub = hub_process
    hub.start()
    hub.wait_until_ready()
    headers = {"Authorization": f"Bearer {hub.token()}"}
    with httpx.Client(base_url=hub.url, headers=headers, timeout=PATIENCE_SECONDS, trust_env=False) as api:
        for number in range(PEOPLE):
            _ask(api, number)
        confirmations = eventually(lambda: _ids(sink) if len(_ids(sink)) == PEOPLE else None)
        assert confirmations, sink.mails()
        acknowledged = _bounce_until_killed(hub, confirmations)
        hub.start()
        hub.wait_until_ready()
        for address in confirmations.keys() - acknowledged:  # their servers try again
            _bounce(hub, confirmations[address])

        assert eventually(lambda: len(_kept(database_url)) == PEOPLE), _kept(database_url)
        with psycopg.connect(database_url) as connection:
            facts = connection.execute("SELECT count(*) FROM events WHERE type = 'address.muted.v1'").fetchone()
        assert facts == (PEOPLE,)
        shown = eventually(lambda: found if len(found := _shown(api)) == PEOPLE else None)
        assert shown == dict.fromkeys(confirmations, "mailbox_unknown")

        for number in range(PEOPLE):
            _ask(api, number)
        assert eventually(lambda: _states(database_url).get("withheld") == PEOPLE), _states(database_url)
        assert len(sink.mails()) == PEOPLE
    assert hub.audit()["ok"]


def _ask(api: httpx.Client, number: int) -> None:
    form = {"name": "Ana", "email": f"a{number}@x.cu", "subject": f"s{number}", "body": "x"}
    api.post("/api/v1/forms", json=form).raise_for_status()


def _ids(sink: Sink) -> dict[str, str]:
    """Recipient → the Message-ID of the mail to them."""
    return {str(mail["To"]).rpartition("<")[2].rstrip(">"): str(mail["Message-ID"]) for mail in sink.mails()}


def _bounce(hub: HubProcess, message_id: str) -> None:
    host, _, port = hub.smtp.rpartition(":")
    report = (
        "From: MAILER-DAEMON@x.cu\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\n\r\nNo\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {message_id}\r\n\r\n--b--\r\n"
    )
    with smtplib.SMTP(host, int(port), timeout=PATIENCE_SECONDS) as client:
        client.sendmail("", [OURS], report)


def _bounce_until_killed(hub: HubProcess, mails: dict[str, str]) -> set[str]:
    """One after the other, until the hub is killed in the middle of it. Those that were acknowledged."""
    acknowledged: set[str] = set()
    enough = threading.Event()

    def work() -> None:
        for address, message_id in mails.items():
            try:
                _bounce(hub, message_id)
            except (OSError, smtplib.SMTPException):
                return
            acknowledged.add(address)
            if len(acknowledged) == KILLED_AFTER:
                enough.set()

    thread = threading.Thread(target=work)
    thread.start()
    assert enough.wait(PATIENCE_SECONDS)
    hub.kill()
    thread.join()
    return acknowledged


def _kept(database_url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database_url) as connection:
        return connection.execute("SELECT address, status FROM muted_addresses").fetchall()


def _shown(api: httpx.Client) -> dict[str, str]:
    """Address → why it is muted, as the API says it."""
    items = api.get("/api/v1/customers", params={"limit": 200}).json()["items"]
    return {
        address["address"].removeprefix("email:"): address["muted"]["why"]
        for item in items
        for address in item["addresses"]
        if "muted" in address
    }


def _states(database_url: str) -> dict[str, int]:
    with psycopg.connect(database_url) as connection:
        return dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall())
