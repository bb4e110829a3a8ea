"""What an arrival becomes: the facts of its customer, of itself and of its incident. Pure; after correlation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from schemas.address import handle_of
from schemas.facts import Fact
from schemas.facts.call import CallAttached
from schemas.facts.callback import CallbackRequested, Wish
from schemas.facts.incident import (
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentWoken,
    InteractionLinked,
    MergeSuggested,
    ParticipantAdded,
    ProductNamed,
    Reason,
    Subject,
    SuggestionReason,
    Words,
)
from schemas.facts.interaction import (
    InteractionBounced,
    InteractionComplained,
    InteractionContent,
    InteractionDelayed,
    InteractionDelivered,
    InteractionReceived,
    InteractionSent,
)
from schemas.ids import id_beside
from schemas.interaction import Automatic, Channel, Direction, Party, Window
from services.deliveries.queue import Kind, NewDelivery
from services.incidents.arrival import Arrival, is_form, mail_address, received_now
from services.incidents.correlation import Grouping, is_of
from services.incidents.known import Known, Mail

_PARTICIPANTS_MAX = 100
_FIRST_WORDS = 80  # characters


def incident_of(arrival: Arrival, grouping: Grouping) -> UUID | None:
    """The incident it ends in. None: automatic mail that belongs to nothing is kept, but opens nothing."""
    if grouping.incident is not None or arrival.automatic is not None:
        return grouping.incident
    return id_beside(arrival.item.id, "incident")


def decide(arrival: Arrival, grouping: Grouping, incident: UUID | None, known: Known, *, now: datetime) -> list[Fact]:
    """All facts of an arrival, in order; who wrote is met already (services/customers/contact.py)."""
    facts: list[Fact] = []
    if arrival.started is not None:
        facts.append(arrival.started)
    if arrival.direction is Direction.IN:
        facts.append(_received(arrival, now))
    if arrival.item.hints.about is not None and arrival.about in known.threads:
        facts.append(_reported(arrival, arrival.item.hints.about, now))
    if incident is None:
        return facts
    if grouping.incident is None:
        facts.append(_opened(arrival, incident, known, now))
        facts += product_named(incident, arrival.address, arrival.item.hints.product, now)
    if arrival.direction is Direction.OUT:
        facts += _sent(arrival, incident, now)
    facts += _participants(arrival, grouping, incident, known, now)
    facts.append(_linked(arrival, incident, grouping.reason, known, now))
    facts += _reopened(arrival, incident, known, now)
    if arrival.started is not None:
        number = known.incidents[incident].number if incident in known.incidents else known.last_number + 1
        facts.append(CallAttached(call=arrival.started.call, incident=incident, number=number, at=now))
    if arrival.item.hints.callback is not None:
        facts.append(_callback(arrival, incident, arrival.item.hints.callback, now))
    facts += (_pulled(mail, incident, now) for mail in grouping.pulls)
    facts += _suggestions(grouping, incident, known, now)
    return facts


def joined(grouping: Grouping, incident: UUID, known: Known, *, now: datetime) -> Iterator[IncidentMerged]:
    """Incidents that belong together become one, the higher number part of the lower. Read one fact at a time.

    Never against an agent's word: what was split, moved or un-merged stays apart.
    """
    for other in grouping.joins:
        ours, theirs = known.family(incident), known.family(other)
        low, high = sorted((ours[0], theirs[0]), key=lambda root: root.number)
        apart = any(one.id in two.apart or two.id in one.apart for one in ours for two in theirs)
        if low.id != high.id and not apart:
            yield IncidentMerged(incident=high.id, into=low.id, reason=Reason.REFERENCES, at=now)


def deliveries(arrival: Arrival, incident: UUID | None) -> list[NewDelivery]:
    """The confirmation of a form: its link reaches whoever owns the address, and nobody else."""
    sender = arrival.item.sender
    if not is_form(arrival.item) or not mail_address(sender) or arrival.automatic is not None:
        return []
    return [
        NewDelivery(interaction=arrival.item.id, kind=Kind.CONFIRMATION, address=arrival.address, incident=incident)
    ]


def _content(arrival: Arrival) -> InteractionContent:
    item = arrival.item
    return InteractionContent(
        sender=item.sender,
        recipients=item.recipients,
        subject=item.subject,
        text=item.text,
        html=item.html,
        raw=item.raw,
        attachments=item.attachments,
        labels=item.labels,
        checks=item.checks,
        message_id=item.hints.message_id,
        references=item.hints.references,
        details=item.details | ({"product": item.hints.product} if item.hints.product else {}),
    )


def _received(arrival: Arrival, now: datetime) -> InteractionReceived:
    item = arrival.item
    return InteractionReceived(
        interaction=item.id,
        channel=item.channel,
        thread=item.thread,
        contact=item.contact,
        address=arrival.address,
        proven=item.sender.proven,
        others=arrival.others,
        occurred_at=item.occurred_at,
        received_at=received_now(item, now),
        language=item.language,
        automatic=item.hints.automatic,
        authentication=item.authentication,
        call=item.hints.call,
        by=item.by,
        personal=_content(arrival),
    )


def _sent(arrival: Arrival, incident: UUID, now: datetime) -> list[Fact]:
    """A call we make: there is nothing left to deliver."""
    item = arrival.item
    content = InteractionContent(recipients=(item.sender,), text=item.text)
    return [
        InteractionSent(
            interaction=item.id,
            incident=incident,
            channel=item.channel,
            thread=item.thread,
            address=arrival.address,
            by=item.by,
            at=now,
            personal=content,
        ),
        InteractionDelivered(interaction=item.id, at=now, remote="call"),
    ]


def _reported(arrival: Arrival, about: UUID, now: datetime) -> Fact:
    """What became of a mail of ours, by the word of a server."""
    reason, report = arrival.item.details.get("status", ""), arrival.item.id
    match arrival.automatic:
        case Automatic.DELAY:
            return InteractionDelayed(interaction=about, notice=report, at=now, reason=reason)
        case Automatic.COMPLAINT:
            return InteractionComplained(interaction=about, complaint=report, at=now, reason=reason)
        case _:
            return InteractionBounced(interaction=about, bounce=report, at=now, reason=reason)


def _opened(arrival: Arrival, incident: UUID, known: Known, now: datetime) -> IncidentOpened:
    item = arrival.item
    return IncidentOpened(
        incident=incident,
        number=known.last_number + 1,
        customer=known.owners[arrival.address].customer,
        address=arrival.address,
        proven=item.sender.proven,
        channel=item.channel,
        language=item.language,
        at=now,
        personal=Subject(subject=item.subject or _first_words(item.text)),
    )


def _first_words(text: str) -> str:
    """A chat has no subject: these tell agents apart what waits (they never group)."""
    words = " ".join(text.lstrip()[: 4 * _FIRST_WORDS].split())
    return words if len(words) <= _FIRST_WORDS else f"{words[:_FIRST_WORDS].rpartition(' ')[0]}…"


def product_named(incident: UUID, address: UUID, product: str, now: datetime) -> list[ProductNamed]:
    """What it is about, if anybody said so; `address`: the incident's."""
    return [ProductNamed(incident=incident, address=address, at=now, personal=Words(text=product))] if product else []


def _participants(
    arrival: Arrival, grouping: Grouping, incident: UUID, known: Known, now: datetime
) -> Iterator[ParticipantAdded]:
    """Who wrote, and whom a proven writer put in copy. `marked`: a stranger with its token, or in a stranger's copy."""
    if arrival.automatic is not None:
        return
    state = known.incidents.get(incident)
    there: frozenset[UUID] = state.participants if state else frozenset()
    if arrival.parties <= there:  # as nearly always
        return
    marked = (
        grouping.reason is Reason.SIGNED_TOKEN
        and state is not None
        and not is_of(arrival.address, known.customer_of(arrival.address), state, known)
    )
    people: dict[UUID, Party] = {arrival.address: arrival.item.sender}
    if arrival.item.sender.proven and arrival.item.channel is Channel.EMAIL:
        people.update(zip(arrival.others, arrival.item.recipients, strict=False))
    for address, party in list(people.items())[: max(1, _PARTICIPANTS_MAX - len(there))]:
        if address not in there:
            yield ParticipantAdded(
                incident=incident,
                address=address,
                marked=marked,
                at=now,
                personal=Words(text=party.address),
            )


def _linked(arrival: Arrival, incident: UUID, reason: Reason, known: Known, now: datetime) -> InteractionLinked:
    item = arrival.item
    first = (arrival.session is None or arrival.session not in known.threads) and reason is not Reason.SAME_MAIL
    return InteractionLinked(
        incident=incident,
        interaction=item.id,
        channel=item.channel,
        direction=arrival.direction,
        thread=item.thread,
        address=arrival.address,
        proven=item.sender.proven,
        automatic=arrival.automatic,
        starts_contact=first and arrival.automatic is None and arrival.direction is Direction.IN,
        reason=reason,
        by=item.by,
        at=now,
    )


def _callback(arrival: Arrival, incident: UUID, window: Window, now: datetime) -> CallbackRequested:
    item = arrival.item
    words = "" if item.text == item.subject else item.text
    return CallbackRequested(
        callback=item.id,
        incident=incident,
        address=arrival.address,
        since=window.since,
        until=window.until,
        time_zone=window.time_zone,
        language=item.language,
        at=now,
        personal=Wish(name=item.sender.name, phone=handle_of(item.sender.address), text=words),
    )


def _pulled(mail: Mail, incident: UUID, now: datetime) -> InteractionLinked:
    return InteractionLinked(
        incident=incident,
        interaction=mail.interaction,
        channel=mail.channel,
        direction=Direction.IN,
        thread=mail.thread,
        address=mail.address,
        proven=mail.proven,
        automatic=mail.automatic,
        reason=Reason.REFERENCES,
        at=now,
    )


def _reopened(arrival: Arrival, incident: UUID, known: Known, now: datetime) -> list[Fact]:
    state = known.incidents.get(incident)
    if state is None or state.is_open or arrival.item.hints.automatic is not None or arrival.direction is Direction.OUT:
        return []
    return [IncidentReopened(incident=incident, interaction=arrival.item.id, address=state.address, at=now)]


def woken(arrival: Arrival, incident: UUID, known: Known, *, now: datetime) -> Iterator[IncidentWoken]:
    """Whatever slept of the whole it came to: a person's words wake it. After `joined`."""
    if arrival.automatic is None and arrival.direction is Direction.IN:
        for member in known.family(incident):
            if member.snoozed:
                yield IncidentWoken(incident=member.id, interaction=arrival.item.id, at=now)


def _suggestions(grouping: Grouping, incident: UUID, known: Known, now: datetime) -> Iterator[MergeSuggested]:
    state = known.incidents.get(incident)
    for other, reason in grouping.suggestions:
        if other != incident and (state is None or other not in state.suggested):
            yield MergeSuggested(incident=incident, other=other, reason=reason, at=now)
    if grouping.follows is not None:
        for one, other, reason in (
            (incident, grouping.follows, SuggestionReason.FOLLOWS),
            (grouping.follows, incident, SuggestionReason.FOLLOWED_BY),
        ):
            yield MergeSuggested(incident=one, other=other, reason=reason, at=now)
    for stranger in grouping.suggested_by:
        if stranger != incident and incident not in known.incidents[stranger].suggested:
            yield MergeSuggested(
                incident=stranger, other=incident, reason=SuggestionReason.STRANGER_WITH_REFERENCES, at=now
            )
