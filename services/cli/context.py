"""The settings of a command that works beside a running hub: what that was started with, unless told otherwise.

`make up` picks some by itself (the demo's mailbox, the local broker's port); an audit must look at the same log.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from services import settings as settings_module
from services.cli.processes import Processes
from services.settings import Settings

_FILE = "started-with.json"
_PREFIX = "CAUCE_"


def settings() -> Settings:
    """Of the environment, and for the rest of the hub that runs on this data folder. Raises SettingsError."""
    return settings_module.read(environment())


def environment() -> dict[str, str]:
    """The process's environment, with what the running hub was started with where it says nothing itself."""
    own = dict(os.environ)
    data = settings_module.read(own).data
    return started_with(data) | own


def started_with(data: Path) -> dict[str, str]:
    """`CAUCE_*` of the running background hub; empty when none runs."""
    path = data / "run" / _FILE
    if not path.exists() or not Processes(data).all_running():
        return {}
    return msgspec.json.decode(path.read_bytes(), type=dict[str, str])


def remember(data: Path, chosen: Mapping[str, str]) -> None:
    """What a hub is being started with; for this user only, there may be passwords in it."""
    given = {name: value for name, value in chosen.items() if name.startswith(_PREFIX) and name != "CAUCE_DATA"}
    write_private(data / "run" / _FILE, msgspec.json.encode(given))


def write_private(path: Path, content: bytes) -> None:
    """A file that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
