"""What needs somebody's attention in the knowledge base, and what to do about it. Measured when it is asked for.

confusing    of the readers of 30 days (`contact_readers` at least), `contact_percent` or more contacted us after it
rising       words that found nothing in 7 days, `zero_searches` times or more, up by more than `zero_growth_percent`
against      `votes_against` votes or more against it in 30 days, and more than for it
             (days are those of UTC, today's as far as it has come: so an alarm opens exactly what it counts)
overdue      its review was due before today
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import LiteralString
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection
from projections.knowledge_usage.asked import Asked
from projections.knowledge_usage.thresholds import thresholds

ARTICLES_OVER = timedelta(days=30)
WORDS_OVER = timedelta(days=7)
_EACH_MAX = 20


class AlarmKind(StrEnum):
    """What is wrong."""

    CONFUSING = "confusing"
    RISING = "rising"
    AGAINST = "against"
    OVERDUE = "overdue"


class Action(StrEnum):
    """What to do about it."""

    EDIT = "edit"
    WRITE = "write"
    REVIEW = "review"


class Alarm(msgspec.Struct, frozen=True):
    """One breach. `count`: contacts, searches, votes against, days late; `of`: readers, searches before, votes."""

    kind: AlarmKind
    article: UUID | None
    title: str
    phrase: str
    count: int
    of: int
    action: Action


def alarms(connection: Connection, now: datetime) -> list[Alarm]:
    """All that is to be seen to, at most 20 of a kind, the worst of each first."""
    values: dict[str, object] = {
        **thresholds(connection),
        "articles_since": measured(AlarmKind.AGAINST, now).since.date(),
        "words_since": (words := measured(AlarmKind.RISING, now)).since.date(),
        "words_before": (words.since - WORDS_OVER).date(),
        "until": words.until.date(),
        "today": now.astimezone(UTC).date(),
        "limit": _EACH_MAX,
    }
    found: list[Alarm] = []
    with connection.cursor(row_factory=class_row(Alarm)) as reader:
        for query in _QUERIES.values():
            found += reader.execute(query + " LIMIT %(limit)s", values).fetchall()
    return found


def measured(kind: AlarmKind, now: datetime) -> Asked:
    """Of which visits an alarm is."""
    until = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)
    return Asked(until - (WORDS_OVER if kind is AlarmKind.RISING else ARTICLES_OVER), until)


_COUNTED: LiteralString = (
    " FROM (SELECT article, sum(readers)::bigint AS readers, sum(contacts_after)::bigint AS contacts,"
    "  sum(helpful)::bigint AS helpful, sum(unhelpful)::bigint AS unhelpful FROM usage_article_counts"
    "  WHERE day >= %(articles_since)s AND day < %(until)s AND surface <> 'agent' GROUP BY article) AS counted"
    " JOIN articles ON id = article WHERE state = 'published' AND "
)
_QUERIES: Mapping[AlarmKind, LiteralString] = {
    AlarmKind.CONFUSING: (
        "SELECT 'confusing' AS kind, article, title, '' AS phrase, contacts AS count, readers AS of, 'edit' AS action"
        + _COUNTED
        + "readers >= %(contact_readers)s AND contacts * 100 >= %(contact_percent)s * readers"
        " ORDER BY contacts::float8 / readers DESC, contacts DESC, article"
    ),
    AlarmKind.RISING: (
        "SELECT 'rising' AS kind, NULL::uuid AS article, '' AS title, phrase, count, of, 'write' AS action FROM ("
        " SELECT phrase, coalesce(sum(zero) FILTER (WHERE day >= %(words_since)s), 0)::bigint AS count,"
        "  coalesce(sum(zero) FILTER (WHERE day < %(words_since)s), 0)::bigint AS of FROM usage_word_counts"
        "  WHERE zero > 0 AND day >= %(words_before)s AND day < %(until)s AND surface <> 'agent' AND phrase <> ''"
        "  GROUP BY phrase) AS counted"
        " WHERE count >= %(zero_searches)s AND count * 100 > of * (100 + %(zero_growth_percent)s)"
        " ORDER BY count DESC, phrase"
    ),
    AlarmKind.AGAINST: (
        "SELECT 'against' AS kind, article, title, '' AS phrase, unhelpful AS count, helpful + unhelpful AS of,"
        " 'edit' AS action" + _COUNTED + "unhelpful >= %(votes_against)s AND unhelpful > helpful"
        " ORDER BY unhelpful DESC, article"
    ),
    AlarmKind.OVERDUE: (
        "SELECT 'overdue' AS kind, id AS article, title, '' AS phrase, (%(today)s - review_on)::bigint AS count,"
        " 0::bigint AS of, 'review' AS action FROM articles WHERE review_on IS NOT NULL AND review_on < %(today)s"
        " AND state = 'published' ORDER BY review_on, id"
    ),
}
