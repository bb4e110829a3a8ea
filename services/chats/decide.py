"""What happens to a chat. Pure: who is available is an argument. Asking again for what is so already adds nothing."""

from __future__ import annotations

import textwrap
from collections.abc import Set as AbstractSet
from datetime import datetime
from uuid import UUID

from schemas.address import Kind, kind_of
from schemas.errors import ConflictError, InvalidError
from schemas.facts.chat import (
    Caller,
    ChatAccepted,
    ChatClosed,
    ChatEmailGiven,
    ChatMissed,
    ChatRequested,
    ChatTransferred,
    MissedReason,
)
from schemas.facts.incident import Words
from schemas.facts.undone import ChatTransferUndone
from schemas.interaction import Interaction, Party
from services.chats.requests import AcceptChat, CloseChat, LeaveEmail, MissChat, TakeBackTransfer, TransferChat
from services.chats.state import Chat, ChatFact, Stage

_FIRST_WORDS = 200  # characters
_TEAM_MAX = 60


def knock(
    chat: Chat | None,
    said: Interaction,
    *,
    session: UUID,
    incident: UUID,
    address: UUID,
    claims: tuple[tuple[UUID, Party], ...],
    available: AbstractSet[str],
    now: datetime,
) -> list[ChatFact]:
    """A customer's words ask for a person, unless one was asked already. Nobody there: the incident has the words."""
    if not available or (chat is not None and chat.is_live):
        return []
    mails = ((mail, party.address) for mail, party in claims if kind_of(party.address) is Kind.EMAIL)
    mail, email = next(mails, (None, ""))
    return [
        ChatRequested(
            chat=session,
            incident=incident,
            thread=said.thread,
            interaction=said.id,
            address=address,
            mail=mail,
            site=said.details.get("site", ""),
            language=said.language,
            at=now,
            personal=Caller(
                name=said.sender.name,
                text=textwrap.shorten(said.text, _FIRST_WORDS, placeholder="…"),
                email=email.removeprefix(f"{Kind.EMAIL}:"),
            ),
        )
    ]


def accept(chat: Chat, request: AcceptChat) -> list[ChatFact]:
    """Whoever asks first has it. Raises ConflictError that names them to the others."""
    if chat.stage is Stage.CLOSED:
        raise ConflictError("the chat is over")
    if chat.stage is Stage.ACTIVE:
        if chat.agent == request.by:
            return []
        raise ConflictError(f"{chat.agent} has this chat", field="agent")
    return [ChatAccepted(chat=chat.id, incident=chat.incident, by=request.by, at=request.now)]


def transfer(chat: Chat, request: TransferChat, *, available: AbstractSet[str]) -> list[ChatFact]:
    """Raises InvalidError, ConflictError."""
    team = " ".join(request.team.split())[:_TEAM_MAX]
    if bool(request.to) is bool(team):
        raise InvalidError("to an agent or to a team, one of them", field="to")
    if not chat.is_live:
        raise ConflictError("the chat is over")
    if (chat.stage is Stage.ACTIVE and request.to == chat.agent) or (
        chat.stage is Stage.WAITING and team and team == chat.team
    ):
        return []
    if request.to and request.to not in available:
        raise ConflictError(f"{request.to} is not available", field="to")
    return [
        ChatTransferred(chat=chat.id, incident=chat.incident, to=request.to, team=team, by=request.by, at=request.now)
    ]


def take_back_transfer(chat: Chat, request: TakeBackTransfer) -> list[ChatFact]:
    """With whom it was. Raises ConflictError where something happened to it since."""
    if chat != request.left:
        raise ConflictError("the chat was changed since")
    was = request.was
    return [
        ChatTransferUndone(
            chat=chat.id,
            incident=chat.incident,
            agent=was.agent,
            team=was.team,
            since=was.since,
            undone_at=chat.since,
            by=request.by,
            at=request.now,
        )
    ]


def close(chat: Chat, request: CloseChat, goodbye: UUID | None) -> list[ChatFact]:
    """`goodbye`: the answer it was, where there was one."""
    if chat.stage is Stage.CLOSED:
        return []
    return [ChatClosed(chat=chat.id, incident=chat.incident, goodbye=goodbye, by=request.by, at=request.now)]


def miss(chat: Chat, request: MissChat, *, available: AbstractSet[str]) -> list[ChatFact]:
    """Not when somebody took it meanwhile, nor before its time, unless nobody could come any more."""
    if chat.stage is not Stage.WAITING:
        return []
    if available and request.now - chat.since < request.patience:
        return []
    reason = MissedReason.TIMEOUT if available else MissedReason.NOBODY_AVAILABLE
    return [_missed(chat, reason, request)]


def leave_email(chat: Chat, request: LeaveEmail, *, mail: UUID, email: str) -> list[ChatFact]:
    """`mail`: the keyed id of `email`. Given again, it adds nothing."""
    if chat.mail == mail and (chat.by_mail or chat.stage is not Stage.MISSED):
        return []
    return [
        ChatEmailGiven(
            chat=chat.id,
            incident=chat.incident,
            address=chat.address,
            mail=mail,
            at=request.now,
            personal=Words(text=email),
        )
    ]


def not_offered(request: LeaveEmail, *, incident: UUID, interaction: UUID, address: UUID) -> ChatMissed:
    """Nobody was there when they wrote, so no chat began: now they say how it goes on."""
    return ChatMissed(
        chat=request.chat,
        incident=incident,
        thread=request.thread,
        interaction=interaction,
        address=address,
        reason=MissedReason.NOBODY_AVAILABLE,
        at=request.now,
    )


def _missed(chat: Chat, reason: MissedReason, request: MissChat) -> ChatMissed:
    return ChatMissed(
        chat=chat.id,
        incident=chat.incident,
        thread=chat.thread,
        interaction=chat.interaction,
        address=chat.address,
        reason=reason,
        by_mail=chat.mail is not None,
        at=request.now,
    )
