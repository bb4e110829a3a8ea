"""`cauce mail import` on a real hub: killed and gone on with, broken off by Ctrl-C, and never a word to anybody."""

import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import LiteralString

import psycopg
import pytest

from tests.hub_process import OURS, PATIENCE_SECONDS, ROOT, HubProcess, Sink, eventually

MAILS = 1500
LOGGED, RECORDED = "log_mail", "events WHERE type = 'interaction.received.v1'"
OLD = datetime(2015, 3, 1, 12, tzinfo=UTC)


def mail(number: int) -> EmailMessage:
    """All kinds of people, and of machines that one would like to answer."""
    found = EmailMessage()
    found["From"] = f"Ana {number % 50} <ana{number % 50}@x.example>"
    found["To"] = OURS
    found["Date"] = format_datetime(OLD)
    found["Message-ID"] = f"<old-{number}@x.example>"
    found["Subject"] = f"Formulario de contacto {number}"
    match number % 6:
        case 0:
            found["Auto-Submitted"] = "auto-replied"
            found["Return-Path"] = "<>"
        case 1:
            found["Reply-To"] = "somebody-else@x.example"
            found["Disposition-Notification-To"] = "ana@x.example"
            found["Return-Receipt-To"] = "ana@x.example"
        case 2:
            found["X-Cauce-Form"] = "contact"
        case 3:
            found["In-Reply-To"] = f"<old-{number - 1}@x.example>"
    found.set_content(f"Nombre: Ana\nCorreo: ana@x.example\nMensaje: no funciona {number}")
    return found


@pytest.fixture
def box(tmp_path):
    path = tmp_path / "old.mbox"
    with path.open("wb") as file:
        for number in range(MAILS):
            file.write(b"From ana@x.example Sun Mar  1 12:00:00 2015\n" + mail(number).as_bytes() + b"\n\n")
    return path


@pytest.mark.timeout(300)
def test_a_killed_import_goes_on_doubles_nothing_keeps_dates_and_sends_nothing(
    hub_process: HubProcess, sink: Sink, box, database_url: str
):
    hub = hub_process
    hub.start()
    hub.wait_until_ready()
    for ending in (signal.SIGKILL, signal.SIGINT):
        hub.audit()  # what the last one left is through
        begun = count(database_url, LOGGED)
        running = begin(hub, box)
        signal_in_the_middle(running, ending, database_url, begun + 100)
        output, errors = running.communicate(timeout=PATIENCE_SECONDS)
        if ending is signal.SIGINT:
            assert running.returncode == 130, errors
            assert "broken off; the same command goes on from here" in errors
            assert re.match(r"\d+ taken in, \d+ already there, 0 refused\n", output)
    told = hub.cauce("mail", "import", str(box)).stdout
    taken, there = map(int, re.fullmatch(r"(\d+) taken in, (\d+) already there, 0 refused\n", told).groups())
    assert taken + there == MAILS
    assert there > 200, "it began at the beginning again"
    findings = hub.audit()
    assert findings["ok"], findings
    assert count(database_url, RECORDED) == MAILS
    last = hub.cauce("mail", "import", str(box)).stdout
    assert last == f"0 taken in, {MAILS} already there, 0 refused\n"
    with psycopg.connect(database_url) as connection:
        assert connection.execute(
            "SELECT DISTINCT occurred_at FROM timeline.entries WHERE kind = 'interaction'"
        ).fetchall() == [(OLD,)]
        assert connection.execute("SELECT count(*) FROM deliveries").fetchone() == (0,)
    assert sink.mails() == []


def begin(hub: HubProcess, box) -> subprocess.Popen[str]:
    """It hears Ctrl-C also where these tests do not: a shell's background job ignores it, and all that starts does."""
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "services.cli", "mail", "import", str(box)],
            cwd=ROOT, env=hub.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, heard)


def signal_in_the_middle(running: subprocess.Popen[str], ending: signal.Signals, database_url: str, after: int) -> None:
    """Once more than `after` are on the log, and while nothing can be added: it can't be through before it hears."""

    def heard() -> bool:
        with connection.transaction():
            connection.execute("LOCK TABLE log_mail IN SHARE MODE")
            (logged,) = connection.execute("SELECT count(*) FROM log_mail").fetchone()
            if logged > after:
                running.send_signal(ending)
            return logged > after

    with psycopg.connect(database_url, autocommit=True) as connection:
        assert eventually(heard, pause=0.01)


def count(database_url: str, rows: LiteralString) -> int:
    with psycopg.connect(database_url) as connection:
        return connection.execute(f"SELECT count(*) FROM {rows}").fetchone()[0]
