"""A chat as its decider sees it. Kept in `chat_state`."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, assert_never
from uuid import UUID

import msgspec
from msgspec.structs import replace

from schemas.facts.chat import (
    ChatAccepted,
    ChatClosed,
    ChatEmailGiven,
    ChatMissed,
    ChatRequested,
    ChatTransferred,
)
from schemas.facts.undone import ChatTransferUndone

ChatFact: TypeAlias = (
    ChatRequested | ChatAccepted | ChatTransferred | ChatTransferUndone | ChatClosed | ChatMissed | ChatEmailGiven
)


class Stage(StrEnum):
    """Where a chat stands."""

    WAITING = "waiting"
    ACTIVE = "active"
    CLOSED = "closed"
    MISSED = "missed"


class Chat(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """`since`: in this stage. `interaction`: the words it was asked for with. `by_mail`: answers go to `mail`."""

    id: UUID
    incident: UUID
    thread: UUID
    interaction: UUID
    address: UUID
    stage: Stage
    since: datetime
    agent: str = ""
    team: str = ""
    mail: UUID | None = None
    by_mail: bool = False

    @property
    def is_live(self) -> bool:
        """Does somebody talk, or wait for somebody?"""
        return self.stage in {Stage.WAITING, Stage.ACTIVE}


def begun(fact: ChatRequested | ChatMissed) -> Chat:
    """The state after the first fact."""
    return Chat(
        id=fact.chat,
        incident=fact.incident,
        thread=fact.thread,
        interaction=fact.interaction,
        address=fact.address,
        stage=Stage.WAITING if isinstance(fact, ChatRequested) else Stage.MISSED,
        since=fact.at,
        mail=fact.mail if isinstance(fact, ChatRequested) else None,
        by_mail=isinstance(fact, ChatMissed) and fact.by_mail,
    )


def evolve(chat: Chat, fact: ChatFact) -> Chat:  # noqa: PLR0911 -- a table, a row a return
    """The state after one more fact."""
    match fact:
        case ChatRequested():
            return replace(begun(fact), mail=fact.mail or chat.mail)
        case ChatAccepted():
            return replace(chat, stage=Stage.ACTIVE, agent=fact.by, by_mail=False, since=fact.at)
        case ChatTransferred() if fact.to:
            return replace(chat, stage=Stage.ACTIVE, agent=fact.to, by_mail=False, since=fact.at)
        case ChatTransferred():
            return replace(chat, stage=Stage.WAITING, agent="", team=fact.team, since=fact.at)
        case ChatTransferUndone():
            stage = Stage.ACTIVE if fact.agent else Stage.WAITING
            return replace(chat, stage=stage, agent=fact.agent, team=fact.team, since=fact.since)
        case ChatClosed():
            return replace(chat, stage=Stage.CLOSED, since=fact.at)
        case ChatMissed():
            return replace(chat, stage=Stage.MISSED, agent="", by_mail=fact.by_mail, since=fact.at)
        case ChatEmailGiven():
            return replace(chat, mail=fact.mail, by_mail=chat.stage is Stage.MISSED)
        case _:
            assert_never(fact)
