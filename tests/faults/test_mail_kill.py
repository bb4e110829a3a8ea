"""kill -9 of the hub in mid-DATA, mid-parse and mid-fetch at once, on both logs: nothing is lost, nothing doubled."""

import signal
import smtplib
import sys
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import pytest

from tests.faults.holding_proxy import HoldingProxy
from tests.hub_process import OURS, PATIENCE_SECONDS, HubProcess, eventually
from tests.ports import own_port

sys.path.insert(0, str(Path(__file__).parent.parent / "channels" / "email"))
import dovecot as dovecot_server

pytestmark = [pytest.mark.xdist_group("kafka"), pytest.mark.timeout(300)]

LARGE = "y" * 70 + "\r\n"


def mail(name: str, lines: int = 1) -> bytes:
    head = f"From: ana@x.example\r\nTo: {OURS}\r\nMessage-ID: <{name}@x.example>\r\nSubject: {name}\r\n\r\n"
    return (head + LARGE * lines).encode()


@pytest.fixture
def mailbox():
    """Dovecot, and what holds its words back in the middle of a mail of 4 MB."""
    with dovecot_server.running() as server:
        server.put("ana", mail("fetched", 60_000))
        proxy = HoldingProxy(server.port, 1_000_000)
        yield server, proxy
        proxy.close()


@pytest.fixture(params=["postgres", "kafka"])
def hub(request, hub_process: HubProcess, mailbox):
    if request.param == "kafka":
        hub_process.environment["CAUCE_KAFKA"] = request.getfixturevalue("kafka").bootstrap
        hub_process.environment["CAUCE_KAFKA_PREFIX"] = request.getfixturevalue("kafka_prefix")
    password = quote(dovecot_server.PASSWORD, safe="")
    hub_process.environment["CAUCE_IMAP"] = f"imap://ana:{password}@127.0.0.1:{mailbox[1].port}/INBOX"
    hub_process.environment["CAUCE_LMTP"] = f"127.0.0.1:{own_port()}"
    return hub_process


def test_what_was_in_the_middle_comes_once(hub: HubProcess, mailbox, database_url: str):
    server, proxy = mailbox
    hub.start()
    hub.wait_until_ready()
    assert proxy.holding.wait(PATIENCE_SECONDS), "the fetch never came to its middle"
    assert sent(hub, mail("first")) == 250
    assert eventually(lambda: recorded(database_url) == ["first"])
    parsers = stopped_parsers(hub)
    assert sent(hub, mail("parsed")) == 250  # kept, and in a parser that doesn't go on
    sending = begun(hub, "sent")
    assert recorded(database_url) == ["first"]

    hub.kill()

    with pytest.raises(smtplib.SMTPServerDisconnected):
        sending.docmd(".")
    for child in parsers:
        child.send_signal(signal.SIGCONT)  # now it notices that its parent has gone
    assert eventually(lambda: not any(child.is_running() for child in parsers))
    assert seen(server) == [False], "it was marked before it was kept"
    proxy.let_go()
    hub.start()
    hub.wait_until_ready()
    assert sent(hub, mail("sent", 1000)) == 250  # as a mail server does, which got no answer
    assert sent(hub, mail("parsed")) == 250  # and as one does whose answer was lost
    assert eventually(lambda: len(recorded(database_url)) == 4), recorded(database_url)
    assert eventually(lambda: seen(server) == [True])
    findings = hub.audit()
    assert findings["ok"], findings
    (account,) = [each for each in findings["accounts"] if each["channel"] == "email"]
    assert (account["recorded"], account["duplicates"]) == (4, 1)
    assert recorded(database_url) == ["fetched", "first", "parsed", "sent"]


def stopped_parsers(hub: HubProcess) -> list[psutil.Process]:
    """The parser's children, which a first mail has started, stopped where they are."""
    found = [child for child in hub.children() if "channels.email.child" in child.cmdline()]
    assert found
    for child in found:
        child.suspend()
    return found


def begun(hub: HubProcess, name: str) -> smtplib.SMTP:
    """A client in the middle of its DATA."""
    host, _, port = hub.smtp.partition(":")
    client = smtplib.SMTP(host, int(port), timeout=PATIENCE_SECONDS)
    client.ehlo()
    client.mail("ana@x.example")
    client.rcpt(OURS)
    assert client.docmd("DATA")[0] == 354
    client.send(mail(name, 1000)[:-200])
    return client


def sent(hub: HubProcess, content: bytes) -> int:
    host, _, port = hub.smtp.partition(":")
    with smtplib.SMTP(host, int(port), timeout=PATIENCE_SECONDS) as client:
        client.ehlo()
        client.mail("ana@x.example")
        client.rcpt(OURS)
        return client.data(content)[0]


def seen(server) -> list[bool]:
    client = server.client("ana", readonly=True)
    _, found = client.fetch("1:*", "(FLAGS)")
    client.logout()
    return [b"\\Seen" in line for line in found]


def recorded(database_url: str) -> list[str]:
    """The subjects of what is in timelines, doubled ones twice."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT subject FROM timeline.entries WHERE kind = 'interaction' ORDER BY subject"
        ).fetchall()
    return [subject for (subject,) in rows]
