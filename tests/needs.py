"""Programs the tests need beside Python: on Debian as root they are installed, elsewhere named. Run by `make test`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED = {"mvn": "maven", "chromium": "chromium", "dovecot": "dovecot-imapd"}
"""Program → Debian package: Kafka's jars, the browser, a real IMAP server."""


def missing() -> list[str]:
    """Packages whose program isn't found."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return [package for program, package in NEEDED.items() if shutil.which(program, path=path) is None]


def main() -> int:
    """0: all there; 2: somebody has to install something."""
    packages = missing()
    if packages and os.geteuid() == 0 and Path("/etc/debian_version").exists():
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        sys.stderr.write(f"installing {' '.join(packages)} …\n")
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages],
            check=False,
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        packages = missing()
    if packages:
        sys.stderr.write(f"the tests need {' '.join(packages)}: apt install {' '.join(packages)}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
