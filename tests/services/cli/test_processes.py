"""Background processes by pid file: found again, stopped, and never mistaken for somebody else's."""

import os
import socket
import subprocess
import sys

import psutil
import pytest

from schemas.errors import SettingsError
from services import ports
from services.cli import processes
from services.cli.processes import Process, Processes
from services.settings import Endpoint


@pytest.fixture
def sleeper():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield child
    child.kill()
    child.wait()


def test_a_process_is_started_once_found_and_stopped(tmp_path):
    background = Processes(tmp_path)
    folder = str(tmp_path / "outbox")
    arguments = ("mailbox", "--folder", folder)
    first = background.start("mailbox", arguments, dict(os.environ))
    assert background.start("mailbox", arguments, dict(os.environ)) == first
    assert background.all_running() == [first]
    assert background.stop_all() == ["mailbox"]
    assert (first.running(), background.all_running(), background.stop_all()) == (None, [], [])


def test_a_pid_that_another_program_has_by_now_is_not_ours(tmp_path, sleeper):
    (tmp_path / "run").mkdir()
    background = Processes(tmp_path)
    background.write(Process("hub", sleeper.pid, started=12345.0))
    assert background.find("hub") is None
    assert background.stop_all() == []
    assert sleeper.poll() is None


def test_a_process_that_nobody_collects_is_not_waited_for(tmp_path, sleeper, monkeypatch):
    monkeypatch.setattr(processes, "_END_SECONDS", 3600)
    started = psutil.Process(sleeper.pid).create_time()
    (tmp_path / "run").mkdir()
    Processes(tmp_path).write(Process("hub", sleeper.pid, started))
    assert Processes(tmp_path).stop_all() == ["hub"]
    assert psutil.Process(sleeper.pid).status() == psutil.STATUS_ZOMBIE


def test_a_busy_port_names_the_setting_and_a_free_one():
    with ports.listen(Endpoint("127.0.0.1", 0), "CAUCE_HTTP") as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port} is taken.*change CAUCE_HTTP.*CAUCE_HTTP=127"):
            ports.refuse_busy(Endpoint("127.0.0.1", port), "CAUCE_HTTP")
    ports.refuse_busy(Endpoint("127.0.0.1", port), "CAUCE_HTTP")


def test_a_socket_says_that_it_is_tcp_or_asyncio_would_keep_the_end_of_each_answer_back_for_40_ms():
    with ports.listen(Endpoint("127.0.0.1", 0), "CAUCE_HTTP") as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_a_wildcard_address_is_reached_through_loopback():
    assert str(ports.reachable(Endpoint("0.0.0.0", 8000))) == "127.0.0.1:8000"  # noqa: S104 -- nothing is bound
    assert str(ports.reachable(Endpoint("192.0.2.7", 8000))) == "192.0.2.7:8000"
