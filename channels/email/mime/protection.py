"""Tells encrypted and signed mail: PGP/MIME, S/MIME, and PGP within the text, which is taken out. Below bodies.py.

Nothing is decrypted and no signature verified here: people are told what came, and the files are kept as they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.interaction import Label

_LOOKED_AT_BYTES = 64
_PKCS7 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x07"  # RFC 5652 §3; one more byte says what kind
_KINDS_OF_PKCS7 = {2: Label.SIGNED, 3: Label.ENCRYPTED, 4: Label.ENCRYPTED}
_AUTH_ENVELOPED = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"  # RFC 5083
_KINDS_BY_NAME = {"signed-data": Label.SIGNED, "enveloped-data": Label.ENCRYPTED, "authenveloped-data": Label.ENCRYPTED}

_ARMOR = "-----BEGIN PGP "
_MESSAGE = re.compile(
    r"^-----BEGIN PGP MESSAGE-----$.*?(?:^-----END PGP MESSAGE-----$\n?|\Z)", re.DOTALL | re.MULTILINE
)
_BEGIN, _SIGNATURE, _END = (
    "-----BEGIN PGP SIGNED MESSAGE-----\n",
    "\n-----BEGIN PGP SIGNATURE-----",
    "-----END PGP SIGNATURE-----",
)
_DASH_ESCAPED = re.compile(r"^- ", re.MULTILINE)

MULTIPARTS = {"multipart/signed": Label.SIGNED, "multipart/encrypted": Label.ENCRYPTED}
PKCS7 = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
CONTROL = "application/pgp-encrypted"
"""RFC 3156 §4: it says `Version: 1`, and nothing else."""


@dataclass(frozen=True)
class Unarmored:
    """A text without its armor. `encrypted`: what was taken out of it, to be kept as a file."""

    text: str
    labels: tuple[Label, ...] = ()
    encrypted: str = ""


def label_of_pkcs7(data: bytes, smime_type: str) -> Label | None:
    """By what the bytes say they are, else by what the header said; None for certificates, and for what is neither."""
    head = data[:_LOOKED_AT_BYTES]
    at = head.find(_PKCS7)
    if at >= 0 and at + len(_PKCS7) < len(head):
        return _KINDS_OF_PKCS7.get(head[at + len(_PKCS7)])
    if _AUTH_ENVELOPED in head:
        return Label.ENCRYPTED
    return _KINDS_BY_NAME.get(smime_type.lower())


def unarmored(text: str) -> Unarmored:
    """PGP as it was before MIME: RFC 9580 §6.2 and §7. Its words are shown as they were written."""
    if _ARMOR not in text:
        return Unarmored(text)
    labels: list[Label] = []
    blocks = [found.group() for found in _MESSAGE.finditer(text)]
    if blocks:
        labels.append(Label.ENCRYPTED)
        text = _MESSAGE.sub("", text)
    clear = _in_the_clear(text)
    if clear != text:
        labels.append(Label.SIGNED)
    return Unarmored(clear, tuple(labels), "".join(blocks))


def _in_the_clear(text: str) -> str:
    """Without the lines around what was signed. Each is looked for behind the last: linear, however many begin."""
    pieces: list[str] = []
    end = 0
    while (begin := text.find(_BEGIN, end)) >= 0 and (signature := text.find(_SIGNATURE, begin)) >= 0:
        content = text.find("\n\n", begin, signature + 1)  # behind `Hash: …`
        written = text[begin + len(_BEGIN) if content < 0 else content + 2 : signature + 1]
        pieces += [text[end:begin], _DASH_ESCAPED.sub("", written)]
        stop = text.find(_END, signature)
        end = len(text) if stop < 0 else stop + len(_END)
    return "".join(pieces) + text[end:].removeprefix("\n") if pieces else text
