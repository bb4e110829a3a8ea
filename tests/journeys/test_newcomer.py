"""The newcomer's commands, as the README gives them, in a fresh clone (with this checkout's installed parts)."""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import httpx
import psutil
import pytest

from eventstore import embedded
from tests.hub_process import ROOT, eventually
from tests.ports import own_port

CLOSING = re.compile(
    r"http=http://127\.0\.0\.1:\d+\n"
    r"smtp=127\.0\.0\.1:\d+\n"
    r"agent=(?P<agent>\S+) (?P<password>\S+)\n"
    r"analyst=\S+ \S+\n"
    r"admin=\S+ \S+\n"
    r"token=(?P<token>\S+)\n\Z"
)


class Newcomer:
    """Somebody with a clone, a terminal and make."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "cauce"
        self.data = folder / "data"
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, self.clone], check=True)
        # what was not committed yet is tested too
        changed = subprocess.run(
            ["git", "ls-files", "-m", "-o", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
        )
        for name in changed.stdout.split():
            if (ROOT / name).is_file():
                (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.clone / name)
        (self.clone / ".venv").mkdir()
        (self.clone / ".venv" / "bin").symlink_to(ROOT / ".venv" / "bin")
        for stamp in ("installed", "installed-dev"):
            (self.clone / ".venv" / stamp).touch()
        self.http, self.smtp = f"127.0.0.1:{own_port()}", f"127.0.0.1:{own_port()}"

    def make(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return self._run("make", *arguments, **settings)

    def audit(self) -> dict:
        """While the demo's visitors go on."""
        return json.loads(self._run(".venv/bin/cauce", "audit", "--json").stdout)

    def _run(self, *command: str, **settings: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("CAUCE_", "MAKE"))}
        environment = clean | {"CAUCE_DATA": str(self.data), "CAUCE_HTTP": self.http, "CAUCE_SMTP": self.smtp}
        return subprocess.run(
            command,
            cwd=self.clone,
            env=environment | settings,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def processes(self) -> list[psutil.Process]:
        return [
            process
            for process in psutil.process_iter(["cmdline", "environ"])
            if (process.info["environ"] or {}).get("CAUCE_DATA") == str(self.data)
        ]


@pytest.fixture
def newcomer(tmp_path):
    found = Newcomer(tmp_path)
    yield found
    found.make("down")
    for data in (found.data, tmp_path / "other"):
        # as root the cluster lies outside of the data folder, and outlives it
        shutil.rmtree(embedded.cluster_folder(data).parent, ignore_errors=True)


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("newcomer")
def test_make_up_shows_a_living_hub_and_make_down_leaves_nothing(newcomer):
    began = time.monotonic()
    up = newcomer.make("up")
    assert up.returncode == 0, up.stdout + up.stderr
    told = CLOSING.fullmatch(up.stdout)
    assert told, up.stdout
    assert time.monotonic() - began < 90
    api = httpx.Client(
        base_url=f"http://{newcomer.http}/api/v1", headers={"Authorization": f"Bearer {told['token']}"}, trust_env=False
    )
    assert httpx.get(f"http://{newcomer.http}/readyz", trust_env=False).status_code == 200
    assert len(api.get("/incidents", params={"limit": 200}).json()["items"]) == 200
    assert eventually(lambda: list((newcomer.data / "outbox").glob("*.eml")), 60), "no live traffic was answered"
    again = newcomer.make("up")
    assert (again.returncode, again.stdout) == (0, up.stdout)
    accounted = newcomer.audit()
    assert accounted["ok"], accounted
    by_channel = {each["channel"]: each for each in accounted["accounts"]}
    assert {"form", "email", "chat", "phone"} <= by_channel.keys()
    assert all(each["received"] > 0 for each in by_channel.values())

    down = newcomer.make("down")
    assert down.returncode == 0, down.stderr
    assert newcomer.processes() == []
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{newcomer.http}/readyz", trust_env=False)
    assert newcomer.make("down").returncode == 0


@pytest.mark.timeout(240)
@pytest.mark.xdist_group("newcomer")
def test_an_empty_hub_starts_and_a_second_one_is_told_which_setting_to_change(newcomer, tmp_path):
    up = newcomer.make("up", "DEMO=0")
    assert up.returncode == 0, up.stdout + up.stderr
    token = CLOSING.fullmatch(up.stdout)["token"]
    answer = httpx.get(
        f"http://{newcomer.http}/api/v1/incidents", headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )
    assert answer.json() == {"items": [], "next_cursor": None}
    other = {"CAUCE_DATA": str(tmp_path / "other"), "CAUCE_SMTP": f"127.0.0.1:{own_port()}"}
    busy = newcomer.make("up", "DEMO=0", **other)
    assert busy.returncode == 2
    assert "CAUCE_HTTP" in busy.stderr
    assert newcomer.http in busy.stderr


def test_every_make_command_the_documents_name_exists():
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = set(
        re.findall(
            r"\bmake ([a-z]+)\b(?! sure)",
            "\n".join(re.findall(r"`[^`]*`|```.*?```", "\n".join(path.read_text() for path in documents), re.DOTALL)),
        )
    )
    assert named >= {"up", "down", "logs", "test", "check"}
    for target in named:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"make {target}: {done.stderr}"
