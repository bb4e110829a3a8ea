"""Mails made from nothing, as programs could write them: hypothesis strategies. mutations.py damages written ones."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

_CHARSETS = st.sampled_from(
    ("utf-8", "latin-1", "koi8-r", "shift_jis", "gb18030", "utf-7", "utf-16", "iso-2022-jp", "no-such", "")
)
_WORDS = st.text(st.characters(codec="utf-8", max_codepoint=0x1F6FF), max_size=60)
_LINES = st.lists(
    _WORDS | st.sampled_from(("> cita", "On Mon, Ana wrote:", "-- ", "", "From: a@b.c", "--b", "begin 644 x")),
    max_size=8,
)
_TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=10)
_ADDRESS = st.builds(lambda name, local, host: f"{name} <{local}@{host}.example>", _WORDS, _TOKEN, _TOKEN) | _WORDS
_NAMES = st.sampled_from(
    ("From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Reply-To", "Sender", "X-A")
)


def _bytes(text: str, charset: str) -> bytes:
    try:
        return text.encode(charset or "utf-8", "replace")
    except (LookupError, UnicodeError):
        return text.encode("utf-8", "replace")


def _encoded(data: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(data)
    return quopri.encodestring(data) if encoding == "quoted-printable" else data


def _leaf(kind: str, lines: list[str], charset: str, encoding: str, name: str, end: str) -> bytes:
    said = f'; charset="{charset}"' if charset else ""
    named = f'\r\nContent-Disposition: {"inline" if len(name) % 2 else "attachment"}; filename="{name}"' if name else ""
    head = f"Content-Type: {kind}{said}{named}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode("utf-8", "replace") + _encoded(_bytes(end.join(lines), charset), encoding)


def _container(kind: str, boundary: str, parts: list[bytes], *, ends: bool) -> bytes:
    delimiter = f"\r\n--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + part for part in parts)
    return (
        f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n".encode()
        + body
        + (delimiter + b"--\r\n" if ends else b"")
    )


_LEAVES = st.builds(
    _leaf,
    st.sampled_from(
        (
            "text/plain",
            "text/html",
            "text/plain; format=flowed",
            "text/calendar",
            "text/vcard",
            "image/png",
            "message/rfc822",
        )
    ),
    _LINES,
    _CHARSETS,
    st.sampled_from(("7bit", "8bit", "base64", "quoted-printable", "x-uuencode")),
    st.just("") | _WORDS,
    st.sampled_from(("\r\n", "\n", "\r", "<br>")),
)
_PARTS = st.recursive(
    _LEAVES,
    lambda inner: (
        st.builds(
            _container,
            st.sampled_from(("mixed", "alternative", "related", "digest", "signed", "encrypted", "report")),
            st.sampled_from(("b", "b2", "=_x", "'")),
            st.lists(inner, max_size=4),
            ends=st.booleans(),
        )
        | inner.map(lambda part: b"Content-Type: message/rfc822\r\n\r\n" + part)
    ),
    max_leaves=8,
)
_HEADERS = st.lists(
    st.tuples(_NAMES, _ADDRESS | _WORDS | st.just("Sun, 1 Mar 2026 11:00:00 +0000"), _CHARSETS), max_size=10
)


def _mail(headers: list[tuple[str, str, str]], part: bytes) -> bytes:
    return b"".join(f"{name}: ".encode() + _bytes(value, charset) + b"\r\n" for name, value, charset in headers) + part


MAILS = st.builds(_mail, _HEADERS, _PARTS)


def examples(count: int) -> list[bytes]:
    """So many of them, always the same."""
    found: list[bytes] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(MAILS)
    def collect(mail: bytes) -> None:
        found.append(mail)

    run: Callable[[], None] = collect
    run()
    return found
