"""Which incident does it belong to? DESIGN's rules in their order, as a pure function; every answer has its reason.

Merges play no part: an interaction goes to the incident it would have gone to had nobody merged, and is read with
the whole. So un-merging leaves what never merging would have (docs/decisions/0011).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from schemas.facts.incident import Reason, SuggestionReason
from services.incidents import followup, parts
from services.incidents.arrival import Arrival, Key
from services.incidents.known import Known, Mail, Thread
from services.incidents.state import Incident

_SUGGESTIONS_MAX = 3
_FOLLOWABLE = {Reason.SIGNED_TOKEN, Reason.REFERENCES, Reason.SUBJECT_NUMBER}


class Grouping(msgspec.Struct, frozen=True):
    """`incident` None: a new one. `joins`: further incidents that belong to it. `pulls`: automatic mail to link too.

    `follows`: it answers that one, which was closed too long ago: a new incident, named beside it.
    """

    incident: UUID | None
    reason: Reason
    joins: tuple[UUID, ...] = ()
    pulls: tuple[Mail, ...] = ()
    suggestions: tuple[tuple[UUID, SuggestionReason], ...] = ()
    follows: UUID | None = None
    suggested_by: tuple[UUID, ...] = ()
    """Incidents of strangers that answered this before it came: they are probably part of it."""


def correlate(arrival: Arrival, known: Known, *, now: datetime, window: timedelta, reopen: timedelta) -> Grouping:
    """The incident of an arrival. `window`: how long one stays joinable by rule 5; `reopen`: how long once closed."""
    if arrival.item.hints.fresh:
        return Grouping(incident=None, reason=Reason.AGENT)
    answered = _answered(arrival, known)
    incident, reason = _by_rules_1_to_4(arrival, known, answered, oldest=now - window)
    follows: UUID | None = None
    if incident is not None and reason in _FOLLOWABLE and followup.is_answer(arrival):
        going_on = followup.goes_on(incident, known, oldest=now - reopen)
        if going_on is None:
            follows, reason = incident, Reason.NEW
        incident = going_on
    suggestions = [] if incident or follows else list(_strangers(arrival, known, answered))
    if incident is None and follows is None and arrival.automatic is None:
        candidates = _same_customer(arrival, known, now=now, window=window)
        incident = next((other for other, proven in candidates if proven), None)
        reason = Reason.NEW if incident is None else Reason.SAME_CUSTOMER
        if incident is None:
            suggestions += [(other, SuggestionReason.CLAIMED_ADDRESS) for other, _ in candidates]
    first = tuple(dict(reversed(suggestions)).items())[::-1][:_SUGGESTIONS_MAX] if suggestions else ()
    late = _waiting_for(arrival, known)
    if not answered and not late:  # as mostly
        return Grouping(incident=incident, reason=reason, suggestions=first, follows=follows)
    kept = [mail for mail in late if _takes_part(mail.address, mail.proven, arrival.parties)]
    joins = [thread.incident for thread in answered if reason is Reason.REFERENCES and thread.incident]
    joins += [mail.incident for mail in kept if mail.incident]
    joins = [other for other in joins if not followup.is_past(other, known, oldest=now - reopen)]
    if incident is None and joins:
        incident, reason = joins[0], Reason.REFERENCES
    pulls = [mail for mail in kept if mail.incident is None]
    if arrival.references and not arrival.item.hints.thread_signed:
        pulls += (known.mails[thread.interaction] for thread in answered if thread.incident is None)
    return Grouping(
        incident=incident,
        reason=reason,
        joins=tuple(dict.fromkeys(other for other in joins if other != incident)),
        pulls=tuple(dict.fromkeys(pulls)),
        follows=follows if incident is None else None,
        suggestions=first,
        suggested_by=tuple(
            dict.fromkeys(mail.incident for mail in late if mail not in kept and mail.incident is not None)
        ),
    )


def _by_rules_1_to_4(  # noqa: PLR0911 -- a rule a return, in DESIGN's order
    arrival: Arrival, known: Known, answered: list[Thread], *, oldest: datetime
) -> tuple[UUID | None, Reason]:
    hints = arrival.item.hints
    if hints.incident in known.incidents:
        return hints.incident, Reason.AGENT
    own = _led_by(known, arrival.thread)
    if (about := _led_by(known, arrival.about)) is not None:
        return about, Reason.SIGNED_TOKEN
    if hints.thread_signed and own is not None:
        return own, Reason.SIGNED_TOKEN
    if (twin := _twin(arrival, known, oldest=oldest)) is not None:
        return twin, Reason.SAME_MAIL
    if (nearest := next((thread.incident for thread in answered if thread.incident), None)) is not None:
        return nearest, Reason.REFERENCES
    if (numbered := _numbered(arrival, known)) is not None and _is_participant(arrival, known, numbered):
        return numbered, Reason.SUBJECT_NUMBER
    if (linked := _led_by(known, arrival.session) or _led_by(known, arrival.call)) is not None:
        return linked, Reason.SESSION
    if own is not None:  # its thread was used before it came: somebody answered with the token we gave for it
        return own, Reason.SESSION if arrival.session else Reason.SIGNED_TOKEN
    return None, Reason.NEW


def _twin(arrival: Arrival, known: Known, *, oldest: datetime) -> UUID | None:
    """Where the same mail is already that came to another mailbox of ours: as long as a program may repeat an id."""
    thread = known.threads.get(arrival.message) if arrival.message is not None else None
    if thread is None or thread.incident is None or thread.interaction == arrival.item.id:
        return None
    if not arrival.item.sender.proven or thread.parties[:1] != (arrival.address,):
        return None  # whoever was in copy may have sent one with its id before it came
    return thread.incident if known.incidents[thread.incident].active_at >= oldest else None


def _led_by(known: Known, key: Key | None) -> UUID | None:
    thread = known.threads.get(key) if key is not None else None
    return None if thread is None else thread.incident


def _answered(arrival: Arrival, known: Known) -> list[Thread]:
    """The mails it answers as somebody who was part of them, the nearest first."""
    if arrival.item.hints.thread_signed:
        return []
    found = (known.threads.get(key) for key in arrival.references)
    return [
        thread
        for thread in found
        if thread is not None and _takes_part(arrival.address, arrival.item.sender.proven, thread.parties)
    ]


def _takes_part(address: UUID, proven: bool, parties: Collection[UUID]) -> bool:
    # asked of one mail and its answer, never of the incident: so it doesn't matter which came first
    return proven and address in parties


def _waiting_for(arrival: Arrival, known: Known) -> list[Mail]:
    """The mails that came before this one, which they answer."""
    waiting = known.waits.get(arrival.message) if arrival.message is not None else None
    return [known.mails[interaction] for interaction in sorted(waiting)] if waiting else []


def _numbered(arrival: Arrival, known: Known) -> UUID | None:
    number = arrival.item.hints.subject_number
    return None if number is None else known.numbers.get(number)


def _is_participant(arrival: Arrival, known: Known, incident: UUID) -> bool:
    if not arrival.item.sender.proven:
        return False
    sender = known.customer_of(arrival.address)
    return is_of(arrival.address, sender, known.incidents[incident], known)


def is_of(address: UUID, customer: UUID | None, incident: Incident, known: Known) -> bool:
    """Do they take part in it: by this address, or as its customer? What it was merged with plays no part."""
    owner = known.customers.get(incident.customer)
    return address in incident.participants or (owner is not None and owner.root == customer)


def _strangers(arrival: Arrival, known: Known, answered: list[Thread]) -> Iterator[tuple[UUID, SuggestionReason]]:
    """What it names without being part of it: for a person to decide."""
    if arrival.automatic is not None:
        return
    claimed = None if arrival.item.sender.proven else SuggestionReason.CLAIMED_ADDRESS
    if (numbered := _numbered(arrival, known)) is not None and not _is_participant(arrival, known, numbered):
        yield numbered, claimed or SuggestionReason.STRANGER_WITH_NUMBER
    for key in arrival.references:
        thread = known.threads.get(key)
        if thread is not None and thread.incident is not None and thread not in answered:
            yield thread.incident, claimed or SuggestionReason.STRANGER_WITH_REFERENCES


def _same_customer(arrival: Arrival, known: Known, *, now: datetime, window: timedelta) -> list[tuple[UUID, bool]]:
    """Open incidents of who sent it, on what it is about, the most recently active first; and: is it shown, twice?

    Shown on both sides: whoever claims an address joins nothing of its owner's, nor does the owner join theirs.
    """
    found: dict[UUID, bool] = {}
    for address, party in ((arrival.address, arrival.item.sender), *arrival.claims):
        customer = known.customer_of(address)
        if customer is None:
            continue
        keys = [key for kin in known.kin[customer] for key in parts.keys_of(kin, arrival.topics)]
        for part in (part for key in keys for part in known.parts.get(key, ())):
            if _is_joinable(known, part.incident, oldest=now - window):
                shown = party.proven and part.proven
                found[part.incident] = found.get(part.incident, False) or shown
    return sorted(
        found.items(), key=lambda one: (known.incidents[one[0]].active_at, known.incidents[one[0]].number), reverse=True
    )


def _is_joinable(known: Known, incident: UUID, *, oldest: datetime) -> bool:
    state = known.incidents.get(incident)
    if state is None or not state.is_open or state.active_at < oldest:
        return False
    return not _done_as_part(state, known)


def _done_as_part(incident: Incident, known: Known) -> bool:
    """Was the whole resolved since it was merged, and nothing said here after that?"""
    member = incident
    while member.merged_into is not None and member.merged_at is not None:
        whole = known.incidents[member.merged_into]
        if not whole.is_open and whole.spoken_at > max(member.merged_at, incident.spoken_at):
            return True
        member = whole
    return False
