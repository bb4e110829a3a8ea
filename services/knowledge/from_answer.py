"""Begins an article from an answer on an incident, and knows whose names should not stand in it. Under page and API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from eventstore.database import Connection
from projections import customers, incidents, timeline
from projections.incidents import IncidentDetail
from schemas.errors import NotFoundError
from schemas.facts.article import ArticleKind
from schemas.ids import scoped_id
from schemas.interaction import Direction
from services.knowledge.articles import BODY_MAX_CHARACTERS, TITLE_MAX_CHARACTERS
from services.knowledge.personal import Tells, replaced
from services.knowledge.turning import made_of
from services.knowledge.writing import Begin

_ENTRIES_MAX = 1000


def begin(
    connection: Connection, number: int, answer: UUID, *, by: str, instead: Callable[[str], Mapping[Tells, str]]
) -> Begin:
    """What is to be asked of the library: the same article for the same answer. Raises NotFoundError.

    `instead`: what stands, in a language, for what tells who it was about. No fact ever holds that: it would outlive
    an erasure.
    """
    incident = incidents.existing(connection, number)
    entries, _ = timeline.end_of_incident(connection, number, _ENTRIES_MAX) or ([], False)
    said = [each for each in entries if each.kind == "interaction"]
    place = next((at for at, each in enumerate(said) if each.interaction_id == answer), None)
    if place is None or said[place].direction != Direction.OUT:
        raise NotFoundError("no such answer")
    asked = next((each.text for each in reversed(said[:place]) if each.direction == Direction.IN), "")
    made = made_of(incident.subject, asked, said[place].text, language=_language(connection, incident))
    whose, words = names(connection, incident.id), instead(made.language)
    return Begin(
        article=scoped_id("article of an answer", str(answer)),
        kind=ArticleKind.FAQ,
        title=replaced(made.title, whose, words)[:TITLE_MAX_CHARACTERS],
        body=replaced(made.body, whose, words)[:BODY_MAX_CHARACTERS],
        language=made.language,
        source=incident.id,
        by=by,
        now=datetime.now(UTC),
    )


def names(connection: Connection, source: UUID) -> list[str]:
    """Of the customer it was made of an answer to, and of where they belong; none of an incident one may not see."""
    number = incidents.number_of(connection, source)
    incident = incidents.get(connection, number) if number is not None else None
    customer = customers.get(connection, incident.customer.id) if incident else None
    if incident is None or customer is None:
        return []
    belongs = [customer.organization.name] if customer.organization else []
    return [name for name in (customer.name, incident.customer.name, *belongs) if name]


def _language(connection: Connection, incident: IncidentDetail) -> str:
    customer = customers.get(connection, incident.customer.id)
    return customer.language if customer else ""
