"""A real IMAP server for the tests: Debian's Dovecot, an instance of our own in the foreground on loopback."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.ports import free_port

PASSWORD = "s3cret+/@:x"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {server}
default_internal_group = {server_group}
default_login_user = {server}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
mailbox_idle_check_interval = 1 secs
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")])
        deadline = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as greeting:
                    if greeting.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                pass
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError((self.folder / "dovecot.log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None


@contextmanager
def running(folder: Path) -> Iterator[Dovecot]:
    """Fails, never skips, where Dovecot is not installed: `make test` installs it."""
    if shutil.which("dovecot") is None:
        raise AssertionError("dovecot is missing: apt-get install dovecot-imapd")
    mail_user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    server = pwd.getpwnam("dovecot") if os.geteuid() == 0 else mail_user
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    os.chown(folder / "mail", mail_user.pw_uid, mail_user.pw_gid)
    port = free_port()
    (folder / "dovecot.conf").write_text(
        _CONFIG.format(
            folder=folder,
            port=port,
            password=PASSWORD,
            server=server.pw_name,
            server_group="dovecot" if os.geteuid() == 0 else subprocess.check_output(["id", "-gn"], text=True).strip(),
            user=mail_user.pw_uid,
            group=mail_user.pw_gid,
        )
    )
    dovecot = Dovecot(folder, port)
    dovecot.start()
    try:
        yield dovecot
    finally:
        dovecot.stop()
