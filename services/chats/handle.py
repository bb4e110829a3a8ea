"""Chat requests: load, decide, into the working set. Called by `services/commands.py`.

What a customer's words do to their chat stands in services/incidents/batch.py, with what they do to the incident.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never
from uuid import UUID

import msgspec

from eventstore.ledger import Cause
from schemas.address import email_address
from schemas.errors import InvalidError, NotFoundError
from schemas.facts.customer import AddressAdded, Handle
from schemas.facts.incident import Status
from schemas.interaction import Channel
from services.access import teams
from services.chats import decide, presence
from services.chats.requests import (
    AcceptChat,
    ChatRequest,
    CloseChat,
    LeaveEmail,
    MissChat,
    TakeBackTransfer,
    TransferChat,
)
from services.chats.state import Chat
from services.deliveries.queue import Kind, NewDelivery
from services.desk import Desk, Done, Inverse
from services.incidents import decide as incidents
from services.incidents import handle as incident_requests
from services.incidents import leads, loading
from services.incidents.inverse import inverse_of
from services.incidents.requests import Assign, Reply
from services.incidents.state import Incident


def handle(desk: Desk, request: ChatRequest) -> Done:
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    match request:
        case AcceptChat():
            return _accept(desk, request)
        case TransferChat():
            return _transfer(desk, request)
        case TakeBackTransfer():
            chat = _chat(desk, request.chat)
            desk.known.record(decide.take_back_transfer(chat, request), Cause(request.id, chat.incident))
            return _done(desk, chat)
        case CloseChat():
            return _close(desk, request)
        case MissChat():
            return _miss(desk, request)
        case LeaveEmail():
            return _leave_email(desk, request)
        case _:
            assert_never(request)


def _accept(desk: Desk, request: AcceptChat) -> Done:
    chat = _chat(desk, request.chat)
    facts = decide.accept(chat, request)
    desk.known.record(facts, Cause(request.id, chat.incident))
    presence.touch(desk.connection, request.by)
    if facts:
        _give(desk, chat, request.by, request, taken_from=None)
    return _done(desk, chat)


def _transfer(desk: Desk, request: TransferChat) -> Done:
    chat = _chat(desk, request.chat)
    if request.team and not teams.exists(desk.connection, request.team):
        raise InvalidError(f"there is no team {request.team}", field="team")
    facts = decide.transfer(chat, request, available=presence.available(desk.connection))
    desk.known.record(facts, Cause(request.id, chat.incident))
    if not facts:
        return _done(desk, chat)
    given = _give(desk, chat, request.to, request, taken_from=chat.agent) if request.to else ()
    inverse = (TakeBackTransfer(chat=chat.id, was=chat, left=desk.known.chats[chat.id]), *given)
    return msgspec.structs.replace(_done(desk, chat), inverse=inverse)


def _close(desk: Desk, request: CloseChat) -> Done:
    chat = _chat(desk, request.chat)
    goodbye = None
    if request.goodbye.strip() and chat.is_live:
        reply = Reply(
            incident=_root(desk, chat).number,
            text=request.goodbye,
            channel=Channel.CHAT,
            thread=chat.thread,
            by=request.by,
            now=request.now,
            id=request.id,
        )
        goodbye = incident_requests.handle(desk, reply).interaction
        chat = _chat(desk, request.chat)  # the answer may have accepted it
    desk.known.record(decide.close(chat, request, goodbye), Cause(request.id, chat.incident))
    return msgspec.structs.replace(_done(desk, chat), interaction=goodbye)


def _miss(desk: Desk, request: MissChat) -> Done:
    chat = _chat(desk, request.chat)
    facts = decide.miss(chat, request, available=presence.available(desk.connection))
    desk.known.record(facts, Cause(request.id, chat.incident))
    if facts:
        _confirm(desk, chat)
    return _done(desk, chat)


def _leave_email(desk: Desk, request: LeaveEmail) -> Done:
    """Raises InvalidError where nothing was said yet: there is nothing to go on with."""
    email = email_address(request.email)
    loading.load_chats(desk.connection, desk.known, [request.chat])
    chat = desk.known.chats.get(request.chat)
    if chat is None:
        chat = _not_offered(desk, request)
    written = loading.current(desk.connection, {desk.reader.id_of(email): email})
    mail = next(iter(written))
    facts = decide.leave_email(chat, request, mail=mail, email=email)
    desk.known.record(facts, Cause(request.id, chat.incident))
    if facts:
        _claim(desk, chat, mail, email, request)
        _confirm(desk, chat)
    return _done(desk, chat)


def _not_offered(desk: Desk, request: LeaveEmail) -> Chat:
    session = desk.reader.key_of(f"session:{request.chat}")
    leads.load_threads(desk.connection, desk.known, [session])
    begun = desk.known.threads.get(session)
    if begun is None or begun.incident is None:
        raise InvalidError("write first what it is about", field="email")
    address = desk.reader.id_of(f"chat:{request.chat}")
    address = loading.load_renewed(desk.connection, [address]).get(address, address)
    fact = decide.not_offered(request, incident=begun.incident, interaction=begun.interaction, address=address)
    desk.known.record([fact], Cause(request.id, begun.incident))
    return desk.known.chats[request.chat]


def _claim(desk: Desk, chat: Chat, mail: UUID, email: str, request: LeaveEmail) -> None:
    """The customer's page shows it, as what it is: typed, not shown to be theirs."""
    loading.load_owners(desk.connection, desk.known, [chat.address, mail])
    owner = desk.known.owners.get(chat.address)
    if owner is None or mail in desk.known.owners:
        return
    fact = AddressAdded(
        customer=owner.customer, address=mail, proven=False, at=request.now, personal=Handle(address=email)
    )
    desk.known.record([fact], Cause(request.id, chat.incident))


def _confirm(desk: Desk, before: Chat) -> None:
    """From here on by mail: the first one says so, and holds the link to follow it by."""
    chat = desk.known.chats[before.id]
    if chat.by_mail and chat.mail is not None:
        desk.known.deliveries.append(
            NewDelivery(interaction=chat.interaction, kind=Kind.MISSED_CHAT, address=chat.mail, incident=chat.incident)
        )


def _give(
    desk: Desk, chat: Chat, to: str, request: AcceptChat | TransferChat, *, taken_from: str | None
) -> Sequence[Inverse]:
    """Who talks with them has the incident, unless somebody else had it already. Returns what undoes it."""
    root = _root(desk, chat)
    status = desk.known.status(root.id)
    if status is Status.CLOSED or root.assignee not in {None, taken_from}:
        return ()
    assign = Assign(incident=root.number, to=to, by=request.by, now=request.now)
    facts = incidents.assign(root, status, assign)
    desk.known.record(facts, Cause(request.id, root.id))
    return inverse_of(assign, root, desk.known.incidents[root.id]) if facts else ()


def _chat(desk: Desk, chat: UUID) -> Chat:
    loading.load_chats(desk.connection, desk.known, [chat])
    found = desk.known.chats.get(chat)
    if found is None or not desk.sees(found.incident):
        raise NotFoundError("there is no such chat")
    return found


def _root(desk: Desk, chat: Chat) -> Incident:
    loading.load_incidents(desk.connection, desk.known, [chat.incident])
    return desk.known.incidents[desk.known.root(chat.incident)]


def _done(desk: Desk, chat: Chat) -> Done:
    return Done(subject=chat.id, number=_root(desk, chat).number)
