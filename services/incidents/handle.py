"""Incident requests: load what the decider needs, decide, into the working set. Called by `services/commands.py`."""

from __future__ import annotations

from uuid import UUID

from eventstore.ledger import Cause
from schemas.address import parse_address
from schemas.errors import NotFoundError
from schemas.facts import Fact, stream_id
from schemas.facts.chat import ChatAccepted, ChatEmailGiven, ChatRequested
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Channel
from schemas.threads import begun
from services.chats.state import Stage
from services.desk import Desk, Done
from services.drafts import uploads
from services.incidents import answer, grouping, leads, links, loading, plain, withdrawal
from services.incidents.answer import People
from services.incidents.known import Thread
from services.incidents.lookup import find, working, written_as
from services.incidents.requests import (
    IncidentRequest,
    Merge,
    Move,
    Note,
    Reply,
    Return,
    Split,
    Unmerge,
    Withdraw,
)
from services.incidents.state import Incident, IncidentFact


def handle(desk: Desk, request: IncidentRequest) -> Done:  # noqa: PLR0911 -- a table, a row a request
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    match request:
        case Merge() | Unmerge():
            return grouping.merging(desk, request)
        case Split():
            return grouping.split(desk, request)
        case Move():
            return grouping.move(desk, request)
        case Return():
            return grouping.give_back(desk, request)
        case Reply():
            return _reply(desk, request)
        case Withdraw():
            return _withdraw(desk, request)
        case _:
            incident = working(desk, request.incident)
            _record(desk, request, incident, plain.decide_plain(desk, incident, request))
            note = request.id if isinstance(request, Note) else None
            return Done(subject=incident.id, number=incident.number, note=note)


def _reply(desk: Desk, request: Reply) -> Done:
    incident = working(desk, request.incident)
    family = desk.known.family(incident.id)
    if request.seen_version is not None:
        answer.refuse_answered(links.since(desk, family, request.seen_version), request)
    to = answer.target(family, whom(desk, family, request), request)
    answered = None if to.voice is None else received(desk, to.voice.interaction)
    files = uploads.claim(desk.connection, request.uploads, by=request.by)
    until = None if answer.nowhere(to, answered) else withdrawal.held_until(desk, request.hold_seconds)
    status = desk.known.status(incident.id)
    facts, deliveries = answer.decide(to, status, answered, request, files=files, until=until)
    _record(desk, request, to.incident, facts)
    desk.known.deliveries += deliveries
    own, thread = desk.reader.key_of(f"interaction:{request.id}"), desk.reader.key_of(f"thread:{begun(to.thread)}")
    leads.load_threads(desk.connection, desk.known, [own, thread])
    leads.load_begun(desk.connection, desk.known, {thread: begun(to.thread)})
    for key in (own, thread):
        if key not in desk.known.threads:
            desk.known.threads[key] = Thread(request.id, to.incident.id)
            desk.known.changes.threads.add(key)
    if to.channel is Channel.CHAT:
        _take_chat(desk, to, request)
    queued = deliveries or to.channel is Channel.CHAT or until is not None
    return Done(
        subject=incident.id,
        number=incident.number,
        interaction=request.id,
        delivery="failed" if answer.nowhere(to, answered) else "queued" if queued else "sent",
        held_until=until,
    )


def _take_chat(desk: Desk, to: answer.Target, request: Reply) -> None:
    """Who answers a chat that waits has it."""
    for chat in [one for one in desk.known.chats.values() if one.thread == to.thread and one.address == to.address]:
        if chat.stage is Stage.WAITING:
            fact = ChatAccepted(chat=chat.id, incident=chat.incident, by=request.by, at=request.now)
            desk.known.record([fact], Cause(request.id, chat.incident))


def _gone_on_by_mail(desk: Desk, family: list[Incident]) -> dict[UUID, tuple[UUID, str]]:
    threads = {voice.thread for member in family for voice in member.voices if voice.channel is Channel.CHAT}
    loading.load_chats(desk.connection, desk.known, threads=threads)
    found: dict[UUID, tuple[UUID, str]] = {}
    for chat in [one for one in desk.known.chats.values() if one.thread in threads and one.by_mail and one.mail]:
        stream = stream_id("chat", chat.id)
        for fact in desk.ledger.load(desk.connection, [stream])[stream].facts:
            match fact:
                case ChatRequested(mail=mail, personal=said) if mail is not None and said is not None:
                    found[chat.address] = (mail, f"email:{said.email}")
                case ChatEmailGiven(personal=said) if said is not None:
                    found[chat.address] = (fact.mail, said.text)
                case _:
                    continue
    return found


def _withdraw(desk: Desk, request: Withdraw) -> Done:
    whole = find(desk, request.incident)
    root = desk.known.incidents[desk.known.root(whole.id)]
    link = links.links_in(desk, [request.interaction], root.id).get(request.interaction)
    if link is None:
        raise NotFoundError("no such reply in this incident", field="interaction")
    _record(desk, request, desk.known.incidents[link.incident], withdrawal.take_back(desk, root, link, request))
    return Done(subject=whole.id, number=whole.number, interaction=request.interaction, delivery="withdrawn")


def _record(desk: Desk, request: IncidentRequest, incident: Incident, facts: list[Fact] | list[IncidentFact]) -> None:
    desk.known.record(facts, Cause(request.id, incident.id))


def whom(desk: Desk, family: list[Incident], request: Reply) -> People:
    """Whom a reply can reach."""
    voices = {voice.address for member in family for voice in member.voices} | {family[0].address}
    asked = parse_address(request.to) if request.to else ""
    asked_id = next(iter(loading.current(desk.connection, {desk.reader.id_of(asked): asked})), None) if asked else None
    loading.load_owners(desk.connection, desk.known, voices | ({asked_id} if asked_id else set()))
    mailboxes: dict[UUID, tuple[UUID, ...]] = {}
    proven_first = loading.load_addresses(desk.connection, set(desk.known.customers))
    for address in voices:
        owner = desk.known.owners.get(address)
        kin = desk.known.kin[desk.known.customers[owner.customer].root] if owner is not None else set[UUID]()
        mailboxes[address] = tuple(other for other, customer in proven_first if customer in kin)
    written = written_as(desk, voices | {other for others in mailboxes.values() for other in others})
    mailboxes = {
        address: tuple(other for other in others if written.get(other, "").startswith("email:"))
        for address, others in mailboxes.items()
    }
    asked_for = (asked_id, asked) if asked_id else None
    return People(written, mailboxes, asked_for, _gone_on_by_mail(desk, family))


def received(desk: Desk, interaction: UUID) -> InteractionReceived | None:
    """The fact that it came."""
    stream = stream_id("interaction", interaction)
    facts = desk.ledger.load(desk.connection, [stream])[stream].facts
    return next((fact for fact in facts if isinstance(fact, InteractionReceived)), None)
