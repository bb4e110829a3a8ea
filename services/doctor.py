"""Looks a hub over and says what to do: version, log, blobs, mail, projections, positions, quarantine, disk, limits."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from channels.email.receiving import imap_checkpoints
from channels.email.receiving.certificate import CertificateFiles
from channels.email.receiving.imap_account import read_account
from channels.email.sending.submission import read_server
from eventstore import kafka_address, store
from eventstore.database import Connection
from eventstore.identity import read_identity
from projections import article_vectors, reading
from schemas.errors import CauceError, PositionMismatchError
from schemas.topics import INTERACTIONS, MAIL
from services import open_files, quarantine
from services.consumers import INCIDENTS, PARSER
from services.customers import doom
from services.deliveries import queue
from services.knowledge.meaning.embedder import Embedder, EmbedderError
from services.privacy import orphans
from services.wiring import Hub

_LAG_EVENTS = 5_000
_LAG_RECORDS = 1_000
_SHOWN = 10
_DISK_FREE = 0.05
_CONNECT_SECONDS = 5.0
_EMBEDDER_SECONDS = 15.0  # it may be at work on articles
_RENEW_WITHIN = timedelta(days=14)


class Verdict(StrEnum):
    """How it is. `watch` works, but somebody should look."""

    WELL = "well"
    WATCH = "watch"
    ILL = "ill"


class Finding(msgspec.Struct, frozen=True):
    """What was looked at, how it is, and for a person what to do."""

    subject: str
    verdict: Verdict
    detail: str
    advice: str = ""


async def examine(hub: Hub) -> list[Finding]:
    """Every finding, well or not. One that can't be made is a finding too."""
    examinations: Sequence[tuple[str, Callable[[Hub], Awaitable[list[Finding]]]]] = (
        ("database", _database),
        ("log", _log),
        ("blobs", _blobs),
        ("smtp certificate", _smtp_certificate),
        ("imap", _imap),
        ("mail out", _mail_out),
        ("deliveries", _deliveries),
        ("positions", _positions),
        ("projections", _projections),
        ("search by meaning", _meaning),
        ("quarantine", _quarantine),
        ("clean-up", _clean_up),
        ("disk", _disk),
        ("open files", _open_files),
    )
    found: list[Finding] = []
    for subject, examination in examinations:
        try:
            found.extend(await examination(hub))
        except (CauceError, OSError) as error:
            found.append(Finding(subject, Verdict.ILL, str(error) or type(error).__name__))
    return found


async def _database(hub: Hub) -> list[Finding]:
    def look(connection: Connection) -> tuple[str, int, str, str]:
        row = connection.execute(
            "SELECT current_setting('server_version'), (SELECT max(number) FROM migrations),"
            " current_setting('fsync'), current_setting('full_page_writes')"
        ).fetchone()
        return row or ("?", 0, "?", "?")

    version, migration, fsync, pages = await hub.database.run(look)
    identity = await hub.database.run(read_identity)
    last = await hub.database.run(store.last_position)
    found = [
        Finding("database", Verdict.WELL, f"PostgreSQL {version}, migration {migration}, {last} events"),
        Finding("epoch", Verdict.WELL, str(identity.epoch)),
    ]
    if (fsync, pages) != ("on", "on"):
        advice = "set fsync and full_page_writes to on: without them a power failure loses what was acknowledged"
        found.append(Finding("durability", Verdict.ILL, f"fsync {fsync}, full_page_writes {pages}", advice))
    return found


async def _log(hub: Hub) -> list[Finding]:
    await hub.log.check()
    kind = f"Kafka at {kafka_address.read(hub.settings.kafka).servers}" if hub.settings.kafka else "in PostgreSQL"
    return [Finding("log", Verdict.WELL, f"takes records ({kind})")]


async def _blobs(hub: Hub) -> list[Finding]:
    await asyncio.to_thread(hub.blobs.check)
    return [Finding("blobs", Verdict.WELL, hub.settings.blobs or str(hub.settings.data / "blobs"))]


async def _smtp_certificate(hub: Hub) -> list[Finding]:
    files = CertificateFiles.named(hub.settings.smtp_certificate, hub.settings.smtp_key)
    if files is None:
        return []
    subject, advice = "smtp certificate", "renew it: a new file is taken by itself"
    try:
        expires = files.expires_at()
        files.load()
    except (OSError, ValueError) as error:
        return [Finding(subject, Verdict.ILL, f"{files.chain}: {error}", advice)]
    left = expires - datetime.now(UTC)
    detail = f"good until {expires:%Y-%m-%d}"
    if left < timedelta():
        return [Finding(subject, Verdict.ILL, detail, advice)]
    return [Finding(subject, Verdict.WATCH if left < _RENEW_WITHIN else Verdict.WELL, detail, advice)]


async def _imap(hub: Hub) -> list[Finding]:
    mailboxes = [read_account(url).name for url in hub.settings.imap]
    states = {state.mailbox: state for state in await hub.database.run(imap_checkpoints.states)}
    left = [mail for mail in await hub.database.run(imap_checkpoints.left) if mail.mailbox in mailboxes]
    found: list[Finding] = []
    for mailbox in mailboxes:
        state = states.get(mailbox)
        if state is None:
            found.append(Finding(mailbox, Verdict.WATCH, "never read", "is `cauce serve intake` running?"))
        elif state.failing:
            again = f", again at {state.retry_at:%H:%M:%S} UTC" if state.retry_at else ""
            detail = f"since {state.since:%Y-%m-%d %H:%M} UTC: {state.reason}{again}"
            found.append(Finding(mailbox, Verdict.ILL, detail, "its mail waits there and is read once this is mended"))
        else:
            found.append(Finding(mailbox, Verdict.WELL, f"read at {state.looked_at:%Y-%m-%d %H:%M:%S} UTC"))
    advice = "look at it there: too large ones are never taken, others are tried at each new connection"
    return found + [
        Finding(f"left in {mail.mailbox}", Verdict.WATCH, f"UID {mail.uid}: {mail.reason}, {mail.bytes} bytes", advice)
        for mail in left[:_SHOWN]
    ]


async def _mail_out(hub: Hub) -> list[Finding]:
    if not hub.settings.mail_out:
        return [Finding("mail out", Verdict.WATCH, "not set", "set CAUCE_MAIL_OUT=smtp://host:port: answers wait")]
    server = read_server(hub.settings.mail_out)
    where = f"{server.host}:{server.port}"  # never the password in it
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            greeting = b"2" if server.tls else await reader.readline()
            writer.close()
    except (OSError, TimeoutError) as error:
        advice = "is the mail server up, and CAUCE_MAIL_OUT right? Mail waits and is tried again"
        return [Finding("mail out", Verdict.ILL, f"{where}: {error or 'no answer'}", advice)]
    if not greeting.startswith(b"2"):
        return [Finding("mail out", Verdict.ILL, f"{where} greets with {greeting.decode(errors='replace').strip()}")]
    return [Finding("mail out", Verdict.WELL, where)]


async def _deliveries(hub: Hub) -> list[Finding]:
    counts = await hub.database.run(queue.counts)
    shown = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none yet"
    if counts.get("held"):
        advice = "queued before a restore: check what was sent, then `cauce doctor --release-deliveries`"
        return [Finding("deliveries", Verdict.ILL, shown, advice)]
    if counts.get("failed") or counts.get("uncertain"):
        advice = "answers among them are marked in their timelines; confirmations and links are counted here alone"
        return [Finding("deliveries", Verdict.WATCH, shown, advice)]
    return [Finding("deliveries", Verdict.WELL, shown)]


async def _positions(hub: Hub) -> list[Finding]:
    found: list[Finding] = []
    for topic, consumer in ((MAIL, PARSER), (INTERACTIONS, INCIDENTS)):
        lag = await hub.log.lag(topic, consumer)
        verdict = Verdict.WELL if lag < _LAG_RECORDS else Verdict.WATCH
        advice = "" if verdict is Verdict.WELL else f"is `cauce serve {consumer}` running? `make logs`"
        found.append(Finding(f"{consumer} on {topic.name}", verdict, f"{lag} records to go", advice))
        try:
            await hub.log.verify(topic, consumer)
        except PositionMismatchError as error:
            advice = "the log was replaced or lost its end: `cauce doctor --reset-positions`; what was handled stays so"
            found.append(Finding(f"{consumer} on {topic.name}", Verdict.ILL, str(error), advice))
    return found


async def _projections(hub: Hub) -> list[Finding]:
    states = await hub.database.run(reading.states)
    parked = await hub.database.run(reading.parked)
    return [_projection(state) for state in states] + [
        Finding(
            f"parked in {each.projection}",
            Verdict.ILL,
            f"{each.stream} from position {each.position}: {each.error}",
            f"mend the code, then `cauce rebuild {each.projection}`",
        )
        for each in parked[:_SHOWN]
    ]


def _projection(state: reading.Lag) -> Finding:
    detail = f"version {state.version} at {state.position}, {state.lag} behind"
    if state.rebuild_needed:
        return Finding(state.name, Verdict.WATCH, detail, f"the code has another version: `cauce rebuild {state.name}`")
    if state.lag > _LAG_EVENTS:
        return Finding(state.name, Verdict.WATCH, detail, "is `cauce serve projections` running? It catches up")
    return Finding(state.name, Verdict.WELL, detail)


async def _meaning(hub: Hub) -> list[Finding]:
    address, subject = hub.settings.embeddings, "search by meaning"
    if address is None:
        return []
    await hub.database.run(article_vectors.check)
    progress = await hub.database.run(article_vectors.progress)
    embedder = Embedder(address)
    try:
        await embedder.questions([subject], seconds=_EMBEDDER_SECONDS)
    except EmbedderError as error:
        advice = "is the server of embeddings up, and CAUCE_EMBEDDINGS right? Meanwhile searches go by words alone"
        return [Finding(subject, Verdict.ILL, f"{address.url}: {error}", advice)]
    finally:
        await embedder.close()
    detail = f"{progress.embedded:,} of {progress.published:,} articles have a vector of {address.embedder}"
    if progress.embedder != address.embedder:
        detail = f"none yet of {address.embedder}"
    elif progress.ready and progress.embedded >= progress.published:
        return [Finding(subject, Verdict.WELL, detail)]
    advice = "is `cauce serve projections` running? It makes them; until all are made, searches go by words alone"
    return [Finding(subject, Verdict.WATCH, detail, advice)]


async def _quarantine(hub: Hub) -> list[Finding]:
    held = await hub.database.run(quarantine.count_held)
    if held:
        return [Finding("quarantine", Verdict.WATCH, f"{held} held", "look at them on /agent/quarantine")]
    return [Finding("quarantine", Verdict.WELL, "empty")]


async def _clean_up(hub: Hub) -> list[Finding]:
    doomed = await hub.database.run(doom.waiting)
    try:
        orphaned = await orphans.find(hub)
    except orphans.LogStandsStillError as error:
        return [Finding("clean-up", Verdict.WATCH, str(error), "is `cauce serve parser` and `incidents` running?")]
    detail = f"{doomed} blobs of erased people to delete, {orphaned} old ones that nothing names"
    if doomed:
        advice = "is `cauce serve deliveries` running, and the blob store there? It deletes them"
        return [Finding("clean-up", Verdict.WATCH, detail, advice)]
    return [Finding("clean-up", Verdict.WELL, detail)]


async def _disk(hub: Hub) -> list[Finding]:
    folder: Path = hub.settings.data
    usage = await asyncio.to_thread(shutil.disk_usage, folder)
    free = usage.free / usage.total
    detail = f"{usage.free / 2**30:.1f} GiB free at {folder}"
    if free < _DISK_FREE:
        return [Finding("disk", Verdict.ILL, detail, "make room: a full disk turns mail and forms away")]
    return [Finding("disk", Verdict.WELL, detail)]


async def _open_files(_: Hub) -> list[Finding]:
    count = open_files.allowed()
    detail = f"{count} at once for a process started from here"
    if count < open_files.LOW:
        advice = f"raise the limit, such as `ulimit -Hn {open_files.MOST}`: each connection takes one"
        return [Finding("open files", Verdict.WATCH, detail, advice)]
    return [Finding("open files", Verdict.WELL, detail)]
