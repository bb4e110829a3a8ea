"""Signals reach every process at once, are thrown away rather than queued, and survive a lost connection."""

from __future__ import annotations

import time

import psycopg
import pytest

from services.signals import PAYLOAD_MAX_BYTES, Signal, Signals

TYPING = Signal("chat/7", "typing", "ana")


class Process:
    """One of several on a database."""

    def __init__(self, url: str, **more: float) -> None:
        self.heard: list[Signal] = []
        self.signals = Signals(url, **more)
        self.signals.hear(self.heard.append)


@pytest.fixture
async def two(database_url: str, running) -> tuple[Process, Process]:
    found = Process(database_url), Process(database_url)
    for process in found:
        running(process.signals.run())
        await process.signals.listening.wait()
    return found


async def test_a_signal_is_heard_in_every_process_the_senders_own_too(two, until) -> None:
    one, other = two
    assert one.signals.send("chat/7", "typing", "ana")
    await until(lambda: one.heard == other.heard == [TYPING])
    assert other.signals.send("incident/1", "looking", "")
    await until(lambda: one.heard == other.heard == [TYPING, Signal("incident/1", "looking", "")])


async def test_the_same_signal_again_at_once_is_not_sent(two, until) -> None:
    one, _ = two
    sent = [one.signals.send("chat/7", "typing", "ana") for _ in range(100)]
    assert sent == [True] + [False] * 99
    assert one.signals.send("chat/7", "typing", "luis")
    await until(lambda: one.heard == [TYPING, Signal("chat/7", "typing", "luis")])


async def test_after_a_while_the_same_signal_is_sent_again(database_url: str, running, until) -> None:
    process = Process(database_url, repeat_seconds=0.05)
    running(process.signals.run())
    await process.signals.listening.wait()
    for count in (1, 2, 3):
        await until(lambda: process.signals.send("chat/7", "typing", "ana"))
        await until(lambda count=count: len(process.heard) == count)


async def test_too_many_signals_are_dropped_and_nobody_waits(database_url: str) -> None:
    signals = Signals(database_url)
    began = time.monotonic()
    sent = [signals.send(f"chat/{number}", "typing", "") for number in range(10_000)]
    assert time.monotonic() - began < 2
    assert sum(sent) == 100


async def test_a_signal_that_is_too_long_is_not_sent(database_url: str) -> None:
    signals = Signals(database_url)
    fits = PAYLOAD_MAX_BYTES - len('["chat/7","typing",""]')
    assert signals.send("chat/7", "typing", "x" * fits)
    assert not signals.send("chat/7", "typing", "y" * (fits + 1))


async def test_a_killed_listener_comes_back_and_hears_again(two, database_url: str, until) -> None:
    one, other = two
    before = _ears(database_url)
    with psycopg.connect(database_url, autocommit=True) as admin:
        killed = admin.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", (list(before),)).fetchall()
    assert killed == [(True,), (True,)]
    await until(lambda: len(_ears(database_url) - before) == 2)
    await until(lambda: one.signals.listening.is_set() and other.signals.listening.is_set())
    one.signals.send("chat/7", "typing", "ana")
    await until(lambda: one.heard == other.heard == [TYPING])


def _ears(database_url: str) -> set[int]:
    """The connections of those who listen."""
    with psycopg.connect(database_url, autocommit=True) as admin:
        rows = admin.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE application_name = 'cauce signals in' AND datname = current_database()"
        ).fetchall()
    return {pid for (pid,) in rows}


async def test_a_killed_sender_comes_back_and_sends_again(two, database_url: str, until) -> None:
    one, other = two
    one.signals.send("chat/7", "typing", "ana")
    await until(lambda: other.heard == [TYPING])
    with psycopg.connect(database_url, autocommit=True) as admin:
        killed = admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'cauce signals out' AND datname = current_database()"
        ).fetchall()
    assert killed == [(True,)]
    number = 0

    def heard() -> bool:
        nonlocal number
        number += 1
        one.signals.send(f"chat/{number}", "looking", "ana")
        return other.heard[-1].kind == "looking"

    await until(heard)


async def test_what_another_version_says_is_ignored(two, database_url: str, until) -> None:
    one, _ = two
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute("SELECT pg_notify('cauce_signals', 'nonsense')")
    one.signals.send("chat/7", "typing", "ana")
    await until(lambda: one.heard == [TYPING])


async def test_without_a_database_sending_neither_waits_nor_fails(running, until) -> None:
    process = Process("postgresql://127.0.0.1:1/none")
    task = running(process.signals.run())
    assert process.signals.send("chat/7", "typing", "ana")
    await until(process.signals._waiting.empty)
    assert not task.done()
