"""Outlook's compressed RTF (MS-OXRTFCP) as plain text: all that some winmail.dat have for a body. Below outlook.py."""

from __future__ import annotations

import struct

RTF_MAX_BYTES = 2 * 1024 * 1024
_HEADER = struct.Struct("<IIII")
_COMPRESSED, _STORED = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_BEGINS_WITH = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor"
    rb" MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)


def decompressed(data: bytes) -> bytes:
    """The RTF, or what of it came before the end; nothing for what is neither of the two kinds."""
    if len(data) < _HEADER.size:
        return b""
    _, size, kind, _ = _HEADER.unpack_from(data)
    size = min(size, RTF_MAX_BYTES)
    if kind == _STORED:
        return data[_HEADER.size : _HEADER.size + size]
    return _unpacked(data, size) if kind == _COMPRESSED else b""


def text_of_rtf(rtf: bytes) -> str:
    """Its words. Nothing for what is no RTF."""
    if not rtf.lstrip().startswith(b"{\\rtf"):
        return ""
    from striprtf import striprtf  # noqa: PLC0415 -- hardly a mail needs it

    try:
        return str(striprtf.rtf_to_text(rtf.decode("latin-1"), errors="replace")).strip()  # type: ignore[no-untyped-call]  # -- it has none
    except (ValueError, LookupError, TypeError, IndexError, AttributeError, OverflowError):
        return ""


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
