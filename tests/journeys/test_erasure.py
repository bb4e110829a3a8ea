"""Somebody is forgotten: nothing that names them or that they said is left in database, blobs or logs; others stay."""

from __future__ import annotations

import re
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from tests.hub_process import OURS, ROOT, HubProcess, eventually

NAME, ADDRESS, PHONE = "Anastasia Quebrantahuesos", "anastasia.q@persona.example", "5355599887"
SAID = {
    "subject": "ornitorrinco", "body": "murcielago", "product": "tragaluz", "mail": "escarabajo", "html": "libelula",
    "file": "salamandra", "large": "cocodrilo", "answer": "mariposa", "note": "lagartija", "solution": "golondrina",
    "cause": "tortuga", "reason": "avestruz", "notes": "comadreja", "outcome": "cachalote", "visit": "berenjena",
}  # fmt: skip
NEEDLES = {"name": "quebrantahuesos", "address": ADDRESS, "phone": PHONE, **SAID}
OTHER = "hipopotamo"


def tables(connection: psycopg.Connection) -> Iterator[tuple[str, bytes]]:
    """Every table of every schema, its values as bytes: words stand there as they were written."""
    found = connection.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()
    for schema, table in found:
        with connection.cursor().copy(
            sql.SQL("COPY {} TO STDOUT (FORMAT BINARY)").format(sql.Identifier(schema, table))
        ) as copy:
            yield f"{schema}.{table}", b"".join(bytes(part) for part in copy).lower()


def left(database_url: str, data: Path) -> dict[str, list[str]]:
    """What of the needles is found, and where."""
    with psycopg.connect(database_url) as connection:
        places = dict(tables(connection))
    places |= {str(path): path.read_bytes().lower() for path in data.rglob("*") if path.is_file()}
    found = {name: [place for place, held in places.items() if word.encode() in held] for name, word in NEEDLES.items()}
    return {name: where for name, where in found.items() if where}


def mailed(hub: HubProcess, text: str, *, large: bool = False) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"{NAME} <{ADDRESS}>", OURS, SAID["subject"]
    mail["Message-ID"] = f"<{text}-{large}@persona.example>"
    mail.set_content(f"{text}\n" + (f"{SAID['large']}\n" * 8000 if large else ""))
    mail.add_alternative(f"<p><b>{text} {SAID['html']}</b></p>", subtype="html")
    mail.add_attachment(SAID["file"], filename=f"{SAID['file']}.txt")
    host, port = hub.smtp.split(":")
    with smtplib.SMTP(host, int(port), timeout=10) as server:
        server.send_message(mail, ADDRESS, [OURS])


def said_everything(hub: HubProcess, api: httpx.Client) -> None:
    contact = {
        "name": NAME,
        "email": ADDRESS,
        "subject": SAID["subject"],
        "body": SAID["body"],
        "product": SAID["product"],
    }
    assert api.post("/forms", json=contact).status_code == 202
    mailed(hub, SAID["mail"])
    mailed(hub, SAID["mail"], large=True)
    assert eventually(lambda: len(api.get("/incidents", params={"limit": 10}).json()["items"]) >= 2, 30)
    number = api.get("/incidents", params={"q": SAID["body"]}).json()["items"][0]["number"]
    for action, body in (
        ("notes", {"text": SAID["note"]}),
        ("replies", {"text": SAID["answer"]}),
        ("resolve", {"solution": SAID["solution"], "cause": SAID["cause"]}),
        ("reopen", {"reason": SAID["reason"]}),
    ):
        done = api.post(f"/incidents/{number}/{action}", json=body, headers={"Idempotency-Key": f"{action}-1"})
        assert done.status_code < 300, done.text
    call = api.post("/calls", json={"direction": "in", "phone": f"+{PHONE}", "incident": number}).json()["id"]
    change = {"notes": SAID["notes"], "outcome": SAID["outcome"]}
    assert api.patch(f"/calls/{call}", json=change).status_code == 200
    visit = {"name": NAME, "email": ADDRESS, "phone": f"+{PHONE}", "subject": SAID["subject"], "body": SAID["visit"]}
    assert api.post("/in-person", json=visit).status_code == 202
    with smtplib.SMTP(*hub.smtp.split(":"), timeout=10) as server:
        server.sendmail("bob@otra.example", [OURS], f"From: Bob <bob@otra.example>\nSubject: x\n\n{OTHER}\n")


def test_nothing_of_an_erased_person_is_left_and_everything_of_others(hub_process: HubProcess, database_url: str, sink):
    hub_process.start()
    hub_process.wait_until_ready()
    token = hub_process.token("admin")
    signed = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{hub_process.url}/api/v1", headers=signed, timeout=20, trust_env=False) as api:
        said_everything(hub_process, api)
        assert eventually(lambda: api.get("/incidents", params={"q": OTHER}).json()["items"], 30)
        assert eventually(lambda: api.get("/incidents", params={"q": SAID["visit"]}).json()["items"], 30)
        assert eventually(lambda: sink.mails_to(ADDRESS), 30)
        assert hub_process.audit()["ok"]
        before = left(database_url, hub_process.data)
        assert set(before) == set(NEEDLES), "what the search can't find proves nothing"
        (caller,) = api.get("/customers", params={"q": PHONE}).json()["items"]
        (ana,) = api.get("/customers", params={"q": ADDRESS}).json()["items"]
        if caller["id"] != ana["id"]:
            merged = api.post(f"/customers/{ana['id']}/merge", json={"from": [caller["id"]]})
            assert merged.status_code == 200, merged.text

        erase = [sys.executable, "-m", "services.cli", "erase", ADDRESS]
        asked = subprocess.run(
            erase, cwd=ROOT, env=hub_process.environment, input="n\n", capture_output=True, text=True, check=False
        )
        assert asked.returncode == 1
        assert set(left(database_url, hub_process.data)) == set(NEEDLES)
        done = subprocess.run(
            erase, cwd=ROOT, env=hub_process.environment, input="y\n", capture_output=True, text=True, check=True
        )
        assert re.search(rf"erased {ana['id']}", done.stdout)

        assert eventually(lambda: not left(database_url, hub_process.data), 40, 0.5), left(
            database_url, hub_process.data
        )
        assert api.get(f"/customers/{ana['id']}").json()["name"] == ""
        assert api.get("/incidents", params={"q": SAID["body"]}).json()["items"] == []
        assert api.get("/incidents", params={"q": OTHER}).json()["items"] != []
        assert hub_process.audit()["ok"]
        again = hub_process.cauce("erase", str(ana["id"]), "--yes", check=False)
        assert (again.returncode, again.stderr) == (1, "cauce: this person was erased already\n")
    assert hub_process.cauce("blobs", "clean", "--dry-run").stdout == "0 named by nothing\n"
