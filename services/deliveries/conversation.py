"""What an answer belongs to, read from facts: its incident as a customer knows it, what was said before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from channels.email.mailboxes import Mailboxes
from channels.email.sending.quoting import Quoted
from eventstore.database import Connection
from eventstore.ledger import Ledger
from schemas.address import handle_of
from schemas.facts import Fact, stream_id
from schemas.facts.incident import (
    IncidentMerged,
    IncidentOpened,
    IncidentTeamAssigned,
    IncidentUnmerged,
    InteractionLinked,
)
from schemas.facts.interaction import InteractionReceived, InteractionSent
from schemas.interaction import Automatic, Channel
from schemas.threads import begun, mailed

_EARLIER_MAX = 20
_MERGES_MAX = 50
_WRITTEN = frozenset({Channel.EMAIL, Channel.FORM})


@dataclass(frozen=True)
class Earlier:
    """What was said before in the same thread: ids oldest first, and which mailbox of ours it was said to.

    `quoted`: the last words of whoever the answer goes to. Nobody is sent another's.
    """

    references: tuple[str, ...] = ()
    mailbox: str = ""
    quoted: Quoted | None = None


def earlier(
    connection: Connection,
    ledger: Ledger,
    incident: Incident,
    sent: InteractionSent,
    *,
    to: UUID,
    mailboxes: Mailboxes,
    id_of: Callable[[UUID, UUID], str],
) -> Earlier:
    """`to`: the keyed id of who gets it; `id_of`: the Message-ID of a thread's interaction."""
    linked = [fact.interaction for fact in incident.links if begun(fact.thread) == begun(sent.thread)]
    before = linked[: linked.index(sent.interaction)] if sent.interaction in linked else linked
    histories = ledger.load(connection, [stream_id("interaction", each) for each in before[-_EARLIER_MAX:]])
    references: list[str] = []
    mailbox, quoted = "", None
    for fact in (fact for history in histories.values() for fact in history.facts):
        match fact:
            case InteractionReceived(channel=Channel.EMAIL, personal=content) if content is not None:
                references.append(content.message_id)
                mailbox = mailboxes.of(content.details.get("mailbox", "")) or mailbox
            case InteractionReceived(channel=Channel.FORM) | InteractionSent():
                references.append(id_of(mailed(fact.thread), fact.interaction))
            case _:
                continue
        if isinstance(fact, InteractionReceived) and fact.address == to and fact.channel in _WRITTEN:
            quoted = _quoted(fact) or quoted
    return Earlier(tuple(dict.fromkeys(filter(None, references))), mailbox, quoted)


def _quoted(fact: InteractionReceived) -> Quoted | None:
    content = fact.personal
    written = fact.automatic in {None, Automatic.LIST}
    if content is None or content.sender is None or not content.text.strip() or not written:
        return None
    return Quoted(content.sender.name or handle_of(content.sender.address), fact.occurred_at, content.text)


@dataclass(frozen=True)
class Incident:
    """As a customer knows it: the number it is read under now, and all that is linked to it."""

    number: int | None = None
    subject: str = ""
    language: str = ""
    team: str | None = None
    links: tuple[InteractionLinked, ...] = ()

    @classmethod
    def load(cls, connection: Connection, ledger: Ledger, incident: UUID | None) -> Incident:
        """With all it was merged into, up to the one it is read as."""
        links: list[InteractionLinked] = []
        opened: IncidentOpened | None = None
        team: str | None = None
        seen: set[UUID] = set()
        while incident is not None and incident not in seen and len(seen) < _MERGES_MAX:
            seen.add(incident)
            stream = stream_id("incident", incident)
            facts = ledger.load(connection, [stream])[stream].facts
            links += (fact for fact in facts if isinstance(fact, InteractionLinked))
            # of the one it is read as: the last one looked at
            team = next((fact.team for fact in reversed(facts) if isinstance(fact, IncidentTeamAssigned)), None)
            opened = next((fact for fact in facts if isinstance(fact, IncidentOpened)), opened)
            incident = next(_merged_into(facts), None)
        if opened is None:
            return cls(links=tuple(links))
        subject = opened.personal.subject if opened.personal is not None else ""
        return cls(opened.number, subject, opened.language, team, tuple(links))


def _merged_into(facts: Sequence[Fact]) -> Iterator[UUID]:
    """Where it stands after the last merge or un-merge."""
    for fact in reversed(facts):
        if isinstance(fact, IncidentUnmerged):
            return
        if isinstance(fact, IncidentMerged):
            yield fact.into
            return
