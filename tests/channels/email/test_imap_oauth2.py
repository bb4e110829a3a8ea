"""XOAUTH2 against a real Dovecot, which asks a token server of ours whether it vouches for a token."""

from __future__ import annotations

import itertools
import json
import sys
import threading
from collections import Counter
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import dovecot as dovecot_server
from mailbox_reading import QUICK, reading, until

from channels.email.receiving import imap_checkpoints
from channels.email.receiving.imap_account import read_account

MAIL = b"From: c@x.cu\r\nMessage-ID: <%d@x.cu>\r\n\r\nhola\r\n"


class TokenServer(ThreadingHTTPServer):
    """RFC 6749 §6 at /token, RFC 7662 at /introspect. A refresh token is good once, as some providers have it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), TokenRequest)
        self.numbers = itertools.count(1)
        self.refresh_token = "refresh-0"
        self.vouched: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.expires_in = 3600

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def refresh(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        known = {"grant_type": "refresh_token", "client_id": "cauce", "client_secret": "s3cret-c"}
        if form != known | {"refresh_token": self.refresh_token}:
            return 400, {"error": "invalid_grant"}
        number = next(self.numbers)
        token, self.refresh_token = f"access-{number}", f"refresh-{number}"
        self.vouched.add(token)
        return 200, {"access_token": token, "expires_in": self.expires_in, "refresh_token": self.refresh_token}


class TokenRequest(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.server.asked[self.path] += 1
        if self.path == "/token":
            status, answer = self.server.refresh(form)
        else:
            status, answer = 200, {"active": form["token"] in self.server.vouched, "username": "ana"}
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


AGAIN = replace(QUICK, refused=0.1)
"""Who is refused tries again at once: Dovecot asks the token server too, and refuses where no answer comes in time."""


@pytest.fixture(scope="module")
def tokens():
    with TokenServer() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def dovecot(tokens):
    with dovecot_server.running(introspection=tokens.url("introspect")) as server:
        yield server


@pytest.fixture
def account(dovecot, tokens, tmp_path):
    # no request that an earlier test left on its way is taken for this one's
    tokens.refresh_token = f"refresh-{next(tokens.numbers)}"
    (tmp_path / "refresh").write_text(f"{tokens.refresh_token}\n")
    (tmp_path / "secret").write_text("s3cret-c\n")
    options = (
        f"oauth2={quote(tokens.url('token'), safe='')}&client=cauce"
        f"&secret-file={tmp_path / 'secret'}&refresh-file={tmp_path / 'refresh'}"
    )
    return read_account(f"imap://ana@127.0.0.1:{dovecot.port}/INBOX?{options}")


@pytest.fixture
def reason(database):
    def read():
        with database.transaction() as connection:
            return next((one.reason for one in imap_checkpoints.states(connection)), None)

    return read


async def test_a_token_is_fetched_and_a_new_refresh_token_is_kept_for_the_next_time(
    database, reception, account, dovecot, tokens, kept, tmp_path, caplog
):
    caplog.set_level("DEBUG")
    dovecot.put("ana", MAIL % 1)
    async with reading(database, reception, account, AGAIN):
        await until(lambda: MAIL % 1 in [mail.raw for mail in kept()])  # beside what other tests put there
    assert (tmp_path / "refresh").read_text() == tokens.refresh_token
    dovecot.put("ana", MAIL % 2)
    async with reading(database, reception, account, AGAIN):  # another process, which finds the new one
        await until(lambda: MAIL % 2 in [mail.raw for mail in kept()])
    for secret in ("s3cret-c", *tokens.vouched, tokens.refresh_token):
        assert secret not in caplog.text


async def test_a_token_that_is_no_longer_good_is_fetched_anew(
    database, reception, account, dovecot, tokens, kept, reason
):
    async with reading(database, reception, account, AGAIN):
        await until(lambda: reason() == "")
        tokens.vouched.clear()  # withdrawn: the next connection is refused with what we hold
        await _reconnect(dovecot)
        dovecot.put("ana", MAIL % 3)
        await until(lambda: [mail.raw for mail in kept()][-1:] == [MAIL % 3])


async def test_a_refresh_token_that_is_refused_is_said(database, reception, account, reason, tmp_path):
    (tmp_path / "refresh").write_text("stolen")
    async with reading(database, reception, account, replace(QUICK, refused=600)):
        await until(reason)
    assert reason() == "the token endpoint refuses the refresh token (400)"


async def test_a_token_endpoint_that_is_away_is_said_and_asked_again(database, reception, account, reason):
    away = replace(account, oauth2=replace(account.oauth2, endpoint="http://127.0.0.1:9/token"))
    async with reading(database, reception, away):
        await until(reason)
    assert reason() == "the token endpoint doesn't answer: ConnectError"


async def _reconnect(dovecot):
    dovecot.stop()
    dovecot.start()
