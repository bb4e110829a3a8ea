"""What the incident's page shows: the timeline in blocks, the customer, what resembles it. Read in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from uuid import UUID

from eventstore.database import Connection
from projections import calls, casework, customers, incidents, knowledge_usage, timeline
from projections.casework import LinkedArticle, Solved, TagUse
from projections.customers import Customer
from projections.incidents import Incident, IncidentDetail
from projections.timeline import Entry
from schemas.interaction import Channel, Direction
from services.access import users
from services.deliveries import standing
from services.deliveries.standing import Sending
from services.drafts import drafts, uploads
from services.drafts.drafts import Draft, Kept, Kind
from services.drafts.uploads import Upload
from services.incidents.ways import Way, ways
from services.organizations import belonging
from services.organizations.belonging import Belonging
from services.web.pages.call_view import CallView, view
from services.web.parts import Parts

_RUN_MIN = 3
"""So many facts in a row are folded into one line."""
_OTHERS_MAX = 6
_ELSEWHERE_MAX = 3
_TAGS_MAX = 200

_CONFIRMED = frozenset({Channel.FORM, Channel.CHAT})
_UNFINISHED = frozenset({"queued", "delayed", "failed", "uncertain", "bounced"})
"""Replies that the queue has more to say about."""


@dataclass(frozen=True)
class Block:
    """A day's name, a run of facts, or one entry."""

    day: date | None = None
    facts: tuple[Entry, ...] = ()
    entry: Entry | None = None


@dataclass(frozen=True)
class View:
    """Everything the page needs to know. `elsewhere`: where mails ask to be answered, the last first.

    `confirmations`: what went out by itself because of an entry.
    """

    incident: IncidentDetail
    blocks: Sequence[Block]
    older: bool
    titles: dict[str, str]
    held: Sequence[Entry]
    calls: dict[UUID, CallView]
    sendings: dict[UUID, Sending]
    confirmations: dict[UUID, Sending]
    elsewhere: Sequence[str]


@dataclass(frozen=True)
class Beside:
    """What stands beside the timeline. `drafts`: of whoever looks."""

    people: Sequence[str]
    customer: Customer | None
    belongs: Belonging | None
    others: Sequence[Incident]
    products: Sequence[str]
    similar: Sequence[Solved]
    articles: Sequence[LinkedArticle]
    tags: Sequence[TagUse]
    ways: Sequence[Way]
    drafts: dict[str, Draft]
    files: dict[str, Sequence[Upload]]


def read(connection: Connection, number: int, most: int, by: str) -> View:
    """The incident and its timeline. Raises NotFoundError."""
    incident = incidents.existing(connection, number)
    # the timeline may be behind the list
    found, older = timeline.end_of_incident(connection, number, most) or ([], False)
    now = datetime.now(UTC)
    held = [each for each in found if each.held_until is not None and each.held_until > now and each.author == by]
    mailed = [each.interaction_id for each in found if each.delivery in _UNFINISHED and each.interaction_id]
    sendings = standing.of(connection, mailed) if mailed else {}
    confirmed = [each.interaction_id for each in found if each.channel in _CONFIRMED and each.interaction_id]
    confirmations = standing.of_confirmations(connection, confirmed) if confirmed else {}
    titles, told = _titles(connection, found), _calls(connection, found)
    return View(incident, list(blocks(found)), older, titles, held, told, sendings, confirmations, _elsewhere(found))


def _elsewhere(entries: Sequence[Entry]) -> Sequence[str]:
    asked = (each.details.get("reply_to", "") for each in reversed(entries) if each.direction == Direction.IN)
    return [to for to in dict.fromkeys(asked) if to][:_ELSEWHERE_MAX]


def blocks(entries: Sequence[Entry]) -> Iterator[Block]:
    """Days between entries; three and more facts in a row together."""
    day: date | None = None
    run: list[Entry] = []
    for entry in entries:
        if entry.occurred_at.date() != day:
            yield from _ended(run)
            run = []
            day = entry.occurred_at.date()
            yield Block(day=day)
        if entry.kind == "fact":
            run.append(entry)
        else:
            yield from _ended(run)
            run = []
            yield Block(entry=entry)
    yield from _ended(run)


def _ended(run: list[Entry]) -> Iterator[Block]:
    if len(run) >= _RUN_MIN:
        yield Block(facts=tuple(run))
    else:
        for entry in run:
            yield Block(facts=(entry,))


def beside(connection: Connection, parts: Parts, incident: IncidentDetail, by: str) -> Beside:
    """What stands beside it."""
    customer = customers.get(connection, incident.customer.id)
    others = incidents.find(connection, customer=incident.customer.id, limit=_OTHERS_MAX + 1).items
    keys = parts.hub.keys
    kept = drafts.load(connection, keys, incident.id, by=by)
    return Beside(
        people=users.assignable(connection),
        customer=customer,
        belongs=belonging.read(connection, customer) if customer else None,
        others=[each for each in others if each.number != incident.number][:_OTHERS_MAX],
        products=list(dict.fromkeys(each.product for each in [incident, *others] if each.product)),
        similar=casework.similar(connection, incident.number, 3),
        articles=casework.linked_articles(connection, incident.id),
        tags=casework.tags(connection, limit=_TAGS_MAX),
        ways=ways(connection, parts.hub.ledger, parts.commands.rules, incident.number),
        drafts={kind.value: _of(kept, kind) for kind in Kind},
        files={kind.value: uploads.named(connection, _of(kept, kind).uploads, by=by) for kind in Kind},
    )


def with_draft(found: Beside, kind: str, draft: Draft, files: Sequence[Upload]) -> Beside:
    """The same, with this in its composer."""
    return replace(found, drafts={**found.drafts, kind: draft}, files={**found.files, kind: files})


def _of(kept: dict[Kind, Kept], kind: Kind) -> Draft:
    return kept[kind].draft if kind in kept else Draft()


def _calls(connection: Connection, entries: Sequence[Entry]) -> dict[UUID, CallView]:
    """The calls among the lines, with their notes: our own, shown on no page of the customer's."""
    lines = [each.interaction_id for each in entries if each.channel == Channel.PHONE and each.interaction_id]
    return {line: view(call) for line, call in calls.of_interactions(connection, lines).items()} if lines else {}


def _titles(connection: Connection, entries: Sequence[Entry]) -> dict[str, str]:
    """The titles of articles that facts name by their ids."""
    named = {entry.text for entry in entries if entry.fact in {"ArticleLinked", "ArticleUnlinked"}}
    return knowledge_usage.titles(connection, named) if named else {}
