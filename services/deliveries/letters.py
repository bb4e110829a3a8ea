"""What a delivery says, read from the facts it belongs to, when it is sent: nothing personal waits in a queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from channels.address_tokens import AddressTokens, UnsubscribeTokens
from channels.email.mailboxes import Mailboxes, with_plus
from channels.email.origin.automatic import loop_mark
from channels.email.sending.confirmation import confirmation
from channels.email.sending.greeting import LANGUAGES
from channels.email.sending.outgoing import OutgoingMail, subject_of_answer
from channels.email.sending.requests_link import requests_link
from channels.tokens import ThreadTokens
from eventstore.database import Connection
from eventstore.ledger import Ledger
from schemas.address import Kind, handle_of, kind_of
from schemas.facts import stream_id
from schemas.facts.chat import ChatEmailGiven, ChatRequested
from schemas.facts.customer import AddressAdded
from schemas.facts.interaction import InteractionReceived, InteractionSent
from schemas.facts.link import LinkMailed
from schemas.ids import keyed_id
from schemas.interaction import Attachment, Party
from schemas.threads import mailed
from services.access import team_mail, teams
from services.deliveries.conversation import Incident, earlier
from services.deliveries.queue import Kind as DeliveryKind
from services.deliveries.queue import Leased


@dataclass(frozen=True)
class Letterhead:
    """What every mail of this hub has in common."""

    secret: bytes = field(repr=False)
    tokens: ThreadTokens
    mailboxes: Mailboxes
    public_url: str
    locale: str
    name: str = ""

    @property
    def domain(self) -> str:
        """Of our Message-IDs."""
        return self.mailboxes.first.rpartition("@")[2]

    def language(self, theirs: str) -> str:
        """What we write to them in: their language where we have words in it, else ours."""
        return theirs if theirs in LANGUAGES else self.locale

    def message_id(self, thread: UUID, interaction: UUID) -> str:
        """Signed: what answers it is known by it."""
        return self.tokens.message_id(thread, interaction, self.domain)

    def unsubscribe(self, delivery: Leased) -> str:
        """Where its recipient ends all mail that nobody wrote."""
        token = UnsubscribeTokens(self.secret).sign(delivery.address, delivery.interaction)
        return f"{self.public_url}/unsubscribe/{token}"


@dataclass(frozen=True)
class Letter:
    """A mail, and the files still to be fetched for it."""

    mail: OutgoingMail
    attachments: tuple[Attachment, ...] = ()


def write(connection: Connection, ledger: Ledger, head: Letterhead, delivery: Leased) -> Letter | None:
    """The letter; None: there is nobody (any more) to write to."""
    if delivery.kind is DeliveryKind.REQUESTS_LINK:
        return _requests_link(connection, ledger, head, delivery)
    history = ledger.load(connection, [stream_id("interaction", delivery.interaction)])
    facts = [fact for each in history.values() for fact in each.facts]
    incident = Incident.load(connection, ledger, delivery.incident)
    for fact in facts:
        match fact:
            case InteractionSent() if delivery.kind is DeliveryKind.REPLY:
                return _reply(connection, ledger, head, delivery, fact, incident)
            case InteractionReceived() if delivery.kind is DeliveryKind.MISSED_CHAT:
                given = _given_in_chat(connection, ledger, fact.contact)
                return _confirmation(head, delivery, fact, incident, given, missed=True)
            case InteractionReceived() if delivery.kind is DeliveryKind.CONFIRMATION:
                return _confirmation(head, delivery, fact, incident)
            case _:
                continue
    return None


def _requests_link(connection: Connection, ledger: Ledger, head: Letterhead, delivery: Leased) -> Letter | None:
    """The mailbox stands sealed with the customer: who was erased since gets nothing."""
    stream = stream_id("link", delivery.interaction)
    mailed = next(
        (fact for fact in ledger.load(connection, [stream])[stream].facts if isinstance(fact, LinkMailed)), None
    )
    if mailed is None:
        return None
    theirs = stream_id("customer", mailed.customer)
    handles = [
        fact.personal
        for fact in ledger.load(connection, [theirs])[theirs].facts
        if isinstance(fact, AddressAdded) and fact.address == mailed.address and fact.personal is not None
    ]
    if not handles:
        return None
    language = head.language(mailed.language)
    token = AddressTokens(head.secret).sign(mailed.address, mailed.until)
    subject, text = requests_link(language, name=handles[-1].name, link=f"{head.public_url}/my-requests/{token}")
    return Letter(
        OutgoingMail(
            mailbox=head.mailboxes.first,
            answers_to=head.mailboxes.first,
            name=head.name,
            recipient=handle_of(handles[-1].address),
            recipient_name=handles[-1].name,
            subject=subject,
            text=text,
            language=language,
            message_id=f"{mailed.link.hex}.requests@{head.domain}",
            references=(),
            loop=loop_mark(head.secret),
            at=mailed.at,
            automatic=True,
        )
    )


def _reply(
    connection: Connection,
    ledger: Ledger,
    head: Letterhead,
    delivery: Leased,
    sent: InteractionSent,
    incident: Incident,
) -> Letter | None:
    content = sent.personal
    recipient = _recipient(head, delivery, content.recipients) if content is not None else None
    if content is None or recipient is None:
        return None
    before = earlier(
        connection, ledger, incident, sent, to=delivery.address, mailboxes=head.mailboxes, id_of=head.message_id
    )
    writes = team_mail.of_teams(connection).get(incident.team or "", team_mail.NONE)
    mailbox = head.mailboxes.of(writes.mailbox) or before.mailbox or head.mailboxes.first
    language = head.language(incident.language)
    title = teams.titles(connection).get(incident.team or "", "")
    return Letter(
        OutgoingMail(
            mailbox=mailbox,
            answers_to=with_plus(mailbox, head.tokens.sign(mailed(sent.thread))),
            name=writes.sender or head.name,
            recipient=handle_of(recipient.address),
            recipient_name=recipient.name,
            subject=subject_of_answer(content.subject or incident.subject, incident.number),
            text=content.text,
            language=incident.language,
            message_id=head.message_id(mailed(sent.thread), sent.interaction),
            references=content.references or before.references,
            signature=writes.signature(language, agent=sent.by, team=title),
            quoted=before.quoted,
            quoted_in=language,
            loop=loop_mark(head.secret),
            at=sent.at,
        ),
        content.attachments,
    )


def _given_in_chat(connection: Connection, ledger: Ledger, chat: UUID) -> list[Party]:
    """The mail addresses a chat's customer gave."""
    stream = stream_id("chat", chat)
    found: list[Party] = []
    for fact in ledger.load(connection, [stream])[stream].facts:
        match fact:
            case ChatRequested(personal=said) if said is not None and said.email:
                found.append(Party(address=f"{Kind.EMAIL}:{said.email}", name=said.name))
            case ChatEmailGiven(personal=said) if said is not None:
                found.append(Party(address=said.text))
            case _:
                continue
    return found


def _confirmation(
    head: Letterhead,
    delivery: Leased,
    received: InteractionReceived,
    incident: Incident,
    given: Sequence[Party] = (),
    *,
    missed: bool = False,
) -> Letter | None:
    content = received.personal
    parties = [*given, content.sender] if content is not None and content.sender else given
    recipient = _recipient(head, delivery, parties)
    if content is None or recipient is None:
        return None
    side = mailed(received.thread)
    token = head.tokens.sign(side)
    language = head.language(received.language)
    subject, text = confirmation(
        language,
        subject=content.subject or incident.subject,
        number=incident.number,
        name=recipient.name,
        link=f"{head.public_url}/status/{head.tokens.sign_link(side)}",
        missed_chat=missed,
    )
    return Letter(
        OutgoingMail(
            mailbox=head.mailboxes.first,
            answers_to=with_plus(head.mailboxes.first, token),
            name=head.name,
            recipient=handle_of(recipient.address),
            recipient_name=recipient.name,
            subject=subject,
            text=text,
            language=language,
            message_id=head.message_id(side, received.interaction),
            references=(),
            loop=loop_mark(head.secret),
            at=datetime.now(UTC),
            automatic=True,
            unsubscribe=head.unsubscribe(delivery),
        )
    )


def _recipient(head: Letterhead, delivery: Leased, parties: Sequence[Party]) -> Party | None:
    """The one of them the delivery is for: it names only a keyed id."""
    mailable = (party for party in parties if kind_of(party.address) is Kind.EMAIL)
    return next((party for party in mailable if keyed_id(head.secret, party.address) == delivery.address), None)
