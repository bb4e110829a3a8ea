"""Interactions as channels make them, and a hub's working set that takes them without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from schemas.facts import Fact
from schemas.facts.incident import InteractionLinked, InteractionUnlinked
from schemas.ids import scoped_id
from schemas.interaction import (
    Attachment,
    Authentication,
    Automatic,
    CallSignal,
    CallSignalKind,
    Channel,
    Direction,
    Hints,
    Interaction,
    Party,
)
from services.incidents import batch
from services.incidents.arrival import Reader
from services.incidents.batch import Rules
from services.incidents.known import Known

SECRET = b"s" * 32
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEEK = timedelta(hours=168)


def uid(name: str) -> UUID:
    """The id that tests call `name`."""
    return scoped_id("test", name)


def mail(
    name: str,
    sender: str = "ana@x.cu",
    *,
    to: tuple[str, ...] = (),
    subject: str = "",
    answers: tuple[str, ...] = (),
    thread: UUID | None = None,
    number: int | None = None,
    automatic: Automatic | None = None,
    about: UUID | None = None,
    authentication: Authentication = Authentication.NONE,
    text: str = "text",
    attachments: tuple[Attachment, ...] = (),
) -> Interaction:
    """A mail with Message-ID `<name>@x`; `answers`: names of mails in its References, the oldest first."""
    return Interaction(
        id=uid(name),
        channel=Channel.EMAIL,
        sender=Party(address=f"email:{sender}", proven=authentication is not Authentication.FAIL),
        recipients=tuple(Party(address=f"email:{other}") for other in to),
        subject=subject,
        text=text,
        thread=thread or uid(name),
        contact=uid(name),
        occurred_at=NOON,
        received_at=NOON,
        authentication=authentication,
        attachments=attachments,
        hints=Hints(
            message_id=f"{name}@x",
            references=tuple(f"{other}@x" for other in answers),
            thread_signed=thread is not None,
            subject_number=number,
            automatic=automatic,
            about=about,
        ),
    )


def form(name: str, email: str = "ana@x.cu", *, subject: str = "Printer", product: str = "") -> Interaction:
    """A web form: the address is typed, nothing more."""
    return Interaction(
        id=uid(name),
        channel=Channel.FORM,
        sender=Party(address=f"email:{email}", name="Ana"),
        subject=subject,
        text="text",
        thread=uid(name),
        contact=uid(name),
        occurred_at=NOON,
        received_at=NOON,
        hints=Hints(product=product),
    )


def chat(
    name: str, session: str = "s1", *, thread: UUID | None = None, claims: tuple[str, ...] = (), text: str = "hello"
) -> Interaction:
    """A chat message. The session is proven to be itself; what it says of itself is not."""
    return Interaction(
        id=scoped_id("chat", session, name),
        channel=Channel.CHAT,
        sender=Party(address=f"chat:{uid(session)}", proven=True),
        claims=tuple(Party(address=f"email:{claim}") for claim in claims),
        text=text,
        thread=thread or uid(session),
        contact=uid(session),
        occurred_at=NOON,
        received_at=NOON,
        hints=Hints(session=uid(session), thread_signed=thread is not None),
    )


def signal(
    call: str, kind: CallSignalKind, number: str = "+5355500001", *, line: str = "main", minute: int = 0
) -> CallSignal:
    """A telephone system's word."""
    return CallSignal(
        id=scoped_id("signal", line, call, kind),
        call=scoped_id("call", line, call),
        signal=kind,
        line=line,
        direction=Direction.IN,
        party=Party(address=f"phone:{number}", proven=True),
        agent="eva" if kind is CallSignalKind.ANSWERED else "",
        occurred_at=NOON + timedelta(minutes=minute),
        received_at=NOON + timedelta(minutes=minute),
    )


class World:
    """Takes interactions one by one, as the batch transaction does, and remembers everything."""

    def __init__(self) -> None:
        self.known = Known()
        self.rules = Rules(Reader(SECRET), WEEK)
        self.now = NOON

    def take(self, *items: Interaction) -> list[Fact]:
        """What they become."""
        before = len(self.known.facts)
        for item in items:
            batch.take(self.rules.reader.read(item), self.known, self.rules, now=self.now)
        return [fact for fact, _ in self.known.facts[before:]]

    def id_of(self, address: str) -> UUID:
        return self.rules.reader.id_of(address)

    def groups(self) -> set[frozenset[UUID]]:
        """Which interactions are read together."""
        found: dict[UUID, set[UUID]] = {}
        for interaction, incident in self.placed().items():
            found.setdefault(self.known.root(incident), set()).add(interaction)
        return {frozenset(group) for group in found.values()}

    def placed(self) -> dict[UUID, UUID]:
        """Interaction → the incident it is linked to."""
        found: dict[UUID, UUID] = {}
        for fact, _ in self.known.facts:
            match fact:
                case InteractionLinked():
                    found[fact.interaction] = fact.incident
                case InteractionUnlinked() if found.get(fact.interaction) == fact.incident:
                    del found[fact.interaction]
                case _:
                    pass
        return found
