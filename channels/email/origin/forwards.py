"""Who wrote what a mail passes on: by the block over it, in each language, or the mail it encloses. For parse.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from channels.email.mime.encoded_words import decode_words
from channels.email.mime.headers import Headers, Tree
from channels.email.mime.parts import media_type_of
from channels.email.words.header_blocks import Block, block_at, block_below, is_forward_title, is_original_title
from channels.email.words.quotes import is_answer, is_forward, worth_a_look
from channels.text import one_line
from schemas.address import email_address
from schemas.errors import InvalidError
from schemas.interaction import Party

_LINES_MAX = 400
_PARTS_MAX = 50
_NAME_MAX_CHARACTERS = 120
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,190}\w")
_AROUND_A_NAME = " \t\"'<>[]()*,;"


def original_of(message: Tree, headers: Headers, text: str) -> Party | None:
    """Whoever wrote what is passed on, as the mail claims. None: it passes nothing on, or doesn't say whose."""
    subject = headers.text("Subject")
    if is_answer(subject):
        return None  # what its history passed on was passed on before
    forwards = is_forward(subject)
    block = _block(text.split("\n")[:_LINES_MAX], forwards=forwards)
    if block is not None:
        return _named(block.says["from"])
    return _enclosed(message) if forwards or not text.strip() else None


def _block(lines: Sequence[str], *, forwards: bool) -> Block | None:
    for at in worth_a_look(lines):
        line = lines[at]
        if is_forward_title(line) or (forwards and is_original_title(line)):
            return block_below(lines, at)
        if forwards and (found := block_at(lines, at)):
            return found
    return None


def _enclosed(message: Tree) -> Party | None:
    """The author of the only mail that is enclosed."""
    inside: list[Tree] = []
    for seen, part in enumerate(message.walk()):
        if seen >= _PARTS_MAX:
            return None
        if media_type_of(part) == "message/rfc822" and part.is_multipart():
            inside += cast("list[Tree]", part.get_payload())[:1]
    # what is enclosed in the enclosed one comes after it
    return next(iter(Headers(inside[0]).parties("From")), None) if inside else None


def _named(value: str) -> Party | None:
    found = _ADDRESS.search(value.replace("mailto:", " "))
    if found is None:
        return None
    try:
        address = email_address(found.group())
    except InvalidError:
        return None
    name = one_line(decode_words(value.replace("mailto:", " ")[: found.start()])).strip(_AROUND_A_NAME)
    return Party(address=address, name=name[:_NAME_MAX_CHARACTERS])
