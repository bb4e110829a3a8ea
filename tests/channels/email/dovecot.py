"""A real IMAP server for the tests: Debian's Dovecot, an instance of our own in the foreground on loopback.

Anybody signs in with PASSWORD, or by XOAUTH2 with what a token server of the test's vouches for (`introspection`).
"""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests import certificates
from tests.ports import own_port

PASSWORD = "s3cret+/@:x"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/tls/cert.pem
ssl_key = <{folder}/tls/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
{capability}
mail_plugins = acl
default_internal_user = {server}
default_internal_group = {server_group}
default_login_user = {server}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%u
mailbox_idle_check_interval = 1 secs
plugin {{
  acl = vfile
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
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
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # who was refused is not made to wait: all tests come from one address
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""
_OAUTH2 = """
introspection_mode = post
introspection_url = {url}
active_attribute = active
active_value = true
username_attribute = username
username_format = %u
"""


@dataclass
class Dovecot:
    folder: Path
    port: int
    tls_port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(["dovecot", "-F", "-c", str(self.folder / "dovecot.conf")])
        deadline = time.monotonic() + 60
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

    @property
    def ca(self) -> Path:
        return self.folder / "tls" / "ca.pem"

    def client(self, user: str, *, readonly: bool = False) -> imaplib.IMAP4:
        """Of the standard library, signed in, in the inbox."""
        found = imaplib.IMAP4("127.0.0.1", self.port)
        found.login(user, PASSWORD)
        found.select("INBOX", readonly)
        return found

    def put(self, user: str, content: bytes, flags: str = "", folder: str = "INBOX") -> None:
        """Lay a mail into a folder."""
        client = self.client(user)
        if folder != "INBOX":
            client.create(folder)
        answer, told = client.append(folder, flags, None, content)
        assert answer == "OK", told
        client.logout()

    def stop(self) -> None:
        """All of it: a process whose client waits for news ends ten seconds after the others."""
        if self.process is not None:
            workers = psutil.Process(self.process.pid).children(recursive=True)
            self.process.terminate()
            self.process.wait()
            for worker in workers:
                with suppress(psutil.NoSuchProcess):
                    worker.kill()
            self.process = None


@contextmanager
def running(*, capability: str = "", introspection: str = "http://127.0.0.1:9/") -> Iterator[Dovecot]:
    """Fails, never skips, where Dovecot is not installed: `make test` installs it. `capability`: instead of its own."""
    folder = Path(tempfile.mkdtemp(prefix="cauce-dovecot-"))  # short: a socket's path has at most 107 bytes
    try:
        yield from _run(folder, f"imap_capability = {capability}" if capability else "", introspection)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, capability: str, introspection: str) -> Iterator[Dovecot]:
    if shutil.which("dovecot") is None:
        raise AssertionError("dovecot is missing: apt-get install dovecot-imapd")
    mail_user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    server = pwd.getpwnam("dovecot") if os.geteuid() == 0 else mail_user
    folder.chmod(0o755)
    (folder / "mail").mkdir()
    os.chown(folder / "mail", mail_user.pw_uid, mail_user.pw_gid)
    certificates.make(folder / "tls")
    (folder / "oauth2.conf").write_text(_OAUTH2.format(url=introspection))
    port, tls_port = own_port(), own_port()
    (folder / "dovecot.conf").write_text(
        _CONFIG.format(
            folder=folder,
            port=port,
            tls_port=tls_port,
            capability=capability,
            password=PASSWORD,
            server=server.pw_name,
            server_group="dovecot" if os.geteuid() == 0 else subprocess.check_output(["id", "-gn"], text=True).strip(),
            user=mail_user.pw_uid,
            group=mail_user.pw_gid,
        )
    )
    dovecot = Dovecot(folder, port, tls_port)
    dovecot.start()
    try:
        yield dovecot
    finally:
        dovecot.stop()
