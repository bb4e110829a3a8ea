"""Somebody who wrote five thousand times is erased while others work; killed at any point, it can be done again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from uuid import uuid4

import psycopg
import pytest

from schemas.errors import ConflictError, LogUnavailableError
from schemas.facts.customer import CustomerRegistered, PersonErased
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Attachment
from services.customers.requests import ErasePerson
from services.incidents.requests import Note
from services.privacy import named
from services.privacy.cleaning import Cleaning
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import mail

__all__ = ["commands", "taking"]

_MANY = 5_000


def file(blob: str) -> Attachment:
    return Attachment(name="photo.jpg", bytes=5, media_type="image/jpeg", blob=blob)


async def wrote(taking, count: int) -> list[str]:
    """Ana wrote this often, each time with a file; a few of them are there, the others only in name."""
    blobs = [taking.hub.blobs.put(b"x") if number < 20 else uuid4().hex for number in range(count)]
    for start in range(0, count, 500):
        numbers = range(start, min(start + 500, count))
        await taking.take(
            *(mail(f"m{n}", subject=f"About {n % 50}", text="secreto", attachments=(file(blobs[n]),)) for n in numbers)
        )
    return blobs


def ana(taking):
    return next(fact.customer for fact in taking.facts() if isinstance(fact, CustomerRegistered))


async def test_five_thousand_interactions_are_erased_while_others_work(taking, commands, until, record_property):
    blobs = await wrote(taking, _MANY)
    waits: list[float] = []
    enough = asyncio.Event()

    async def work() -> None:
        number = 0
        while not enough.is_set():
            began = time.monotonic()
            await taking.take(mail(f"b{number}", "bob@x.cu", subject=f"Else {number}"))
            await commands.run(Note(incident=51, text="called"), by="eva")
            waits.append(time.monotonic() - began)
            number += 1

    await taking.take(mail("b", "bob@x.cu", subject="Else"))
    customer = ana(taking)
    working = asyncio.create_task(work())
    await until(lambda: len(waits) >= 10)
    undisturbed = max(waits)  # as busy as the machine is with other things
    began = time.monotonic()
    await commands.run(ErasePerson(customer=customer), by="eva")
    took = time.monotonic() - began
    await asyncio.sleep(0.2)
    enough.set()
    await working
    record_property("figures", f"erased in {took:.2f} s; others waited {max(waits):.2f} s at most, {len(waits)} times")
    assert max(waits) < 2.0 + 5 * undisturbed  # others' lock_timeout
    assert taking.hub.blobs.missing(blobs) == set(blobs)
    assert (taking.rows("doomed_blobs"), taking.rows("forgetting"), taking.rows("named_blobs")) == ([], [], [])
    received = [fact for fact in taking.facts() if isinstance(fact, InteractionReceived)]
    assert sum(fact.personal is None for fact in received) == _MANY


_DYING = """
import asyncio, os, signal, sys
from uuid import UUID
from services import settings, maintenance
from services.customers import doom
from services.privacy import named, records

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

where, data, url, customer = sys.argv[1:]
module, name = {"indexing": (named, "step"), "deciding": (named, "theirs"), "deleting": (doom, "_deleted"),
                "blanking": (records, "forget")}[where]
setattr(module, name, die)
read = settings.read({"CAUCE_DATA": data, "CAUCE_DATABASE_URL": url})
asyncio.run(maintenance.erase_customer(read, UUID(customer)))
"""


@pytest.mark.parametrize("where", ["indexing", "deciding", "deleting", "blanking"])
async def test_killed_in_the_middle_it_is_not_done_or_ended_later(taking, commands, where, database_url):
    blobs = await wrote(taking, 40)
    customer = ana(taking)
    dying = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", _DYING, where, str(taking.hub.settings.data), database_url, str(customer)],
        capture_output=True,
        check=False,
    )
    assert dying.returncode == -9, dying.stderr.decode()
    erased = any(isinstance(fact, PersonErased) for fact in taking.facts())
    assert erased == (where in {"deleting", "blanking"})
    taking.hub.keys.forget([row[0] for row in taking.rows("keys")])  # as another process does within half a minute
    readable = [fact for fact in taking.facts() if isinstance(fact, InteractionReceived) and fact.personal]
    assert len(readable) == (0 if erased else 40)
    if erased:
        with pytest.raises(ConflictError):
            await commands.run(ErasePerson(customer=customer), by="eva")
        await Cleaning(taking.hub).step(0)
    else:
        await commands.run(ErasePerson(customer=customer), by="eva")
    assert taking.hub.blobs.missing(blobs) == set(blobs)
    assert (taking.rows("doomed_blobs"), taking.rows("forgetting")) == ([], [])


async def test_an_index_far_behind_is_kept_up_before_the_lock_and_never_under_it(taking, commands, monkeypatch):
    monkeypatch.setattr(named, "_PAGE", 2)
    monkeypatch.setattr(named, "_SPAN", 5)
    await wrote(taking, 60)
    with taking.hub.database.transaction() as connection, pytest.raises(named.BehindError):
        named.finish(connection, taking.hub.keys)
    await commands.run(ErasePerson(customer=ana(taking)), by="eva")
    assert taking.rows("doomed_blobs") == []


async def test_when_the_store_is_held_for_long_nothing_is_erased_by_halves(taking, commands):
    await wrote(taking, 3)
    with psycopg.connect(taking.hub.database.url) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(1129338179, 1)")
        with pytest.raises(LogUnavailableError):
            await commands.run(ErasePerson(customer=ana(taking)), by="eva")
    assert [fact for fact in taking.facts() if isinstance(fact, PersonErased)] == []
