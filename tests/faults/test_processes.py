"""Faults on the hub as separate processes over a real broker: killed roles, no broker, a full disk, poison.

What the project promises of each, seen from outside: by senders, the API, `cauce audit` and `cauce rebuild`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import smtplib
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from eventstore import embedded
from eventstore.database import Database
from eventstore.identity import read_identity
from eventstore.log import APPEND_SECONDS
from projections.registry import ALL
from schemas.address import email_address
from schemas.ids import keyed_id
from services.deliveries.worker import Pace
from services.roles import ROLES
from tests.faults.separate import PatientForms, SeparateProcesses, mixed_load
from tests.hub_process import OURS, PATIENCE_SECONDS, Sink, eventually
from tests.projections.views import whole

pytestmark = [pytest.mark.xdist_group("kafka"), pytest.mark.timeout(300)]

LOAD_SECONDS = 1.5
BROKER_AWAY_SECONDS = 30
CLIENT_SECONDS = 1.0  # the sender's own part of a refusal: to connect, to be scheduled
DISK = "32m"
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted by root only")


@pytest.fixture(scope="module")
def outbox(tmp_path_factory) -> Iterator[Sink]:
    sink = Sink(tmp_path_factory.mktemp("outbox"))
    yield sink
    sink.close()


@pytest.fixture(scope="module")
def disk(tmp_path_factory) -> Iterator[Path]:
    """Where the blobs lie: a disk of their own, where we may make one."""
    folder = tmp_path_factory.mktemp("disk")
    if os.geteuid() == 0:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)], check=True)
    yield folder
    if os.geteuid() == 0:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def started(tmp_path_factory, disk: Path, outbox: Sink) -> Iterator[SeparateProcesses]:
    hub = SeparateProcesses(
        tmp_path_factory.mktemp("hub") / "data",
        blobs=f"file://{disk}/blobs",
        mail_out=f"smtp://127.0.0.1:{outbox.port}",
        mail_addresses=OURS,
    )
    try:
        hub.start_missing()
        yield hub
    finally:
        hub.remove()


@pytest.fixture
def hub(started: SeparateProcesses) -> SeparateProcesses:
    """All of it running, whatever the test before did to it."""
    started.heal()
    return started


def test_each_process_killed_in_a_load_loses_doubles_and_disorders_nothing(hub: SeparateProcesses, outbox: Sink):
    load = mixed_load(hub, "killed")
    for sender in load:
        sender.start()
    for role in ROLES:
        time.sleep(LOAD_SECONDS)
        hub.kill_role(role)
        hub.serve(role)
    time.sleep(LOAD_SECONDS)
    for sender in load:
        sender.stop()

    assert all(sender.refusals for sender in load), "no sender noticed anything: the kills missed the load"
    assert_all_is_there(hub, load)
    assert_views_equal_a_rebuild(hub)
    forms = [sender for sender in load if isinstance(sender, PatientForms)]
    confirmed = sum(len(form.acknowledged) for form in forms) - Pace().at_once  # the killed worker's wait for its lease
    assert eventually(lambda: len(confirmations(outbox, forms)) >= confirmed)
    assert max(Counter(confirmations(outbox, forms)).values()) == 1


def test_what_was_killed_is_started_again_by_the_command_that_started_it(hub: SeparateProcesses):
    before = hub.pids()
    hub.kill_role("intake")
    hub.kill_role("incidents")
    hub.start_missing()
    after = hub.pids()
    assert after.keys() == set(ROLES)
    assert {role for role in ROLES if after[role] != before[role]} == {"intake", "incidents"}
    with smtplib.SMTP(*address(hub.smtp), timeout=PATIENCE_SECONDS) as smtp:  # told ready, it is
        assert smtp.noop()[0] == 250


def test_without_the_broker_senders_are_refused_in_time_and_nothing_is_lost_after_it(hub: SeparateProcesses):
    before = hub.pids()
    load = mixed_load(hub, "away")
    for sender in load:
        sender.start()
    assert eventually(lambda: all(len(sender.acknowledged) > 2 for sender in load))
    parser = hub.background.find("parser").running()
    parser.suspend()  # so that the broker goes while mails are read from one topic and not yet on the next
    time.sleep(1)
    hub.broker.stop()
    parser.resume()
    began = time.monotonic()
    late = Lateness(hub.url)
    late.start()
    assert eventually(lambda: all(sender.refusals for sender in load))
    readiness = httpx.get(f"{hub.url}/readyz", timeout=PATIENCE_SECONDS, trust_env=False)
    assert (readiness.status_code, readiness.json()["checks"]["database"]) == (503, "ok")
    assert readiness.json()["checks"]["log"] != "ok"
    time.sleep(max(0.0, began + BROKER_AWAY_SECONDS - time.monotonic()))
    hub.broker.start()
    then = {sender.name: len(sender.acknowledged) for sender in load}
    assert eventually(lambda: all(len(sender.acknowledged) > then[sender.name] + 3 for sender in load))
    for sender in load:
        sender.stop()
    late.stop()

    assert {refusal(error) for sender in load for _, error in sender.refusals} == {"503", "451", "log_unavailable"}
    too_late = {
        sender.name: (round(seconds, 2), repr(error))
        for sender in load
        for seconds, error in sender.refusals
        if seconds >= APPEND_SECONDS + CLIENT_SECONDS + 2 * late.slowest
    }
    assert too_late == {}, late.slowest
    assert hub.pids() == before, "a process had to be started again"
    assert_all_is_there(hub, load)


class Lateness(threading.Thread):
    """How long, meanwhile, a request takes that asks no log: what this machine's other work adds to every answer."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = url
        self._over = threading.Event()
        self.slowest = 0.0

    def run(self) -> None:
        while not self._over.wait(0.1):
            began = time.monotonic()
            assert httpx.get(f"{self._url}/healthz", timeout=60, trust_env=False).status_code == 200
            self.slowest = max(self.slowest, time.monotonic() - began)

    def stop(self) -> None:
        self._over.set()
        self.join()


@ROOT_ONLY
def test_a_full_disk_turns_away_what_needs_it_and_quarantines_nothing(hub: SeparateProcesses, disk: Path):
    held = hub.held()
    filler = disk / "filler"
    fill(filler)
    try:
        began = time.monotonic()
        assert send(hub, large_mail("lleno-grande"))[0] == 451
        assert time.monotonic() - began < APPEND_SECONDS + CLIENT_SECONDS
        code, small = send(hub, mail("lleno-chico"))  # travels in its record, and waits for the disk there
        assert code == 250
        form = PatientForms(hub, "lleno-form").send("no file, no disk")
        assert httpx.get(f"{hub.url}/readyz", timeout=PATIENCE_SECONDS, trust_env=False).status_code == 503
        assert eventually(lambda: "batch_failed" in hub.log_of("parser"))
        assert hub.held() == held
    finally:
        filler.unlink()
    code, large = send(hub, large_mail("lleno-grande"))
    assert code == 250
    wanted = sorted([small, large, form])
    assert eventually(lambda: found(hub, "lleno") == wanted)
    assert hub.held() == held
    assert hub.audit()["ok"]


async def test_one_poison_record_among_fifty_good_ones_is_held_alone(hub: SeparateProcesses):
    held = hub.held()
    forms = PatientForms(hub, "cincuenta")
    forms.pause_seconds = 0.0
    incidents = hub.background.find("incidents").running()
    incidents.suspend()  # so that they come as one batch
    try:
        sent = [forms.send(f"good {number}") for number in range(25)]
        await put_garbage(hub, beside=f"{forms.name}@x.example")
        sent += [forms.send(f"good {number}") for number in range(25, 50)]
    finally:
        incidents.resume()
    assert eventually(lambda: found(hub, "cincuenta") == sorted(sent))
    assert eventually(lambda: len(hub.held()) == len(held) + 1)
    (poison,) = (item for id_, item in hub.held().items() if id_ not in held)
    assert (poison["reason"], poison["bytes"]) == ("undecodable", len(GARBAGE))

    with hub.api() as api:
        assert api.get(f"/quarantine/{poison['id']}/raw").content == GARBAGE
        assert api.post(f"/quarantine/{poison['id']}/reprocess").status_code == 202
        hub.audit()  # nothing is under way any more
        assert poison["id"] in hub.held(), "garbage was taken for something"
        discarded = api.post(f"/quarantine/{poison['id']}/discard", json={"reason": "a stranger's"})
        assert (discarded.status_code, discarded.json()["state"]) == (200, "discarded")
        assert api.post(f"/quarantine/{poison['id']}/discard", json={"reason": "again"}).status_code == 409
    assert hub.held() == held
    assert hub.audit()["ok"]


def test_after_a_new_epoch_events_go_to_a_new_topic_and_nothing_is_lost_or_sent_again(
    hub: SeparateProcesses, outbox: Sink
):
    before = PatientForms(hub, "epoca-vieja")
    old = [before.send(f"old {number}") for number in range(3)]
    assert eventually(lambda: len(confirmations(outbox, [before])) == 3)
    topics = event_topics(hub)
    said = hub.cauce("doctor", "--new-epoch", check=False).stdout
    assert "epoch" in said
    # who follows events ends by itself and says why; the relay, at the next fact it would put on the old topic
    assert eventually(lambda: {"projections", "web"}.isdisjoint(hub.pids()))
    code, between = send(hub, mail("epoca-media"))
    assert code == 250
    assert eventually(lambda: "relay" not in hub.pids()), hub.log_of("relay")[-2000:]
    for role in ("projections", "web", "relay"):
        assert "EpochChangedError" in hub.log_of(role)
    hub.start_missing()
    hub.cauce("rebuild", "all")
    after = PatientForms(hub, "epoca-nueva")
    new = [after.send(f"new {number}") for number in range(3)]
    assert eventually(lambda: found(hub, "epoca") == sorted([*old, between, *new]))
    (added,) = event_topics(hub) - topics
    assert added.startswith("cauce.events-")
    assert eventually(lambda: len(confirmations(outbox, [after])) == 3)
    assert len(confirmations(outbox, [before])) == len(old)
    assert hub.audit()["ok"]


def test_what_was_held_is_recorded_once_its_cause_is_mended(hub: SeparateProcesses, disk: Path):
    held = hub.held()
    parser = hub.background.find("parser").running()
    parser.suspend()
    try:
        known = set(disk.rglob("*"))
        code, large = send(hub, large_mail("remendado"))
        assert code == 250
        (blob,) = (path for path in set(disk.rglob("*")) - known if path.is_file())
        aside = blob.rename(disk / "aside")
    finally:
        parser.resume()
    assert eventually(lambda: str(large) in hub.held())
    assert hub.held()[str(large)]["reason"] == "raw_missing"
    aside.rename(blob)
    with hub.api() as api:
        assert api.post(f"/quarantine/{large}/reprocess").status_code == 202
    assert eventually(lambda: found(hub, "remendado") == [large])
    assert hub.held() == held
    assert hub.audit()["ok"]


def assert_all_is_there(hub: SeparateProcesses, load) -> None:
    """Each acknowledged message once, and the messages of a conversation in one incident, in their order."""
    findings = hub.audit()
    assert findings["ok"], findings
    wanted = {id_ for sender in load for id_ in sender.acknowledged.values()}
    assert len(wanted) == sum(len(sender.acknowledged) for sender in load) > 50

    def caught_up() -> dict[int, list[UUID]] | None:
        found = hub.timelines()
        return found if wanted <= {id_ for timeline in found.values() for id_ in timeline} else None

    timelines = eventually(caught_up, pause=0.5)
    assert timelines, "some that were acknowledged are in no timeline"
    times = Counter(id_ for timeline in timelines.values() for id_ in timeline)
    assert {id_: times[id_] for id_ in wanted if times[id_] != 1} == {}
    incident_of = {id_: number for number, timeline in timelines.items() for id_ in timeline}
    for sender in load:
        sent = list(sender.acknowledged.values())
        if isinstance(sender, PatientForms):  # each is an incident of its own
            assert len({incident_of[id_] for id_ in sent}) == len(sent)
        else:
            assert timelines[incident_of[sent[0]]] == sent, sender.name


def assert_views_equal_a_rebuild(hub: SeparateProcesses) -> None:
    database = Database(embedded.start(hub.data))
    database.open()
    try:
        live = {projection.name: whole(database, projection) for projection in ALL}
        hub.cauce("rebuild", "all")
        rebuilt = {projection.name: whole(database, projection) for projection in ALL}
    finally:
        database.close()
    for name, tables in live.items():
        assert rebuilt[name] == tables, name
    assert all(live["timeline"].values())


def found(hub: SeparateProcesses, word: str) -> list[UUID]:
    """Everything in the incidents with that word, sorted: a doubled one is there twice."""
    return sorted(id_ for timeline in hub.timelines(q=word).values() for id_ in timeline)


def confirmations(outbox: Sink, forms) -> list[str]:
    customers = {f"{form.name}@x.example" for form in forms}
    return [str(mail["Message-ID"]) for mail in outbox.mails() if mail["To"].addresses[0].addr_spec in customers]


def refusal(error: Exception) -> str:
    """What a sender was told."""
    match error:
        case httpx.HTTPStatusError():
            assert "Retry-After" in error.response.headers
            return str(error.response.status_code)
        case smtplib.SMTPResponseException():
            return str(error.smtp_code)
        case _:
            return str(error) or repr(error)


GARBAGE = b"\xff\xfe no interaction \x00"


async def put_garbage(hub: SeparateProcesses, *, beside: str) -> None:
    """Into the partition of that address's contacts."""
    database = Database(embedded.start(hub.data))
    database.open()
    with database.transaction() as connection:
        secret = read_identity(connection).secret
    database.close()
    producer = AIOKafkaProducer(bootstrap_servers=hub.broker.bootstrap)
    await producer.start()
    await producer.send_and_wait("cauce.interactions", GARBAGE, key=keyed_id(secret, email_address(beside)).bytes)
    await producer.stop()


def event_topics(hub: SeparateProcesses) -> set[str]:
    async def ask() -> set[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=hub.broker.bootstrap)
        await admin.start()
        topics = await admin.list_topics()
        await admin.close()
        return {topic for topic in topics if topic.startswith("cauce.events")}

    return asyncio.run(ask())


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        size = 1024 * 1024
        while size:
            try:
                file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2


def mail(name: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"{name}@x.example", OURS, name.replace("-", " ")
    made["Message-ID"] = f"<{name}@x.example>"
    made.set_content(name)
    return made


def large_mail(name: str) -> EmailMessage:
    made = mail(name)
    made.add_attachment(name.encode() * 20_000, maintype="application", subtype="octet-stream", filename="large.bin")
    return made


def send(hub: SeparateProcesses, message: EmailMessage) -> tuple[int, UUID | None]:
    """The code it was answered with, and its id where it was accepted."""
    with smtplib.SMTP(*address(hub.smtp), timeout=PATIENCE_SECONDS) as server:
        server.ehlo()
        server.mail(str(message["From"]))
        server.rcpt(OURS)
        code, said = server.data(message.as_bytes())
    return code, UUID(said.decode().split()[-1]) if code == 250 else None


def address(endpoint: str) -> tuple[str, int]:
    host, _, port = endpoint.partition(":")
    return host, int(port)
