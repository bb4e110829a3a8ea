"""How facts become timeline entries. An interaction's row is made by its own fact and placed by its link."""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.erasure import erased
from projections.projection import Everywhere, Projection, Settle, Step, Table, begins, changes, on, opens
from projections.timeline.interactions import delivery, held, linked, received, sent, unlinked
from projections.timeline.lines import (
    EntryRow,
    LineFact,
    blank_interaction,
    fact_line,
    line_id,
    note,
    noted_files,
)
from schemas.facts.chat import ChatAccepted, ChatClosed, ChatMissed, ChatTransferred
from schemas.facts.customer import CustomerMerged, CustomerRegistered, CustomerUnmerged, PersonErased
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentMerged,
    IncidentNoted,
    IncidentOpened,
    IncidentPrioritized,
    IncidentRated,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTagged,
    IncidentTeamAssigned,
    IncidentUnmerged,
    IncidentWoken,
    InteractionLinked,
    InteractionUnlinked,
    MergeSuggested,
    ParticipantAdded,
)
from schemas.facts.interaction import (
    InteractionBounced,
    InteractionComplained,
    InteractionDelayed,
    InteractionDelivered,
    InteractionDeliveryFailed,
    InteractionDeliveryUncertain,
    InteractionHeld,
    InteractionPostponed,
    InteractionReceived,
    InteractionRequeued,
    InteractionSent,
    InteractionWithdrawn,
)
from schemas.facts.teamwork import ArticleLinked, ArticleUnlinked, NoteFilesAdded, ReplyWithdrawn
from schemas.facts.undone import ChatTransferUndone, IncidentRestored


class PlaceRow(msgspec.Struct, frozen=True):
    """A row of `timeline_incidents`."""

    incident: UUID
    number: int
    customer: UUID
    merged_into: UUID | None


class AliasRow(msgspec.Struct, frozen=True):
    """A row of `timeline_customers`."""

    customer: UUID
    merged_into: UUID | None


_ENTRIES = Table("entries", EntryRow, ("id",), blank_interaction)
_PLACES = Table("timeline_incidents", PlaceRow, ("incident",), seen="public.sees(incident)")
_ALIASES = Table("timeline_customers", AliasRow, ("customer",))


def _opened(fact: IncidentOpened, _: Recorded) -> PlaceRow:
    return PlaceRow(fact.incident, fact.number, fact.customer, None)


def _merged(row: PlaceRow, fact: IncidentMerged, _: Recorded) -> PlaceRow:
    return replace(row, merged_into=fact.into)


def _unmerged(row: PlaceRow, _fact: IncidentUnmerged, _: Recorded) -> PlaceRow:
    return replace(row, merged_into=None)


def _registered(fact: CustomerRegistered, _: Recorded) -> AliasRow:
    return AliasRow(fact.customer, None)


def _same_person(row: AliasRow, fact: CustomerMerged, _: Recorded) -> AliasRow:
    return replace(row, merged_into=fact.into)


def _two_people(row: AliasRow, _fact: CustomerUnmerged, _: Recorded) -> AliasRow:
    return replace(row, merged_into=None)


_WORDS_SETTLED: LiteralString = (  # again, of the incidents that have one of the lines that follow
    "INSERT INTO incident_words SELECT number, words FROM (SELECT incident, public.words_of(strip(words)) AS words"
    "  FROM entries WHERE incident = ANY(ARRAY(SELECT incident FROM entries WHERE {})) GROUP BY incident"
    # by number: a list walks past neighbours
    " ) AS said JOIN timeline_incidents USING (incident) ORDER BY number"
    " ON CONFLICT (number) DO UPDATE SET words = excluded.words WHERE incident_words.words <> excluded.words"
)

_LINE: Step[LineFact] = Step(_ENTRIES, lambda _, event: line_id(event), fact_line, surely_new=True)

TIMELINE = Projection(
    "timeline",
    version=7,
    ddl="timeline/tables.sql",
    tables=(_ENTRIES, _PLACES, _ALIASES),
    on=(
        on(InteractionReceived, begins(_ENTRIES, lambda fact: fact.interaction, received)),
        on(InteractionSent, begins(_ENTRIES, lambda fact: fact.interaction, sent)),
        on(InteractionLinked, changes(_ENTRIES, lambda fact: fact.interaction, linked)),
        on(InteractionUnlinked, changes(_ENTRIES, lambda fact: fact.interaction, unlinked), _LINE),
        on(InteractionDelivered, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionDeliveryFailed, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionDeliveryUncertain, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionBounced, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionDelayed, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionComplained, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionPostponed, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionRequeued, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionWithdrawn, changes(_ENTRIES, lambda fact: fact.interaction, delivery)),
        on(InteractionHeld, begins(_ENTRIES, lambda fact: fact.interaction, held)),
        on(IncidentOpened, opens(_PLACES, lambda fact: fact.incident, _opened), _LINE),
        on(IncidentMerged, changes(_PLACES, lambda fact: fact.incident, _merged), _LINE),
        on(IncidentUnmerged, changes(_PLACES, lambda fact: fact.incident, _unmerged), _LINE),
        on(IncidentNoted, opens(_ENTRIES, lambda fact: fact.note, note)),
        on(NoteFilesAdded, changes(_ENTRIES, lambda fact: fact.note, noted_files)),
        on(ArticleLinked, _LINE),
        on(ArticleUnlinked, _LINE),
        on(ReplyWithdrawn, _LINE),
        on(IncidentRestored, _LINE),
        on(ChatTransferUndone, _LINE),
        on(IncidentAssigned, _LINE),
        on(IncidentTeamAssigned, _LINE),
        on(IncidentSnoozed, _LINE),
        on(IncidentWoken, _LINE),
        on(IncidentPrioritized, _LINE),
        on(IncidentTagged, _LINE),
        on(IncidentResolved, _LINE),
        on(IncidentClosed, _LINE),
        on(IncidentReopened, _LINE),
        on(IncidentRated, _LINE),
        on(ParticipantAdded, _LINE),
        on(MergeSuggested, _LINE),
        on(ChatAccepted, _LINE),
        on(ChatTransferred, _LINE),
        on(ChatClosed, _LINE),
        on(ChatMissed, _LINE),
        on(CustomerRegistered, opens(_ALIASES, lambda fact: fact.customer, _registered)),
        on(CustomerMerged, changes(_ALIASES, lambda fact: fact.customer, _same_person)),
        on(CustomerUnmerged, changes(_ALIASES, lambda fact: fact.customer, _two_people)),
        on(
            PersonErased,
            Everywhere(
                "UPDATE entries SET sender = '', sender_name = '', recipients = '{}', subject = '', text = '',"
                " html = '', raw = '', attachments = '[]', labels = '{}', details = '{}', checks = '{}'"
                " WHERE address = ANY(%(addresses)s)",
                erased,
            ),
            Everywhere(  # recorded as v1, without an address: the incident's
                "UPDATE entries SET text = '' WHERE fact = 'IncidentReopened' AND address IS NULL AND text <> ''"
                " AND incident IN (SELECT incident FROM entries WHERE fact = 'IncidentOpened'"
                " AND address = ANY(%(addresses)s))",
                erased,
            ),
            Everywhere(_WORDS_SETTLED.format("address = ANY(%(addresses)s)"), erased),
        ),
    ),
    settle=Settle(
        _ENTRIES,
        _WORDS_SETTLED.format("id = ANY(%(changed)s)"),
        "SELECT DISTINCT ON (incident) id FROM entries WHERE incident IS NOT NULL",
    ),
)
