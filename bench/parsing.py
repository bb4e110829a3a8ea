"""Parsing mails: tree, headers and text beside the standard library's compat32 parser walking and decoding the same.

Of the corpus, and of ordinary ones. What comes after, telling history apart and making HTML safe, is taken by itself.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence

from bench.limits import parse_only
from bench.measure import ROUNDS, Figure, against
from bench.ordinary_mails import ordinary_mails
from channels.email.bodies import Body, read_body
from channels.email.mime.headers import Headers
from channels.email.mime.tree import read_tree
from channels.email.parse import parse
from channels.email.words.html import sanitized
from channels.email.written import written_in
from tests.channels.email.mails import OURS, mails, raw_mail

_ORDINARY = 300
_ROUNDS = 7


def figures(cluster_url: str) -> list[Figure]:  # noqa: ARG001 -- no database is needed
    """One figure a kind of mails, and what the steps after cost."""
    ordinary, corpus = ordinary_mails(_ORDINARY), [mail.content for mail in mails()]
    bodies = [(_read(mail), Headers(read_tree(mail)[0])) for mail in ordinary]
    rich = [part.text for body, _ in bodies for part in body.words if part.is_html]
    whole = [(raw_mail(len(mail)), mail) for mail in ordinary]
    return [
        _reading("the corpus and ordinary ones", corpus + ordinary, "≥ 0.5 of compat32 walking and decoding"),
        _reading("ordinary ones alone", ordinary, "reported"),
        _reading("the corpus alone", corpus, "reported"),
        _alone(
            "telling history apart", "texts/s", lambda: [written_in(each.text, each, head) for each, head in bodies]
        ),
        _alone("making HTML safe", "parts/s", lambda: [sanitized(text) for text in rich]),
        _alone("all that a parser does", "mails/s", lambda: [parse(raw, mail, OURS) for raw, mail in whole]),
    ]


def _reading(which: str, contents: Sequence[bytes], target: str) -> Figure:
    return against(
        f"tree, headers and text of mails, {which}",
        "mails/s",
        limit=lambda: _by_cpu_time(lambda: parse_only(contents), len(contents)),
        ours=lambda: _by_cpu_time(lambda: [_read(mail) for mail in contents], len(contents)),
        target=target,
        rounds=_ROUNDS,
        note="by CPU time, interleaved",
    )


def _read(mail: bytes) -> Body:
    message, whole = read_tree(mail)
    headers = Headers(message)
    headers.text("Subject")
    headers.parties("From")
    headers.parties("To", "Cc")
    headers.message_ids("References", "In-Reply-To", "Message-ID")
    headers.date()
    return read_body(message) if whole else Body()


def _alone(name: str, unit: str, work: Callable[[], Sequence[object]]) -> Figure:
    taken = statistics.median(_by_cpu_time(work, len(work())) for _ in range(ROUNDS))
    return Figure(f"mails: {name}", unit, taken, None, None, None, "reported", "by CPU time, ordinary ones")


def _by_cpu_time(work: Callable[[], object], count: int) -> float:
    begun = time.process_time()
    work()
    return count / (time.process_time() - begun)
