"""Outlook's compressed RTF (MS-OXRTFCP) as plain text: all that some winmail.dat have for a body. Below outlook.py."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

RTF_MAX_BYTES = 512 * 1024
"""Of one mail, all its messages in messages together: the worst costs a second."""
_HEADER = struct.Struct("<IIII")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_BEGINS_WITH = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor"
    rb" MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_LINK = re.compile(
    r'(\{\\field\{\s{0,9}\\\*\\fldinst\{[^{}"]{0,99}HYPERLINK\s("[^"{}]{1,2000}")\}\}\s{0,9}'
    r"\{\\fldrslt[^{}]{0,999}(?:\{[^{}]{0,999}\}[^{}]{0,999}){0,99}\}\})"
)
_FIELD = re.compile(r"\\field\{", re.IGNORECASE)
_FONTS, _UNSHOWN = r"\fonttbl", r"\colortbl"
_FONT = re.compile(r"\\f(\d{1,5})[^;{}]{0,99}?\\fcharset(\d{1,3})")
_FONTS_MAX_CHARACTERS = 64 * 1024


@dataclass
class RtfRoom:
    """How much of a mail's RTF is still read. Handed through all that is read of the mail."""

    left: int = RTF_MAX_BYTES

    def words_of(self, compressed: bytes) -> tuple[str, bool]:
        """What it says, and whether that is all: of what is over the room nothing is read."""
        rtf = decompressed(compressed, self.left + 1)
        whole = len(rtf) <= self.left
        rtf = rtf[: self.left]
        self.left -= len(rtf)
        return text_of_rtf(rtf), whole


def decompressed(data: bytes, most: int = RTF_MAX_BYTES) -> bytes:
    """The RTF, or what of it came before the end; nothing for what is neither of the two kinds."""
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    size = min(size, most)
    if kind == _STORED:
        return data[_HEADER.size : _HEADER.size + size]
    return _unpacked(data, size)[:size] if kind == _COMPRESSED else b""


def text_of_rtf(rtf: bytes) -> str:
    """Its words. Nothing for what is no RTF."""
    if not rtf.lstrip().startswith(b"{\\rtf"):
        return ""
    from striprtf import striprtf  # noqa: PLC0415 -- hardly a mail needs it

    try:
        return str(striprtf.rtf_to_text(_tamed(rtf.decode("latin-1")), errors="replace")).strip()  # type: ignore[no-untyped-call]  # -- it has none
    except (ValueError, LookupError, TypeError, IndexError, AttributeError, OverflowError):
        return ""


def _tamed(rtf: str) -> str:
    """The same with its links said and its fonts listed as the library would find them.

    Its own patterns for both take n⁴ steps: a kilobyte that is made for them takes 20 s. They find here nothing to try
    but one font a line.
    """
    rtf = _FIELD.sub(r"\\field {", _LINK.sub(r"\1(\2)", rtf))
    start = rtf.find(_FONTS)
    if start < 0:
        return rtf
    listed = _FONT.findall(rtf, start, start + _FONTS_MAX_CHARACTERS)
    fonts = "\n".join(rf"{{\f{number}\fcharset{charset} x;}}" for number, charset in listed)
    return f"{{{{{_FONTS}\n{fonts}}}{rtf.lstrip()[1:].replace(_FONTS, _UNSHOWN)}"


def _unpacked(data: bytes, size: int) -> bytes:
    window = bytearray(_BEGINS_WITH.ljust(_WINDOW, b"\0"))
    write = len(_BEGINS_WITH)
    out = bytearray()
    at = _HEADER.size
    while at < len(data) and len(out) < size:
        control = data[at]
        at += 1
        for bit in range(8):
            if control >> bit & 1:
                if at + 2 > len(data):
                    return bytes(out)
                pointer = data[at] << 8 | data[at + 1]
                at += 2
                offset, length = pointer >> 4, (pointer & 0xF) + 2
                if offset == write:
                    return bytes(out)  # the end
                copied = range(offset, offset + length)
            else:
                if at >= len(data):
                    return bytes(out)
                window[write] = data[at]
                out.append(data[at])
                write = (write + 1) % _WINDOW
                at += 1
                continue
            for each in copied:
                letter = window[each % _WINDOW]
                window[write] = letter
                out.append(letter)
                write = (write + 1) % _WINDOW
    return bytes(out)
