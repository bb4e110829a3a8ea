"""Logs: one JSON object a line, and of an exception its type and place, never what it carried."""

import json
import subprocess
import sys
from pathlib import Path

from tests.hub_process import ROOT

PROGRAM = """
import logging, structlog
from services.logging_setup import configure
configure("parser")
log = structlog.get_logger()
log.info("mail_kept", bytes=12)
try:
    raise ValueError("bad header" + chr(10) + "Dear all, my password is hunter2")
except ValueError:
    log.exception("task_crashed", task="parser")
logging.getLogger("mail.log").warning("%r unrecognised: %s", ("192.0.2.1", 1), "HUNTER2")
logging.getLogger("uvicorn.error").warning("from a library")
"""


def test_each_line_is_json_with_its_process_and_no_more_of_an_exception_than_its_first_line():
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    kept, crashed, library = map(json.loads, done.stderr.splitlines())
    assert {name: kept[name] for name in ("event", "bytes", "process", "level")} == {
        "event": "mail_kept", "bytes": 12, "process": "parser", "level": "info",
    }  # fmt: skip
    assert (crashed["event"], crashed["error"], crashed["message"]) == ("task_crashed", "ValueError", "bad header")
    assert crashed["where"] == ["<string>:8 <module>"]
    assert "hunter2" not in done.stderr.lower()
    assert (library["event"], library["process"]) == ("from a library", "parser")


UNWRITABLE = """
import structlog
from services.logging_setup import configure
configure("intake")
for level in ("debug", "info", "warning", "error", "critical", "exception"):
    getattr(structlog.get_logger(), level)("mail_kept")
print("went on")
"""


def test_a_line_that_can_not_be_written_stops_nothing():
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", UNWRITABLE]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=full, text=True, check=False)
    assert (done.stdout, done.returncode) == ("went on\n", 0)


REPEATS = """
import logging, structlog
from services.logging_setup import configure
configure("parser")
for number in range(300):
    logging.getLogger("aiokafka.conn").error("no broker at %s", number)
    logging.getLogger("aiokafka.conn").error("no leader")
    structlog.get_logger().warning("ours")
"""


def test_what_aiokafka_says_all_the_time_is_logged_once_in_a_while():
    done = subprocess.run([sys.executable, "-c", REPEATS], cwd=ROOT, capture_output=True, text=True, check=True)
    said = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert said == ["no broker at 0", "no leader", *["ours"] * 300]
