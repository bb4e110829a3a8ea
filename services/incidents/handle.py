"""Incident requests: load what the decider needs, decide, into the working set. Called by `services/commands.py`."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from eventstore.ledger import Cause
from schemas.address import parse_address
from schemas.errors import NotFoundError
from schemas.facts import Fact, stream_id, stream_of
from schemas.facts.chat import ChatAccepted, ChatEmailGiven, ChatRequested
from schemas.facts.customer import AddressAdded
from schemas.facts.incident import IncidentOpened, InteractionLinked, ProductNamed
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Channel, Direction
from services.chats.state import Stage
from services.desk import Desk, Done
from services.drafts import uploads
from services.incidents import answer, loading, plain, regroup, withdrawal
from services.incidents.answer import People
from services.incidents.arrival import Key
from services.incidents.indexing import move, part_keys, take_part
from services.incidents.known import Thread
from services.incidents.requests import (
    IncidentRequest,
    Merge,
    Move,
    Note,
    Reply,
    Split,
    Unmerge,
    Withdraw,
)
from services.incidents.state import Incident, IncidentFact


def handle(desk: Desk, request: IncidentRequest) -> Done:
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    match request:
        case Merge() | Unmerge():
            return _merging(desk, request)
        case Split():
            return _split(desk, request)
        case Move():
            return _move(desk, request)
        case Reply():
            return _reply(desk, request)
        case Withdraw():
            return _withdraw(desk, request)
        case _:
            incident = working(desk, request.incident)
            _record(desk, request, incident, plain.decide_plain(desk, incident, request))
            note = request.id if isinstance(request, Note) else None
            return Done(subject=incident.id, number=incident.number, note=note)


def find(desk: Desk, number: int) -> Incident:
    """The incident of a number. Raises NotFoundError."""
    loading.load_incidents(desk.connection, desk.known, (), [number])
    incident = desk.known.numbers.get(number)
    if incident is None:
        raise NotFoundError(f"there is no incident {number}")
    return desk.known.incidents[incident]


def working(desk: Desk, number: int) -> Incident:
    """An incident that takes work: not one that is read as part of another. Raises NotFoundError, ConflictError."""
    incident = find(desk, number)
    regroup.refuse_merged(incident, desk.known.incidents[desk.known.root(incident.id)])
    return incident


def _merging(desk: Desk, request: Merge | Unmerge) -> Done:
    target = working(desk, request.incident)
    if isinstance(request, Merge):
        facts = regroup.merge(target, [find(desk, number) for number in request.sources], request)
    else:
        facts = regroup.unmerge(target, find(desk, request.source), request)
    _record(desk, request, target, facts)
    return Done(subject=target.id, number=target.number)


def _split(desk: Desk, request: Split) -> Done:
    whole = working(desk, request.incident)
    histories = _histories(desk, whole.id)
    links = regroup.links_of(histories)
    chosen = {links[interaction].address for interaction in request.interactions if interaction in links}
    written_as = _written_as(desk, chosen)
    customers = {address: owner.customer for address, owner in desk.known.owners.items()}
    number = desk.known.last_number + 1
    facts = regroup.split(whole, links, customers, written_as, request, number, _product(histories))
    _record(desk, request, whole, facts)
    _follow(desk, [links[interaction] for interaction in request.interactions], request.id, request.subject)
    return Done(subject=request.id, number=number)


def _move(desk: Desk, request: Move) -> Done:
    source, target = working(desk, request.incident), working(desk, request.to)
    links = _links(desk, source)
    chosen = {link.address for link in (links.get(request.interaction),) if link is not None}
    _record(desk, request, source, regroup.move(target, links, _written_as(desk, chosen), request))
    _follow(desk, [links[request.interaction]], target.id, "")
    return Done(subject=source.id, number=source.number)


def _reply(desk: Desk, request: Reply) -> Done:
    incident = working(desk, request.incident)
    family = desk.known.family(incident.id)
    if request.seen_version is not None:
        answer.refuse_answered([withdrawal.history(desk, "incident", member.id) for member in family], request)
    to = answer.target(family, whom(desk, family, request), request)
    answered = None if to.voice is None else _received(desk, to.voice.interaction)
    files = uploads.claim(desk.connection, request.uploads, by=request.by)
    until = withdrawal.held_until(desk, request.hold_seconds)
    status = desk.known.status(incident.id)
    facts, deliveries = answer.decide(to, status, answered, request, files=files, until=until)
    _record(desk, request, to.incident, facts)
    desk.known.deliveries += deliveries
    for key in (desk.reader.key_of(f"interaction:{request.id}"), desk.reader.key_of(f"thread:{to.thread}")):
        loading.load_threads(desk.connection, desk.known, [key])
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
        delivery="queued" if queued else "sent",
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
    link = _links(desk, root).get(request.interaction)
    if link is None:
        raise NotFoundError("no such reply in this incident", field="interaction")
    _record(desk, request, desk.known.incidents[link.incident], withdrawal.take_back(desk, root, link, request))
    return Done(subject=whole.id, number=whole.number, interaction=request.interaction, delivery="withdrawn")


def _record(desk: Desk, request: IncidentRequest, incident: Incident, facts: list[Fact] | list[IncidentFact]) -> None:
    desk.known.record(facts, Cause(request.id, incident.id))


def links_of_family(desk: Desk, incident: UUID) -> regroup.Links:
    """Every interaction of the whole an incident is read as."""
    return regroup.links_of(_histories(desk, incident))


def _histories(desk: Desk, incident: UUID) -> list[Fact]:
    """All facts of the whole an incident is read as, each member's in order, the root's first."""
    found: list[Fact] = []
    streams = [stream_id("incident", member.id) for member in desk.known.family(incident)]
    for stream, history in desk.ledger.load(desk.connection, streams).items():
        # what this transaction decided is not in the store yet
        found += [*history.facts, *(one for one, _ in desk.known.facts if stream_of(one) == stream)]
    return found


def _product(facts: Iterable[Fact]) -> str:
    """What the customer said it is about; before it was a fact of its own, the opening said so."""
    for fact in facts:
        if isinstance(fact, ProductNamed) and fact.personal is not None:
            return fact.personal.text
        if isinstance(fact, IncidentOpened) and fact.product:
            return fact.product
    return ""


def _links(desk: Desk, whole: Incident) -> regroup.Links:
    return links_of_family(desk, whole.id)


def _follow(desk: Desk, links: list[InteractionLinked], incident: UUID, subject: str) -> None:
    """Answers to what was moved go where it went."""
    for link in links:
        loading.load_mails(desk.connection, desk.known, [link.interaction])
        move(link.interaction, incident, desk.known)
        put_part(desk, link, incident, desk.reader.topic(subject))


def put_part(desk: Desk, link: InteractionLinked, incident: UUID, topics: frozenset[Key]) -> None:
    """Whoever spoke there speaks here now."""
    loading.load_owners(desk.connection, desk.known, [link.address])
    owner = desk.known.owners.get(link.address)
    if owner is None or link.automatic is not None or link.direction is Direction.OUT:
        return
    keys = part_keys(owner.customer, topics)
    loading.load_parts(desk.connection, desk.known, keys)
    others = {part.incident for key in keys for part in desk.known.parts.get(key, ())}
    loading.load_incidents(desk.connection, desk.known, others)
    take_part(desk.known, owner.customer, incident, link.proven, topics)


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
    written_as = _written_as(desk, voices | {other for others in mailboxes.values() for other in others})
    mailboxes = {
        address: tuple(other for other in others if written_as.get(other, "").startswith("email:"))
        for address, others in mailboxes.items()
    }
    asked_for = (asked_id, asked) if asked_id else None
    return People(written_as, mailboxes, asked_for, _gone_on_by_mail(desk, family))


def _written_as(desk: Desk, addresses: set[UUID]) -> dict[UUID, str]:
    """The addresses as people write them, out of their customers' facts."""
    loading.load_owners(desk.connection, desk.known, addresses)
    customers = {desk.known.owners[address].customer for address in addresses if address in desk.known.owners}
    desk.ledger.keys.load(desk.connection, addresses)
    found: dict[UUID, str] = {}
    for history in desk.ledger.load(desk.connection, [stream_id("customer", one) for one in customers]).values():
        for fact in history.facts:
            if isinstance(fact, AddressAdded) and fact.personal is not None:
                found[fact.address] = fact.personal.address
    return found


def _received(desk: Desk, interaction: UUID) -> InteractionReceived | None:
    stream = stream_id("interaction", interaction)
    facts = desk.ledger.load(desk.connection, [stream])[stream].facts
    return next((fact for fact in facts if isinstance(fact, InteractionReceived)), None)
