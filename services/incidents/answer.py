"""An agent's answer: to whom, on which channel, on which thread. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schemas.address import Kind, kind_of
from schemas.errors import AnsweredMeanwhileError, ConflictError, InvalidError
from schemas.facts import Fact
from schemas.facts.incident import InteractionLinked, ParticipantAdded, Reason, Status, Words
from schemas.facts.interaction import (
    InteractionContent,
    InteractionDelivered,
    InteractionDeliveryFailed,
    InteractionHeld,
    InteractionReceived,
    InteractionSent,
)
from schemas.facts.teamwork import ArticleLinked, ReplyWithdrawn
from schemas.facts.undone import Voice
from schemas.interaction import Attachment, Channel, Direction, Party
from services.deliveries.queue import Kind as DeliveryKind
from services.deliveries.queue import NewDelivery
from services.incidents.decide import refuse_closed, written
from services.incidents.requests import Reply
from services.incidents.state import Incident
from services.incidents.teamwork import named_articles

_REFERENCES_MAX = 20
STATUS_PAGE = "status_page"
NOWHERE = "no way to reach them"
_WITHOUT_A_PAGE = frozenset({Channel.PHONE, Channel.IN_PERSON})


@dataclass(frozen=True, slots=True)
class Target:
    """Where an answer goes: the member of the whole whose conversation it is, and the last word in it, if any."""

    incident: Incident
    address: UUID
    written_as: str
    channel: Channel
    thread: UUID
    voice: Voice | None


@dataclass(frozen=True, slots=True)
class People:
    """Addresses of those taking part, and of the customer they belong to: id → as written; and what is new.

    `mailboxes`: of each address, the mail addresses of its customer, the proven ones first.
    """

    written_as: Mapping[UUID, str]
    mailboxes: Mapping[UUID, tuple[UUID, ...]]
    asked: tuple[UUID, str] | None = None
    gone_on_by_mail: Mapping[UUID, tuple[UUID, str]] = field(default_factory=dict[UUID, tuple[UUID, str]])
    """Of a chat that nobody accepted: the chat's address → the mail address given there."""


def target(family: Iterable[Incident], people: People, request: Reply) -> Target:
    """Who gets the answer. Raises ConflictError when the channel leads nowhere."""
    members = list(family)
    voices = sorted(((voice, member) for member in members for voice in member.voices), key=lambda one: one[0].at)
    if people.asked is not None:
        address, text = people.asked
        heard = [(voice, member) for voice, member in voices if voice.address == address]
        if not heard:
            return _first_word(members, address, text, request)
        voices = heard
    if request.thread is not None:
        voices = [one for one in voices if one[0].thread == request.thread]
        if not voices:
            raise ConflictError("this conversation is not part of the incident", field="thread")
    if request.channel is not None:
        fitting = [one for one in voices if _reaches(one[0], request.channel, people)]
        if not fitting:
            raise ConflictError(f"nobody here can be reached by {request.channel}", field="channel")
        voices = [one for one in fitting if one[0].channel is request.channel] or fitting
    if not voices:  # every word of a customer was moved elsewhere
        root = members[0]
        return _by_mail_or_page(root, root.address, root.channel, request.id, None, people)
    voice, member = voices[-1]
    if voice.address in people.gone_on_by_mail and request.channel is not Channel.CHAT:
        mail, text = people.gone_on_by_mail[voice.address]
        return Target(member, mail, text, Channel.EMAIL, voice.thread, voice)
    if voice.channel is Channel.CHAT and request.channel in {None, Channel.CHAT}:
        text = people.written_as.get(voice.address, "")
        return Target(member, voice.address, text, Channel.CHAT, voice.thread, voice)
    return _by_mail_or_page(member, voice.address, voice.channel, voice.thread, voice, people)


def nowhere(to: Target, answered: InteractionReceived | None) -> bool:
    """Can nobody read it? Who called or came has no link, but for a wish to be called that was left on our pages."""
    wish = answered is not None and answered.channel is Channel.PHONE and answered.call is None and not answered.by
    return to.channel in _WITHOUT_A_PAGE and not wish


def refuse_answered(later: Sequence[Fact], request: Reply) -> None:
    """Raise AnsweredMeanwhileError where somebody else replied. `later`: what came after what the caller had seen."""
    taken_back = {fact.interaction for fact in later if isinstance(fact, ReplyWithdrawn)}
    for fact in later:
        if not isinstance(fact, InteractionLinked) or fact.direction is not Direction.OUT:
            continue
        if fact.by not in {"", request.by} and fact.interaction not in taken_back:
            raise AnsweredMeanwhileError(fact.by, fact.at)


def decide(
    to: Target,
    status: Status,
    answered: InteractionReceived | None,
    request: Reply,
    *,
    files: tuple[Attachment, ...] = (),
    until: datetime | None = None,
) -> tuple[list[Fact], list[NewDelivery]]:
    """Sent, linked with the articles it names, queued. `answered`: the interaction it answers; `until`: held so long.

    Raises ConflictError, InvalidError.
    """
    refuse_closed(to.incident, status)
    if to.channel is Channel.EMAIL and not to.written_as:
        raise ConflictError("their address was erased", field="to")
    facts: list[Fact] = []
    if to.address not in to.incident.participants:
        facts.append(
            ParticipantAdded(
                incident=to.incident.id, address=to.address, at=request.now, personal=Words(text=to.written_as)
            )
        )
    if until is not None:  # before what it holds: who reads that knows already
        facts.append(InteractionHeld(interaction=request.id, until=until, at=request.now))
    facts += [
        InteractionSent(
            interaction=request.id,
            incident=to.incident.id,
            channel=to.channel,
            thread=to.thread,
            address=to.address,
            by=request.by,
            at=request.now,
            personal=_content(to, answered, request, files),
        ),
        InteractionLinked(
            incident=to.incident.id,
            interaction=request.id,
            channel=to.channel,
            direction=Direction.OUT,
            thread=to.thread,
            address=to.address,
            reason=Reason.AGENT,
            by=request.by,
            at=request.now,
        ),
    ]
    facts += [
        ArticleLinked(incident=to.incident.id, article=article, by=request.by, at=request.now)
        for article in named_articles(request.text)
        if article not in to.incident.articles
    ]
    if to.channel is Channel.EMAIL:
        delivery = NewDelivery(
            interaction=request.id,
            kind=DeliveryKind.REPLY,
            address=to.address,
            incident=to.incident.id,
            not_before=until,
        )
        return facts, [delivery]
    if nowhere(to, answered):
        facts.append(InteractionDeliveryFailed(interaction=request.id, at=request.now, reason=NOWHERE, attempts=0))
    elif (
        to.channel is not Channel.CHAT and until is None
    ):  # the status page shows it from now on; a chat's gateway says when it was pushed
        facts.append(InteractionDelivered(interaction=request.id, at=request.now, remote=STATUS_PAGE))
    return facts, []


def _first_word(members: list[Incident], address: UUID, text: str, request: Reply) -> Target:
    """To somebody who never wrote here: on a thread of its own, so that they see nothing but this."""
    if kind_of(text) is not Kind.EMAIL or request.channel not in {None, Channel.EMAIL}:
        raise InvalidError("who never wrote here can only be reached by mail", field="to")
    return Target(members[0], address, text, Channel.EMAIL, request.id, None)


def _by_mail_or_page(
    member: Incident, address: UUID, channel: Channel, thread: UUID, voice: Voice | None, people: People
) -> Target:
    mailbox = next(iter(_mailboxes(address, people)), None)
    if mailbox is not None:
        return Target(member, mailbox, people.written_as[mailbox], Channel.EMAIL, thread, voice)
    return Target(member, address, people.written_as.get(address, ""), channel, thread, voice)


def _mailboxes(address: UUID, people: People) -> tuple[UUID, ...]:
    text = people.written_as.get(address, "")
    return (address,) if text and kind_of(text) is Kind.EMAIL else people.mailboxes.get(address, ())


def _reaches(voice: Voice, channel: Channel, people: People) -> bool:
    return voice.channel is channel or (channel is Channel.EMAIL and bool(_mailboxes(voice.address, people)))


def _content(
    to: Target, answered: InteractionReceived | None, request: Reply, files: tuple[Attachment, ...]
) -> InteractionContent:
    before = answered.personal if answered is not None else None
    subject = before.subject if before is not None else ""
    mark = f"[#{to.incident.number}]"
    if to.channel is Channel.EMAIL:
        subject = subject if subject.casefold().startswith("re:") else f"Re: {subject}".rstrip()
        subject = subject if mark in subject else f"{subject} {mark}"
    references: tuple[str, ...] = ()
    if before is not None and before.message_id:
        references = (*before.references[-_REFERENCES_MAX:], before.message_id)
    name = before.sender.name if before is not None and before.sender is not None else ""
    return InteractionContent(
        recipients=(Party(address=to.written_as, name=name),) if to.written_as else (),
        subject=subject,
        text=written(request.text, "text"),
        references=references,
        attachments=files,
    )
