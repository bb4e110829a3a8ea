"""Tells what somebody wrote from the history their mail program put under it. Linear in the text. Below parse.py.

Own code (docs/decisions): the libraries are English only, or quadratic, and strip the indentation of what they return.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LINE_MAX_CHARACTERS = 400
_WRAPPED_LINES = 3

_ATTRIBUTION = re.compile(
    r"(?:On|El|Em|Le|Am|Il)\b.{4,380}\b"
    r"(?:wrote|escribi[óo]|escreveu|(?:a )?écrit|schrieb.{0,80}|ha scritto)\s?:",
    re.IGNORECASE,
)
_WROTE = re.compile(r".{0,200}<[^<>\s]{3,150}>.{0,40}\b(?:wrote|escribi[óo])\s?:", re.IGNORECASE)
_ATTRIBUTION_START = re.compile(r"(?:On|El|Em|Le|Am|Il)\s", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"[-_ ]{3,}\s?(?:Original Message|Mensaje original|Mensagem original)\s?[-_ ]{3,}", re.IGNORECASE
)
_HEADER = re.compile(
    r"[*\s]{0,4}(From|De|Sent|Date|To|Cc|Subject|Enviado(?: el)?|Fecha|Para|CC|Asunto|Assunto)\s?:", re.IGNORECASE
)
_FROM = re.compile(r"[*\s]{0,4}(?:From|De)\s?:", re.IGNORECASE)
_FORWARDED = re.compile(
    r"[-\s]{0,20}(?:Forwarded message|Begin forwarded message|Mensaje reenviado|Inicio del mensaje reenviado)\b",
    re.IGNORECASE,
)
_RULE = re.compile(r"_{20,}")
_HEADERS_OF_A_BLOCK = 3


def reply_of(text: str) -> str:
    """What was written, without the history under it; all of it where nothing else would be left."""
    lines = text.split("\n")
    cut = _history_start(lines)
    if cut is None:
        return text.strip("\n")
    written = "\n".join(lines[:cut]).strip()
    return written or text.strip("\n")


def _history_start(lines: Sequence[str]) -> int | None:
    for at, line in enumerate(lines):
        if _FORWARDED.match(line[:_LINE_MAX_CHARACTERS]):
            return None  # what was passed on is the message
        if _is_block(lines, at):
            return at
        end = _attribution_end(lines, at)
        if end is not None and not _answers_between(lines[end:]):
            return at
    return _trailing_quote(lines)


def _is_block(lines: Sequence[str], at: int) -> bool:
    """Outlook: a rule or a title, then From:, Sent:, To:, Subject:."""
    line = lines[at][:_LINE_MAX_CHARACTERS].strip()
    if _ORIGINAL.fullmatch(line):
        return True
    if not (_FROM.match(line) or _RULE.fullmatch(line)):
        return False
    following = lines[at : at + 7]
    headers = {found.group(1).lower() for each in following if (found := _HEADER.match(each[:_LINE_MAX_CHARACTERS]))}
    return len(headers) >= _HEADERS_OF_A_BLOCK


def _attribution_end(lines: Sequence[str], at: int) -> int | None:
    """The line after "On …, Ana wrote:", which programs wrap over up to three lines; None: this is none."""
    first = lines[at].strip()
    if not first or first.startswith(">"):
        return None
    if not _ATTRIBUTION_START.match(first) and "<" not in first:
        return None
    joined = ""
    for end in range(at, min(at + _WRAPPED_LINES, len(lines))):
        joined = f"{joined} {lines[end].strip()}".strip()
        if len(joined) > _LINE_MAX_CHARACTERS:
            return None
        if _ATTRIBUTION.fullmatch(joined) or _WROTE.fullmatch(joined):
            return end + 1
    return None


def _answers_between(lines: Sequence[str]) -> bool:
    """Somebody wrote among or under the quoted lines: then the quotes are part of what is said."""
    quoted = False
    for line in lines:
        if line.startswith(">"):
            quoted = True
        elif quoted and line.strip():
            return not line.startswith("-- ") and line.strip() != "--"
    return False


def _trailing_quote(lines: Sequence[str]) -> int | None:
    at = len(lines)
    while at and (not lines[at - 1].strip() or lines[at - 1].startswith(">")):
        at -= 1
    return at if any(line.startswith(">") for line in lines[at:]) else None
