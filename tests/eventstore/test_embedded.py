"""The embedded PostgreSQL: how much memory it takes for its pages, and when that changes."""

import os
import shutil
import tempfile
from pathlib import Path

import psycopg
import pytest

from eventstore import embedded, memory

_MIB, _GIB = 2**20, 2**30


@pytest.mark.parametrize(
    ("data", "machine", "expected"),
    [
        (0, 24 * _GIB, 256),
        (256 * _MIB, 24 * _GIB, 256),
        (300 * _MIB, 24 * _GIB, 512),
        (1700 * _MIB, 24 * _GIB, 2048),
        (7 * _GIB, 24 * _GIB, 6144),
        (500 * _GIB, 256 * _GIB, 8192),
        (7 * _GIB, 512 * _MIB, 256),
    ],
)
def test_pages_are_kept_as_the_data_fills_within_a_quarter_of_memory(data, machine, expected):
    assert memory.shared_buffers_mib(data, machine) == expected


@pytest.mark.parametrize(("limit", "expected"), [("max", None), ("1073741824", _GIB)])
def test_a_containers_limit_counts(monkeypatch, tmp_path, limit, expected):
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    monkeypatch.setattr(memory, "_CONTAINER_LIMIT", tmp_path / "none")
    machine = memory.memory_bytes()

    monkeypatch.setattr(memory, "_CONTAINER_LIMIT", tmp_path / "memory.max")

    assert memory.memory_bytes() == (expected or machine)


@pytest.fixture
def data():
    folder = Path(tempfile.mkdtemp(prefix=f"cauce-own-{os.getpid()}-"))
    yield folder
    embedded.stop(folder)
    shutil.rmtree(embedded.cluster_folder(folder).parent, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_server_that_runs_is_joined_as_it_is_and_the_next_start_takes_what_its_data_asks_for(data, monkeypatch):
    def asked(query):
        with psycopg.connect(embedded.start(data, durable=False)) as connection:
            return connection.execute(query).fetchone()[0]

    assert asked("SHOW shared_buffers") == "256MB"
    begun = asked("SELECT pg_postmaster_start_time()")
    monkeypatch.setattr(memory, "shared_buffers_mib", lambda _data, _memory: 300)

    assert asked("SELECT pg_postmaster_start_time()") == begun
    embedded.stop(data)
    assert asked("SHOW shared_buffers") == "300MB"
