r"""Where the links of a mail lead, said beside words that hide it or name another place. After the sanitizer.

A browser decides which host an address means, so it is read as browsers read it (WHATWG URL): `\` is `/`, what stands
before an `@` is nobody, tabs are not there. A name in another alphabet is shown as the network knows it.
"""

from __future__ import annotations

import html
import re
from enum import StrEnum
from urllib.parse import unquote

_LINK = re.compile(r'(<a href="([^"]*)"[^<>]*>)(.*?)</a>', re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_SCHEME = re.compile(r"https?:[/\\]*", re.IGNORECASE)
_UNSEEN = re.compile(r"[\t\r\n]")
_HOST_END = re.compile(r"[/\\?#]")
_PORT = re.compile(r":\d{0,5}$")
_ADDRESS_MAX_CHARACTERS = 2000
_HOST_MAX_CHARACTERS = 253
_WORDS_MAX_CHARACTERS = 1000

_NAMED = re.compile(
    r"(?:https?:[/\\]{2}(?:[^\s/\\@]{0,100}@)?|www\.|@)((?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,23})", re.IGNORECASE
)
_BARE = re.compile(r"(?:[\w-]{1,63}\.){1,8}([^\W\d_]{2,24})(?:[/?#]\S*)?")
_FILES = (
    "pdf doc docx xls xlsx ppt pptx odt ods txt csv zip rar png jpg jpeg gif svg html htm php asp aspx js css py md"
    " json xml yml yaml log exe msi apk iso eml ics mp3 mp4 mov avi jsp sh rs ts rb java"
)


class Leads(StrEnum):
    """What the words of a link say of where it leads."""

    THERE = "there"
    UNSAID = "unsaid"
    ELSEWHERE = "elsewhere"


def host_of(address: str) -> str:
    """The host of a web address, or the mailbox of a `mailto:`, as it really is; empty: neither."""
    text = _UNSEEN.sub("", address[:_ADDRESS_MAX_CHARACTERS]).strip()
    if text.lower().startswith("mailto:"):
        mailbox, _, domain = unquote(text[7:].partition("?")[0]).rpartition("@")
        return f"{_plain(mailbox)}@{_as_known(domain)}" if mailbox else ""
    scheme = _SCHEME.match(text)
    if scheme is None:
        return ""
    authority = _HOST_END.split(text[scheme.end() :], maxsplit=1)[0]
    return _as_known(unquote(_PORT.sub("", authority.rpartition("@")[2])))


def leads(words: str, address: str) -> Leads:
    """Do a link's words say where it leads?"""
    host = host_of(address).rpartition("@")[2]
    said = words.strip()[:_WORDS_MAX_CHARACTERS]
    named = [_as_known(each) for each in _NAMED.findall(said)]
    bare = _BARE.fullmatch(said.rstrip(".,;"))
    if bare is not None and bare.group(1).lower() not in _FILES.split() and "@" not in said:
        named.append(_as_known(_HOST_END.split(said, maxsplit=1)[0].rstrip(".,;")))
    if not host or any(_same(name, host) for name in named):
        return Leads.THERE
    return Leads.ELSEWHERE if named else Leads.UNSAID


def with_hosts(safe: str) -> str:
    """Sanitized HTML in which each link that hides its host is followed by it, and by a warning where its words lie."""
    return _LINK.sub(_with_host, safe)


def misleading(safe: str) -> bool:
    """Does one of its links name another place than it leads to?"""
    return any(_leads(found) is Leads.ELSEWHERE for found in _LINK.finditer(safe))


def as_known(address: str) -> str:
    """A web address with its host as the network knows it, for plain text."""
    host = host_of(address)
    if address.isascii() or not host or "@" in host:
        return address
    scheme, _, rest = address.partition(":")
    rest = rest.lstrip("/\\")
    end = _HOST_END.search(rest)
    return f"{scheme}://{host}{rest[end.start() :] if end else ''}"


def _with_host(found: re.Match[str]) -> str:
    verdict = _leads(found)
    if verdict is Leads.THERE:
        return found.group()
    host = html.escape(host_of(html.unescape(found.group(2))))
    mark = f'<b class="elsewhere">⚠ {host}</b>' if verdict is Leads.ELSEWHERE else f'<span class="host">{host}</span>'
    return f"{found.group()} {mark}"


def _leads(found: re.Match[str]) -> Leads:
    return leads(html.unescape(_TAG.sub("", found.group(3))), html.unescape(found.group(2)))


def _same(name: str, host: str) -> bool:
    one, other = name.removeprefix("www."), host.removeprefix("www.")
    return one == other or other.endswith(f".{one}") or one.endswith(f".{other}")


def _as_known(host: str) -> str:
    host = host[:_HOST_MAX_CHARACTERS].strip().rstrip(".").lower()
    if host.isascii():
        return _plain(host)
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        return _plain(host)


def _plain(text: str) -> str:
    """What can't be a name of a host is shown by its numbers: marks that turn the direction of writing, too."""
    return text if text.isascii() and text.isprintable() else text.encode("ascii", "backslashreplace").decode()
