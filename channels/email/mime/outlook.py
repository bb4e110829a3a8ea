"""What a winmail.dat holds, as the words and the files of the mail it came in. Bounded. Below bodies.py."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels.email.mime import tnef
from channels.email.mime.charsets import decode_bytes
from channels.email.mime.file_names import safe_name
from channels.email.mime.rtf import RtfRoom
from channels.email.mime.tnef import Packed, Record, Value

MEDIA_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
NAME = "winmail.dat"
_MESSAGES_IN_MESSAGES_MAX = 5
_CODEPAGE_OF_STRINGS, _CODEPAGE_OF_HTML = 0x3FFD, 0x3FDE
_BODY, _HTML, _RTF = 0x1000, 0x1013, 0x1009
_LONG_NAME, _NAME, _SHOWN_NAME, _DATA, _MEDIA_TYPE, _CONTENT_ID = 0x3707, 0x3704, 0x3001, 0x3701, 0x370E, 0x3712
_INTERFACE_BYTES = 16  # before the data of an object


@dataclass(frozen=True)
class Packing:
    """A file of it. `inline`: a picture of its HTML."""

    name: str
    media_type: str
    data: bytes
    inline: bool


@dataclass
class Unpacked:
    """`text` or `html`, and the files. `whole`: False where it was broken, and more may have been in it.

    `over`: True where there was no room for all of its words: the file itself is to be kept.
    """

    text: str = ""
    html: str = ""
    files: list[Packing] = field(default_factory=list[Packing])
    whole: bool = True
    over: bool = False


def unpacked(data: bytes, room: RtfRoom, depth: int = 0) -> Unpacked | None:
    """None for what is no such file, or one of which nothing can be read."""
    packed = tnef.unpack(data)
    if packed is None:
        return None
    charset = _charset(packed.message)
    found = Unpacked(whole=packed.whole)
    found.html = _readable(packed.message.properties.get(_HTML), _number(packed, _CODEPAGE_OF_HTML) or charset)
    if not found.html:
        body = packed.message.properties.get(_BODY) or packed.message.attributes.get(tnef.BODY)
        found.text = _readable(body, charset)
        compressed = packed.message.properties.get(_RTF)
        if not found.text and isinstance(compressed, bytes):
            found.text, whole = room.words_of(compressed)
            found.over = not whole
    for attachment in packed.attachments:
        _unpack(found, attachment, charset, room, depth)
    return found if found.over or found.text.strip() or found.html.strip() or found.files else None


def _unpack(found: Unpacked, attachment: Record, charset: str, room: RtfRoom, depth: int) -> None:
    properties = attachment.properties
    name = _readable(tnef.text_of(properties, _LONG_NAME, _NAME, _SHOWN_NAME), charset)
    name = safe_name(name or _readable(attachment.attributes.get(tnef.TITLE), charset))
    inside = properties.get(_DATA, b"")
    data = attachment.attributes.get(tnef.DATA) or (inside if isinstance(inside, bytes) else b"")
    if data[_INTERFACE_BYTES:].startswith(tnef.SIGNATURE) and depth < _MESSAGES_IN_MESSAGES_MAX:
        message = unpacked(data[_INTERFACE_BYTES:], room, depth + 1)
        if message is not None:
            words = message.html or message.text
            kind, extension = ("text/html", ".html") if message.html else ("text/plain", ".txt")
            if words or not message.over:
                found.files.append(Packing((name or "message") + extension, kind, words.encode(), inline=False))
            found.files += message.files
            found.over |= message.over
            return
    if not (data or name):
        return
    media_type = _readable(properties.get(_MEDIA_TYPE), charset).lower() or "application/octet-stream"
    inline = media_type.startswith("image/") and bool(properties.get(_CONTENT_ID))
    found.files.append(Packing(name or f"file-{len(found.files) + 1}", media_type, data, inline))


def _charset(message: Record) -> str:
    oem = message.attributes.get(tnef.CODEPAGE, b"")[:4]
    number = message.properties.get(_CODEPAGE_OF_STRINGS) or oem
    return _named(number) or "cp1252"


def _number(packed: Packed, name: int) -> str:
    return _named(packed.message.properties.get(name))


def _named(number: Value | None) -> str:
    """A code page as a charset: 65001 is UTF-8."""
    if not isinstance(number, bytes) or len(number) < 2:  # noqa: PLR2004 -- bytes of the number
        return ""
    page = int.from_bytes(number[:4], "little")
    return {0: "", 65001: "utf-8", 1200: "utf-16-le", 28591: "latin-1", 50220: "iso-2022-jp"}.get(page, f"cp{page}")


def _readable(value: Value | None, charset: str) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else decode_bytes(value, charset)
    return text.replace("\r\n", "\n").rstrip("\0")
