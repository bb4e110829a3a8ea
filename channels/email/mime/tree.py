"""Raw bytes to the tree of a mail's parts: mended where it is broken in known ways, bounded. Below parse.py.

The standard library's parser, whose memory and time are known; it takes a message apart as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.feedparser import BytesFeedParser
from email.parser import Parser
from email.policy import Policy, compat32
from itertools import count
from typing import cast

from channels.email.mime.headers import Tree

BOUNDARIES_MAX = 500
MESSAGES_MAX = 10_000
"""A mail, and the parts in it, that are made at all."""
HEAD_MAX_BYTES = 64 * 1024
_FED_BYTES = 64 * 1024
_LOOKS_MAX = 40_000_000  # each line is compared with the boundary of every part around it
_LOOKS_A_LINE = 10  # whatever else is done with it
_BROKEN = (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError)

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n|\r\r")
_KNOWN = rb"(?:from|to|cc|subject|date|received|return-path|delivered-to|message-id|mime-version|content-type|x-[a-z]+)"
_BEGINS_LATE = re.compile(rb"[\xef\xbb\xbf\s]+(?=%s[ \t]*:)" % _KNOWN, re.IGNORECASE)
_ODD_LINE = re.compile(rb"^(?:([!-9;-~]{1,60})[ \t]+:|>From [^\r\n]*\r?\n)", re.MULTILINE)
_DELIMITER = re.compile(r"^--([^\s-][^\r\n]{0,68}|-[^\r\n]{1,68}?)[ \t]*\r?\n(?=[!-9;-~]{1,60}:|\r?\n)", re.MULTILINE)


def read_tree(content: bytes) -> tuple[Tree, bool]:
    """The mail's parts; False: nested so deep or so often that only its headers were read."""
    content = _mended(content)
    boundaries, lines = content.count(b"boundary="), max(content.count(b"\n"), content.count(b"\r"))
    if boundaries <= BOUNDARIES_MAX and lines * (boundaries + _LOOKS_A_LINE) <= _LOOKS_MAX:
        try:
            return _parsed(content), True
        except _BROKEN:
            pass
    return read_head(content), False


def read_head(content: bytes) -> Tree:
    """The headers of a mail alone."""
    try:
        return _parsed(head_of(_mended(content[:HEAD_MAX_BYTES])))
    except _BROKEN:
        return Tree()


def head_of(content: bytes) -> bytes:
    """The lines before the first blank one."""
    return _END_OF_HEAD.split(content[:HEAD_MAX_BYTES], maxsplit=1)[0]


def below_head(content: bytes) -> bytes:
    """What follows them."""
    return _END_OF_HEAD.split(content, maxsplit=1)[-1]


def parted_anew(part: Tree) -> Tree | None:
    """A multipart whose boundary isn't named, or never comes, by the first line that looks like one."""
    written = part.written.decode("ascii", "surrogateescape")
    found = _DELIMITER.search(written)
    if found is None:
        return None
    boundary = found.group(1).replace("\\", "\\\\").replace('"', '\\"')
    try:
        parser: Parser[Tree] = Parser(Tree)
        again = parser.parsestr(f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n{written}')
    except _BROKEN:
        return None
    return again if again.is_multipart() else None


def children_of(part: Tree) -> list[Tree]:
    """The parts of a part."""
    return cast("list[Tree]", part.get_payload())


def written_out(part: Tree) -> Iterator[bytes]:
    """A mail within the mail as its bytes were. The standard library's takes the square of a raw header's length."""
    for name, value in part.raw_items():
        yield _bytes(f"{name}: {value}\r\n")
    yield b"\r\n"
    if not part.is_multipart():
        yield part.written
        return
    boundary = part.content_type["boundary"] if part.get_content_maintype() == "multipart" else ""
    delimiter = f"--{boundary}\r\n" if boundary else ""
    between = f"\r\n{delimiter}" if boundary else ""
    before = delimiter if part.preamble is None else f"{part.preamble}{between}"
    for child in children_of(part):
        yield _bytes(before)
        yield from written_out(child)
        before = between
    if boundary:
        yield _bytes(f"\r\n--{boundary}--\r\n{part.epilogue or ''}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _parsed(content: bytes) -> Tree:
    made = count()

    def make(policy: Policy = compat32) -> Tree:
        if next(made) > MESSAGES_MAX:
            raise ValueError("more parts than any mail has")
        return Tree(policy)

    parser: BytesFeedParser[Tree] = BytesFeedParser(make)
    for at in range(0, len(content), _FED_BYTES):  # at once it would stand in memory as text, four bytes a character
        parser.feed(content[at : at + _FED_BYTES])
    return parser.close()


def _mended(content: bytes) -> bytes:
    late = _BEGINS_LATE.match(content)  # blank lines, or a byte order mark, before the first header
    if late is not None:
        content = content[late.end() :]
    if b"\r\r\n" in content[:HEAD_MAX_BYTES]:
        content = content.replace(b"\r\r\n", b"\r\n")  # a program that added CR to lines that had it
    head = head_of(content)
    odd = _ODD_LINE.search(head)
    if odd is None:
        return content
    return _ODD_LINE.sub(_as_today, head) + content[len(head) :]


def _as_today(found: re.Match[bytes]) -> bytes:
    """RFC 5322 §4.5.8: blanks before the colon; a line of mbox is none of the mail."""
    name = found.group(1)
    return b"" if name is None else name + b":"
