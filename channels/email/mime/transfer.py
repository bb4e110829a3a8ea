"""Undoes transfer encodings (RFC 2045 §6), also broken ones: what can be decoded is, the rest stays. Never fails."""

from __future__ import annotations

import binascii
import re

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_BASE64_LINES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\r\n"
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\s]|(?<=[^\s])[ \t]+(?=[^\s])")
_FOREIGN_LINE = re.compile(rb"^[^\n]*(?:[^A-Za-z0-9+/=\s]|[^\s][ \t]+[^\s])", re.MULTILINE)
_SAMPLE_BYTES = 4096
_FOREIGN_MAX = 0.08
_PIECES_MAX = 100
_SOFT_BREAK_WITH_BLANKS = re.compile(rb"=[ \t]+(?=\r?\n)")
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)


def decoded(raw: bytes, encoding: str) -> bytes:
    """What was encoded. An encoding nobody knows: as it stands there."""
    match encoding.partition(";")[0].strip().lower():
        case "base64":
            return _from_base64_body(raw)
        case "quoted-printable":
            return from_quoted_printable(raw)
        case "x-uuencode" | "uuencode" | "uue" | "x-uue":
            return from_uuencode(raw)
        case _:
            return raw


def from_base64(raw: bytes) -> bytes:
    """With whatever else stands in it left out, and padding that is missing added."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        letters = _NOT_BASE64.sub(b"", raw)
        whole = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def from_quoted_printable(raw: bytes) -> bytes:
    """Soft breaks undone, `=` that encodes nothing kept."""
    if b"= " in raw or b"=\t" in raw:
        raw = _SOFT_BREAK_WITH_BLANKS.sub(b"=", raw)
    return binascii.a2b_qp(raw)


def from_quoted_words(raw: bytes) -> bytes:
    """The Q of RFC 2047 §4.2: `_` is a space."""
    return binascii.a2b_qp(raw, header=True)


def from_uuencode(raw: bytes) -> bytes:
    """The lines after the first `begin`; as it stands where there is none."""
    begin = _UU_BEGIN.search(raw)
    if begin is None:
        return raw
    out = bytearray()
    for line in raw[begin.end() :].splitlines():
        if line.strip() in {b"end", b"`", b""}:
            break
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            # some encoders write more than they said they would
            said = ((line[0] - 32) & 63) * 4 + 5
            try:
                out += binascii.a2b_uu(line[: said // 3])
            except binascii.Error:
                continue
    return bytes(out)


def _from_base64_body(raw: bytes) -> bytes:
    clear = b""
    if raw.translate(None, _BASE64_LINES):
        foreign = _FOREIGN_LINE.search(raw)
        if foreign is not None:
            rest = raw[foreign.start() : foreign.start() + _SAMPLE_BYTES]
            if len(_FOREIGN.findall(rest)) > _FOREIGN_MAX * len(rest):
                # a list's footer in the clear; or all of it, which says that it is base64, and isn't
                raw, clear = raw[: foreign.start()], raw[foreign.start() :]
    return _pieces_of_base64(raw) + clear


def _pieces_of_base64(raw: bytes) -> bytes:
    """Some programs put pieces together that were encoded each for itself: padding stands in the middle."""
    out = b""
    for _ in range(_PIECES_MAX):
        padding = raw.find(b"=")
        end = padding + 1
        while raw[end : end + 1] in {b"=", b"\r", b"\n"}:
            end += 1
        if padding < 0 or end >= len(raw):
            break
        out += from_base64(raw[:end])
        raw = raw[end:]
    return out + from_base64(raw) if out else from_base64(raw)
