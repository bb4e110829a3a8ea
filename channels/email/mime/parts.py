"""One part of a mail: what it is, its bytes, its text. Bounded, and never fails. Below bodies.py."""

from __future__ import annotations

import re

from channels.email.mime import flowed
from channels.email.mime.charsets import decode_bytes
from channels.email.mime.headers import Tree
from channels.email.mime.transfer import decoded
from channels.email.mime.tree import children_of, written_out

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+_-]{0,60}/[a-z0-9][a-z0-9.+_-]{0,80}")
_CHARSET_OF_HTML = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_HTML_HEAD_BYTES = 4096


def media_type_of(part: Tree) -> str:
    """`type/subtype`; `application/octet-stream` for what is none."""
    written = part.get_content_type()
    return written if _MEDIA_TYPE.fullmatch(written) else "application/octet-stream"


def payload_of(part: Tree) -> bytes:
    """A leaf's bytes, its transfer encoding undone as far as it can be."""
    return decoded(part.written, part.raw("Content-Transfer-Encoding"))


def text_of(part: Tree) -> str:
    """A leaf's text, its lines ended by a line feed; RFC 3676's flowed lines put together."""
    raw = payload_of(part)
    charset = part.content_type["charset"]
    if not charset and media_type_of(part) == "text/html":
        said = _CHARSET_OF_HTML.search(raw[:_HTML_HEAD_BYTES])
        charset = said.group(1).decode("ascii") if said else ""
    text = decode_bytes(raw, charset or None)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if part.content_type["format"].lower() == "flowed":
        text = flowed.joined(text, delete_space=part.content_type["delsp"].lower() == "yes")
    return text


def bytes_of(part: Tree) -> bytes:
    """What a leaf holds, or a mail within the mail as its bytes were, for a file."""
    if not part.is_multipart():
        return payload_of(part)
    # RFC 2046 §5.2.1 forbids it, some encode an enclosed mail all the same
    out = b"".join(each for child in children_of(part) for each in written_out(child))
    return decoded(out.lstrip(b"\r\n"), part.raw("Content-Transfer-Encoding"))
