"""What a mail server wrote about a mail it could not deliver, as an enhanced status code. Below bounces.py.

Servers that know RFC 3463 say the code; of the others' words, in any of their shapes, the table makes one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_CURLY = "\N{RIGHT SINGLE QUOTATION MARK}"
TEXT_MAX_CHARACTERS = 32 * 1024
_CODE = re.compile(r"(?<![\w.])([245])\.(\d{1,2})\.(\d{1,3})(?![\w.])")  # no IP address
_OF_MICROSOFT = re.compile(r"(?<![\w.])5\.4\.1(?![\w.]).{0,80}access denied", re.IGNORECASE | re.DOTALL)
_SAYS_NOTHING = re.compile(r"[245]\.0\.0|[25]\.[345]\.0")
_PHRASES: Mapping[str, tuple[str, ...]] = {  # the first that fits: a full mailbox is "unavailable", too
    "2.2": (
        r"mailbox (?:is |was )?full",
        r"over (?:its )?(?:disk )?quota",
        r"quota (?:is )?(?:exceeded|full)",
        r"exceed(?:s|ed) (?:\w+ ){0,4}(?:quota|storage)",
        r"out of storage",
        r"not enough (?:disk )?space",
        r"insufficient (?:system )?storage",
        r"buz[oó]n (?:est[aá] )?lleno",
        r"postfach (?:ist )?voll",
        r"bo[iî]te (?:aux lettres )?pleine",
    ),
    "3.4": (
        r"(?:message|mail|size|it) (?:is |was )?too (?:large|big)",
        r"exceed(?:s|ed) (?:\w+ ){0,6}size",
        r"size (?:limit|exceeds)",
        r"larger than",
        r"demasiado grande",
    ),
    "1.2": (
        r"host (?:or domain name )?not found",
        r"(?:domain|host) (?:\S+ )?(?:couldn't|could not|can't|cannot) be found",
        r"(?:domain|host) (?:name )?(?:does not exist|not found|unknown)",
        r"unknown (?:host|domain)",
        r"no such domain",
        r"couldn't find any host",
        r"unrouteable mail domain",
        r"name or service not known",
        r"nxdomain",
        r"no mx record",
        r"dominio (?:\S+ )?(?:no existe|desconocido)",
    ),
    "2.1": (
        r"(?:mailbox|account|user|recipient)(?: \S+)?(?: is| has been| was)? (?:disabled|inactive|suspended)",
        r"(?:mailbox|account) (?:is |has been |was )?deactivated",
        r"(?:mailbox|account) (?:is |has been |was )closed",
        r"no longer (?:active|in use|available|accepts mail|works here)",
        r"cuenta (?:desactivada|suspendida|cerrada)",
    ),
    "1.1": (
        r"(?:user|recipient|mailbox|address|account)(?: \S+)? (?:is )?unknown",
        r"unknown (?:user|recipient|mailbox|address|account)",
        r"no such (?:user|mailbox|recipient|person|address|account)",
        r"no mailbox (?:here )?by that name",
        r"(?:does not|doesn't) (?:exist|have an? \S+ account)",
        r"not listed in",
        r"(?:couldn't be|wasn't|could not be) found",
        r"(?:mailbox|address|recipient|user)(?: \S+)? (?:was )?not found",
        r"invalid (?:recipient|mailbox|user|address)",
        r"unroute?able address",
        r"mailbox (?:name )?(?:unavailable|not allowed)",
        r"recipient (?:address )?rejected",
        r"no existe",
        r"(?:usuario|destinatario|buz[oó]n) desconocido",
        r"unbekannter empf[äa]nger",
    ),
    "7.1": (
        r"\bspam\b",
        r"(?:black|block) ?list",
        r"\bblocked\b",
        r"reputation",
        r"\b(?:dmarc|spf|dkim)\b",
        r"policy",
        r"content rejected",
        r"virus",
        r"correo no deseado",
    ),
    "4.7": (
        r"retry time(?:out)? (?:not reached|exceeded)",
        r"too long",
        r"(?:message|delivery time) (?:has )?expired",
        r"(?:giv(?:e|ing|en)|gave)(?: it)? up",
        r"timed? ?out",
        r"connection refused",
        r"could not connect",
        r"not respond",
        r"within the (?:allowed|time)",
    ),
}
_TABLE = tuple((subject, re.compile("|".join(words), re.IGNORECASE)) for subject, words in _PHRASES.items())


def status_of(text: str, *, delayed: bool = False) -> str:
    """The code in a server's words, or the one they mean; nothing where they say nothing.

    `delayed`: it is still being tried, so that the code is of class 4, as all others are of class 5.
    """
    text = " ".join(text[:TEXT_MAX_CHARACTERS].split()).replace(_CURLY, "'")
    if _OF_MICROSOFT.search(text):
        return "5.1.1"
    kind = "4" if delayed else "5"
    codes = [f"{kind}.{found[2]}.{found[3]}" for found in _CODE.finditer(text) if found[1] != "2"]
    telling = next((code for code in codes if not says_nothing(code)), "")
    if telling:
        return telling
    meant = next((f"{kind}.{subject}" for subject, words in _TABLE if words.search(text)), "")
    return meant or next(iter(codes), "")


def says_nothing(status: str) -> bool:
    """Is it a code that leaves the reason open?"""
    return not status or _SAYS_NOTHING.fullmatch(status) is not None
