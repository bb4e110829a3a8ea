"""Valid histories for the read side's tests: every kind of fact, as the deciders record them, deterministic by seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventstore import store
from eventstore.database import Connection, Database
from eventstore.keys import Keys
from eventstore.ledger import NO_CAUSE, Ledger
from schemas.facts import Fact, stream_of
from schemas.facts.address import AddressMuted, AddressUnmuted, MuteReason
from schemas.facts.api_token import TokenCreated
from schemas.facts.article import (
    ArticleDrafted,
    ArticleKind,
    ArticlePublished,
    ArticleReinstated,
    ArticleRetired,
    ArticleRevised,
    Audience,
    DraftDropped,
    DraftSaved,
    ReviewDeclined,
    ReviewRequested,
)
from schemas.facts.call import (
    CallAnswered,
    CallAttached,
    CallEnded,
    CallHeld,
    CallIdentified,
    CallNoted,
    CallOutcomeSet,
    CallParted,
    CallRang,
    CallResumed,
    CallStarted,
    SameCall,
)
from schemas.facts.callback import (
    CallbackCancelled,
    CallbackDone,
    CallbackReleased,
    CallbackRequested,
    CallbackRescheduled,
    CallbackTaken,
    Wish,
)
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
from schemas.facts.customer import (
    AddressAdded,
    AddressProven,
    CustomerJoinedOrganization,
    CustomerLeftOrganization,
    CustomerMerged,
    CustomerRegistered,
    CustomerUnmerged,
    Handle,
    Person,
    PersonErased,
)
from schemas.facts.earlier import CallbackCancelledV1, CallOutcomeSetV1, IncidentReopenedV1
from schemas.facts.gap import GapDismissed, GapFilled, GapNoticed, GapReopened
from schemas.facts.held import HeldDiscarded, HeldReleased, HeldReprocessed, HeldRestored
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentMerged,
    IncidentNoted,
    IncidentOpened,
    IncidentPrioritized,
    IncidentRated,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTagged,
    IncidentTeamAssigned,
    IncidentUnmerged,
    IncidentWoken,
    InteractionLinked,
    InteractionUnlinked,
    MergeSuggested,
    ParticipantAdded,
    Priority,
    ProductNamed,
    Reason,
    Resolution,
    Status,
    Subject,
    SuggestionReason,
    Words,
    WorkStarted,
    WorkStopped,
)
from schemas.facts.interaction import (
    InteractionBounced,
    InteractionComplained,
    InteractionContent,
    InteractionDelayed,
    InteractionDelivered,
    InteractionDeliveryFailed,
    InteractionDeliveryUncertain,
    InteractionHeld,
    InteractionPostponed,
    InteractionReceived,
    InteractionRequeued,
    InteractionSent,
    InteractionWithdrawn,
)
from schemas.facts.line import LineCreated, LineKeyRenewed, LineRevoked, line_id
from schemas.facts.organization import (
    EntitlementSet,
    OrganizationDomainsSet,
    OrganizationProductsSet,
    OrganizationRegistered,
    OrganizationRenamed,
    OrganizationRestored,
    OrganizationRetired,
)
from schemas.facts.shelving import (
    ArticleDescribed,
    ArticleDoubted,
    ArticleFileAdded,
    ArticleFileRemoved,
    ArticlePinned,
    ArticleRedirected,
    ArticleTranslates,
    ArticleUnpinned,
    Doubt,
    DoubtSettled,
    ReviewDue,
)
from schemas.facts.synonyms import SynonymsRemoved, SynonymsSet
from schemas.facts.target import TargetSet, target_id
from schemas.facts.team import TeamCreated, TeamMailSet
from schemas.facts.teamwork import (
    AgentsMentioned,
    ArticleLinked,
    ArticleUnlinked,
    Files,
    NoteFilesAdded,
    ReplyWithdrawn,
)
from schemas.facts.threshold import ThresholdSet, threshold_id
from schemas.facts.undone import ChatTransferUndone, Decision, IncidentRestored, Standing
from schemas.facts.user import (
    EmailChanged,
    JoinedTeam,
    Mailbox,
    Method,
    Place,
    PlacesForgotten,
    ProviderUnlinked,
    Refusal,
    RoleChanged,
    SessionEnd,
    SessionEnded,
    SignedIn,
    SignInFailed,
    UserCreated,
)
from schemas.facts.visit import (
    ArticleOpened,
    ArticleSuggested,
    ArticleVoted,
    ChatStarted,
    ContactSent,
    ContactStarted,
    FileDownloaded,
    ReadingTimed,
    ResultsShown,
    Searched,
    Surface,
    VisitBegun,
    VisitSolved,
    VoteExplained,
    VoteReason,
)
from schemas.facts.widget import WidgetChanged, WidgetCreated, WidgetRemoved, widget_id
from schemas.interaction import Attachment, Channel, Checks, Direction, Label, Party

START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
_WORDS = [
    "impresora",
    "instalación",
    "licencia",
    "factura",
    "error",
    "pantalla",
    "réseau",
    "driver",
    "backup",
    "contraseña",
    "update",
    "módulo",
    "the",
    "program",
    "does",
    "not",
    "start",
    "después",
    "de",
    "actualizar",
    "no",
    "funciona",
    "correctly",
    "gracias",
    "saludos",
    "servidor",
]


@dataclass
class Somebody:
    customer: UUID
    address: UUID
    written: str
    erased: bool = False
    organization: UUID | None = None


@dataclass
class Work:
    incident: UUID
    number: int
    person: Somebody
    interactions: list[tuple[UUID, Channel]] = field(default_factory=list)
    sent: list[UUID] = field(default_factory=list)
    merged_into: Work | None = None
    resolved: bool = False


class Story:
    """Tells what happens next: each `step` is the facts of one transaction."""

    def __init__(self, seed: int = 1, *, start: datetime = START) -> None:
        self.random = random.Random(seed)  # noqa: S311 -- the same story each time
        self.now = start
        self.people: list[Somebody] = []
        self.work: list[Work] = []
        self.articles: list[UUID] = []
        self.shelved = 0
        self.visits: list[UUID] = []
        self.organizations: list[UUID] = []
        self.erasures = True
        self.told: set[Callable[[], list[Fact]]] = set()

    def uuid(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def words(self, count: int) -> str:
        return " ".join(self.random.choices(_WORDS, k=count))

    def steps(self, count: int) -> Iterator[list[Fact]]:
        for _ in range(count):
            yield self.step()

    def step(self) -> list[Fact]:
        self.now += timedelta(seconds=self.random.randint(1, 900))
        kinds = (
            [(self.open, 6), (self.write, 8), (self.answer, 7), (self.resolve, 4), (self.turn, 6), (self.visit, 4)]
            + [(self.merge, 1), (self.unmerge, 1), (self.move, 1), (self.split, 1), (self.call, 1), (self.person, 1)]
            + [(self.callback, 1), (self.stopwatch, 1)]
            + [(self.chat, 1), (self.target, 0.5), (self.visit_again, 2)]
            + [(self.call_in, 2), (self.undo, 2), (self.withdraw, 1), (self.link, 2)]
            + ([(self.erase, 0.4)] if self.erasures else [])
            + [(self.library, 3)]
            + [(self.access, 0.6), (self.door, 0.4), (self.gate, 0.4), (self.company, 1), (self.belong, 2)]
        )
        weights = [weight if kind in self.told else 3 * weight for kind, weight in kinds]  # none stays away for long
        (tell,) = self.random.choices([kind for kind, _ in kinds], weights)
        self.told.add(tell)
        return tell()

    def person(self) -> list[Fact]:
        if len(self.people) > 3 and self.random.random() < 0.5:
            one, other = self.random.sample(self.people, 2)
            if self.random.random() < 0.5:
                return [CustomerMerged(customer=one.customer, into=other.customer, by="ana", at=self.now)]
            return [CustomerUnmerged(customer=one.customer, out_of=other.customer, by="ana", at=self.now)]
        person = Somebody(self.uuid(), self.uuid(), f"email:p{len(self.people)}@example.cu")
        self.people.append(person)
        name = self.words(2).title()
        return [
            CustomerRegistered(
                customer=person.customer, address=person.address, language="es", at=self.now, personal=Person(name=name)
            ),
            AddressAdded(
                customer=person.customer,
                address=person.address,
                at=self.now,
                personal=Handle(address=person.written, name=name),
            ),
        ]

    def open(self) -> list[Fact]:
        known = [person for person in self.people if not person.erased]
        facts: list[Fact] = []
        if not known or self.random.random() < 0.3:
            self.people_before = len(self.people)
            while len(self.people) == self.people_before:
                facts = self.person()
            known = self.people[-1:]
        person = self.random.choice(known)
        work = Work(self.uuid(), len(self.work) + 1, person)
        self.work.append(work)
        channel = self.random.choice(list(Channel))
        opened = IncidentOpened(
            incident=work.incident,
            number=work.number,
            customer=person.customer,
            address=person.address,
            channel=channel,
            language="es",
            product=self.words(1) if self.random.random() < 0.2 else "",  # as it was recorded before
            at=self.now,
            personal=Subject(subject=self.words(4)),
        )
        received, linked = self.message(work, channel, Reason.NEW)
        took_part = ParticipantAdded(
            incident=work.incident, address=person.address, at=self.now, personal=Words(text=person.written)
        )
        if self.random.random() < 0.2:
            words = Words(text=self.words(1))
            facts.append(ProductNamed(incident=work.incident, address=person.address, at=self.now, personal=words))
            return [received, *facts[:-1], opened, facts[-1], linked, took_part]
        if len(self.work) > 1 and self.random.random() < 0.2:
            other = self.random.choice(self.work[:-1]).incident
            facts.append(
                MergeSuggested(
                    incident=work.incident, other=other, reason=SuggestionReason.CLAIMED_ADDRESS, at=self.now
                )
            )
            return [received, *facts[:-1], opened, linked, took_part, facts[-1]]
        return [received, *facts, opened, linked, took_part]

    def message(self, work: Work, channel: Channel, reason: Reason) -> tuple[Fact, Fact]:
        interaction, person = self.uuid(), work.person
        work.interactions.append((interaction, channel))
        received = InteractionReceived(
            interaction=interaction,
            channel=channel,
            thread=interaction,
            contact=interaction,
            address=person.address,
            occurred_at=self.now - timedelta(seconds=self.random.randint(0, 600)),
            received_at=self.now,
            personal=InteractionContent(
                sender=Party(address=person.written, name="Ana"),
                recipients=(Party(address="email:support@cauce.example"),),
                subject=self.words(3),
                text=self.words(self.random.randint(5, 60)),
                attachments=(Attachment(name="a.png", bytes=10, media_type="image/png", blob="b1"),)
                if self.random.random() < 0.1
                else (),
                labels=(Label.SIGNED,) if self.random.random() < 0.1 else (),
                details={"reply_to": "email:otra@x.cu"} if self.random.random() < 0.1 else {},
                checks=Checks(dkim="pass", domain="x.cu", aligned=True) if self.random.random() < 0.1 else None,
            ),
        )
        linked = InteractionLinked(
            incident=work.incident,
            interaction=interaction,
            channel=channel,
            direction=Direction.IN,
            thread=interaction,
            address=person.address,
            proven=self.random.random() < 0.2,
            starts_contact=True,
            reason=reason,
            at=self.now,
        )
        return received, linked

    def write(self) -> list[Fact]:
        if not self.work:
            return self.open()
        work = self.random.choice(self.work[-50:])
        facts: list[Fact] = [*self.message(work, self.random.choice(list(Channel)), Reason.SAME_CUSTOMER)]
        if work.resolved:
            work.resolved = False
            interaction = work.interactions[-1][0]
            facts.append(self.reopened(work, interaction))
        if self.random.random() < 0.2:
            facts.append(AddressProven(customer=work.person.customer, address=work.person.address, at=self.now))
        return facts

    def reopened(self, work: Work, interaction: UUID) -> Fact:
        """As it is recorded today, or as it was before."""
        incident, address = work.incident, work.person.address
        match self.random.randrange(3):
            case 0:
                return IncidentReopenedV1(incident=incident, by="ana", reason=self.words(4), at=self.now)
            case 1:
                words = Words(text=self.words(4))
                return IncidentReopened(incident=incident, address=address, by="ana", at=self.now, personal=words)
            case _:
                return IncidentReopened(incident=incident, address=address, interaction=interaction, at=self.now)

    def answer(self) -> list[Fact]:
        if not self.work:
            return self.open()
        work = self.random.choice(self.work[-50:])
        interaction = self.uuid()
        work.sent.append(interaction)
        thread = work.interactions[-1][0] if work.interactions else interaction
        sent = InteractionSent(
            interaction=interaction,
            incident=work.incident,
            channel=Channel.EMAIL,
            thread=thread,
            address=work.person.address,
            by="ana",
            at=self.now,
            personal=InteractionContent(
                sender=Party(address="email:support@cauce.example"),
                recipients=(Party(address=work.person.written),),
                text=self.words(20),
            ),
        )
        linked = InteractionLinked(
            incident=work.incident,
            interaction=interaction,
            channel=Channel.EMAIL,
            direction=Direction.OUT,
            thread=thread,
            address=work.person.address,
            reason=Reason.AGENT,
            by="ana",
            at=self.now,
        )
        outcome: Fact = self.random.choice(
            [
                InteractionDelivered(interaction=interaction, at=self.now),
                InteractionDelivered(interaction=interaction, at=self.now),
                InteractionDeliveryFailed(interaction=interaction, at=self.now, reason="550", attempts=1),
                InteractionDeliveryUncertain(interaction=interaction, at=self.now),
                InteractionBounced(interaction=interaction, bounce=self.uuid(), at=self.now, reason="5.1.1"),
                InteractionDelayed(interaction=interaction, notice=self.uuid(), at=self.now, reason="4.4.1"),
                InteractionComplained(interaction=interaction, complaint=self.uuid(), at=self.now, reason="abuse"),
            ]
        )
        if not isinstance(outcome, InteractionBounced | InteractionComplained):
            return [sent, linked, outcome]
        why = MuteReason.BOUNCE if isinstance(outcome, InteractionBounced) else MuteReason.COMPLAINT
        address = work.person.address
        muted = AddressMuted(
            address=address, reason=why, interaction=interaction, status=outcome.reason, since=self.now, at=self.now
        )
        unmuted = AddressUnmuted(address=address, by="ana", at=self.now)
        return [sent, linked, outcome, muted, *([unmuted] if self.random.random() < 0.5 else [])]

    def turn(self) -> list[Fact]:
        if not self.work:
            return self.open()
        work = self.random.choice(self.work[-50:])
        incident, now = work.incident, self.now
        return [
            self.random.choice(
                [
                    IncidentAssigned(incident=incident, to=self.random.choice(["ana", "luis", None]), by="ana", at=now),
                    IncidentPrioritized(
                        incident=incident, priority=self.random.choice(list(Priority)), by="ana", at=now
                    ),
                    IncidentTagged(incident=incident, added=("vip", "net"), removed=("old",), by="ana", at=now),
                    IncidentTagged(incident=incident, removed=("net",), by="ana", at=now),
                    IncidentTeamAssigned(incident=incident, team=self.random.choice(["red", None]), by="ana", at=now),
                    IncidentSnoozed(
                        incident=incident,
                        until=self.random.choice([None, now + timedelta(hours=2)]),
                        by="ana",
                        at=now,
                    ),
                    IncidentWoken(incident=incident, by="ana", at=now),
                    IncidentNoted(
                        incident=incident,
                        note=self.uuid(),
                        address=work.person.address,
                        by="ana",
                        at=now,
                        personal=Words(text=self.words(12)),
                    ),
                ]
            )
        ]

    def call_in(self) -> list[Fact]:
        """A note that calls two users, with a file."""
        if not self.work:
            return self.open()
        work, note, now = self.random.choice(self.work[-50:]), self.uuid(), self.now
        incident, address = work.incident, work.person.address
        file = Attachment(name=f"{self.words(1)}.txt", bytes=3, media_type="text/plain", blob="b2")
        words = Words(text=self.words(6))
        return [
            IncidentNoted(incident=incident, note=note, address=address, by="ana", at=now, personal=words),
            AgentsMentioned(incident=incident, note=note, agents=("eva", "luis"), by="ana", at=now),
            NoteFilesAdded(
                incident=incident, note=note, address=address, by="ana", at=now, personal=Files(attachments=(file,))
            ),
        ]

    def withdraw(self) -> list[Fact]:
        """An answer that is held, and taken back."""
        facts = self.answer()
        if not isinstance(facts[0], InteractionSent):
            return facts
        sent, linked, *_ = facts
        if self.random.random() < 0.5:
            later = self.now + timedelta(minutes=1)
            late = {"interaction": sent.interaction, "at": self.now}
            return [
                sent,
                linked,
                InteractionPostponed(**late, until=later, attempts=1, reason="451 later"),
                InteractionDeliveryFailed(**late, reason="550 no", attempts=2),
                InteractionRequeued(**late, by="ana"),
            ]
        back = InteractionWithdrawn(interaction=sent.interaction, by="ana", at=self.now)
        held = InteractionHeld(interaction=sent.interaction, until=self.now + timedelta(seconds=10), at=self.now)
        return [
            held,
            sent,
            linked,
            back,
            ReplyWithdrawn(
                incident=sent.incident,
                interaction=sent.interaction,
                channel=sent.channel,
                status=Status.OPEN,
                replied_at=self.now,
                by="ana",
                at=self.now,
            ),
        ]

    def link(self) -> list[Fact]:
        """An article is linked, or no longer."""
        if not self.work or not self.articles:
            return self.open()
        work, article = self.random.choice(self.work[-50:]), self.random.choice(self.articles[:4])
        kind = ArticleLinked if self.random.random() < 0.7 else ArticleUnlinked
        return [kind(incident=work.incident, article=article, by="ana", at=self.now)]

    def target(self) -> list[Fact]:
        priority = self.random.choice([Priority.NORMAL, Priority.NORMAL, *Priority])
        name, value = self.random.choice(["contact_percent", "zero_searches"]), self.random.randint(1, 50)
        return [
            ThresholdSet(threshold=threshold_id(name), name=name, value=value, by="ana", at=self.now),
            TargetSet(
                target=target_id(priority),
                priority=priority,
                first_response_seconds=self.random.choice([None, 3600, 7200]),
                resolution_seconds=self.random.choice([None, 86400, 100_000]),
                by="ana",
                at=self.now,
            ),
        ]

    def resolve(self) -> list[Fact]:
        unsolved = [work for work in self.work[-50:] if not work.resolved]
        if not unsolved:
            return self.open()
        work = self.random.choice(unsolved)
        work.resolved = True
        resolved = IncidentResolved(
            incident=work.incident,
            address=work.person.address,
            by="ana",
            at=self.now,
            personal=Resolution(solution=self.words(5), cause=self.words(3)),
        )
        if self.random.random() < 0.3:
            return [resolved, IncidentClosed(incident=work.incident, by="ana", at=self.now)]
        if self.random.random() < 0.3:
            rated = IncidentRated(
                incident=work.incident,
                address=work.person.address,
                score=self.random.randint(1, 5),
                at=self.now,
                personal=Words(text=self.words(3)),
            )
            return [resolved, rated]
        return [resolved]

    def undo(self) -> list[Fact]:
        """A decision and its undoing, back to whatever stood before or to anything else."""
        if not self.work:
            return self.open()
        work = self.random.choice(self.work[-50:])
        work.resolved = False
        decided, status = self.now, self.random.choice(list(Status))
        self.now += timedelta(seconds=self.random.randint(1, 300))
        before: dict[Decision, Fact] = {
            Decision.RESOLVED: IncidentResolved(
                incident=work.incident,
                address=work.person.address,
                by="ana",
                at=decided,
                personal=Resolution(solution=self.words(5)),
            ),
            Decision.CLOSED: IncidentClosed(incident=work.incident, by="ana", at=decided),
            Decision.REOPENED: IncidentReopened(incident=work.incident, by="ana", at=decided),
            Decision.ASSIGNED: IncidentAssigned(incident=work.incident, to="eva", by="ana", at=decided),
        }
        undone = self.random.choice(list(before))
        solved = self.random.random() < 0.5
        return [
            before[undone],
            IncidentRestored(
                incident=work.incident,
                undone=undone,
                undone_at=decided,
                stood=Standing(
                    status=status,
                    spoken_at=decided - timedelta(seconds=60),
                    active_at=decided,
                    solved=solved,
                    snoozed=status is Status.OPEN,
                ),
                parted=(work.person.address,) if self.random.random() < 0.3 else (),
                resolved_at=decided - timedelta(seconds=60) if status is Status.RESOLVED else None,
                closed_at=decided - timedelta(seconds=60) if status is Status.CLOSED else None,
                address=work.person.address if solved else None,
                by="ana",
                at=self.now,
                personal=Resolution(solution=self.words(5), cause=self.words(2)) if solved else None,
            ),
        ]

    def merge(self) -> list[Fact]:
        alone = [work for work in self.work[-50:] if work.merged_into is None]
        if len(alone) < 2:
            return self.open()
        work, into = self.random.sample(alone, 2)
        work.merged_into = into
        return [IncidentMerged(incident=work.incident, into=into.incident, by="ana", at=self.now)]

    def unmerge(self) -> list[Fact]:
        merged = [work for work in self.work if work.merged_into is not None]
        if not merged:
            return self.merge()
        work = self.random.choice(merged)
        assert work.merged_into is not None
        out_of, work.merged_into = work.merged_into.incident, None
        return [IncidentUnmerged(incident=work.incident, out_of=out_of, by="ana", at=self.now)]

    def _moved(self, work: Work, to: Work, interaction: UUID, channel: Channel) -> list[Fact]:
        work.interactions.remove((interaction, channel))
        to.interactions.append((interaction, channel))
        return [
            InteractionUnlinked(incident=work.incident, interaction=interaction, to=to.incident, by="ana", at=self.now),
            InteractionLinked(
                incident=to.incident,
                interaction=interaction,
                channel=channel,
                direction=Direction.IN,
                thread=interaction,
                address=work.person.address,
                reason=Reason.AGENT,
                by="ana",
                at=self.now,
            ),
        ]

    def move(self) -> list[Fact]:
        movable = [work for work in self.work[-50:] if work.interactions]
        if len(movable) < 2:
            return self.open()
        work, to = self.random.sample(movable, 2)
        return self._moved(work, to, *self.random.choice(work.interactions))

    def split(self) -> list[Fact]:
        long = [work for work in self.work[-50:] if len(work.interactions) > 1]
        if not long:
            return self.write()
        work = self.random.choice(long)
        new = Work(self.uuid(), len(self.work) + 1, work.person)
        self.work.append(new)
        interaction, channel = work.interactions[-1]
        opened = IncidentOpened(
            incident=new.incident,
            number=new.number,
            customer=new.person.customer,
            address=new.person.address,
            channel=channel,
            split_from=work.incident,
            at=self.now,
            personal=Subject(subject=self.words(2)),
        )
        return [opened, *self._moved(work, new, interaction, channel)]

    def call(self) -> list[Fact]:
        if not self.work:
            return self.open()
        work, call = self.random.choice(self.work[-50:]), self.uuid()
        address = work.person.address
        return [
            CallStarted(
                call=call,
                interaction=self.uuid(),
                direction=Direction.IN,
                address=address,
                at=self.now,
                personal=Words(text="phone:+5355512345"),
            ),
            CallRang(call=call, users=("ana", "luis"), at=self.now),
            CallAttached(call=call, incident=work.incident, number=work.number, at=self.now),
            CallAnswered(call=call, agent="ana", at=self.now + timedelta(seconds=5)),
            CallHeld(call=call, by="ana", at=self.now + timedelta(seconds=15)),
            *(
                [CallResumed(call=call, by="ana", at=self.now + timedelta(seconds=25))]
                if self.random.random() < 0.5
                else []
            ),
            CallNoted(call=call, address=address, by="ana", at=self.now, personal=Words(text=self.words(5))),
            CallIdentified(
                call=call,
                other=self.uuid(),
                line="main",
                agent="ana",
                reason=self.random.choice(list(SameCall)),
                began_at=self.now,
                at=self.now,
            ),
            *([CallParted(call=call, other=call, by="ana", at=self.now)] if self.random.random() < 0.5 else []),
            CallEnded(call=call, outcome="normal", at=self.now + timedelta(seconds=65)),
            self.outcome(call, address),
        ][: self.random.randint(1, 11)]

    def cancelled(self, callback: UUID, address: UUID) -> Fact:
        """As it is recorded today, or as it was before."""
        if self.random.random() < 0.3:
            return CallbackCancelledV1(callback=callback, reason=self.words(3), by="luis", at=self.now)
        words = Words(text=self.words(3))
        return CallbackCancelled(callback=callback, address=address, by="luis", at=self.now, personal=words)

    def callback(self) -> list[Fact]:
        known = [work for work in self.work[-50:] if not work.person.erased]
        if not known:
            return self.open()
        work, callback, now = self.random.choice(known), self.uuid(), self.now
        then: list[Fact] = [
            CallbackRescheduled(
                callback=callback, since=now, until=now + timedelta(hours=1), by="ana", at=now + timedelta(minutes=1)
            ),
            CallbackTaken(callback=callback, by="ana", at=now),
            CallbackReleased(callback=callback, by="luis", at=now),
            CallbackTaken(callback=callback, call=self.uuid(), by="luis", at=now),
            CallbackDone(callback=callback, by="luis", at=now)
            if self.random.random() < 0.5
            else self.cancelled(callback, work.person.address),
        ]
        requested = CallbackRequested(
            callback=callback,
            incident=work.incident,
            address=work.person.address,
            since=now + timedelta(hours=2),
            until=now + timedelta(hours=4),
            time_zone="America/Havana",
            language="es",
            at=now,
            personal=Wish(name="Ana", phone="+5355512345", text=self.words(6)),
        )
        return [requested, *then[: self.random.randint(0, 5)]]

    def stopwatch(self) -> list[Fact]:
        if not self.work:
            return self.open()
        work, span = self.random.choice(self.work[-50:]), self.uuid()
        by = self.random.choice(["ana", "luis"])
        started = WorkStarted(incident=work.incident, span=span, by=by, at=self.now)
        seconds = float(self.random.randint(1, 20000))
        stopped = WorkStopped(
            incident=work.incident,
            span=span,
            seconds=min(seconds, 14400.0),
            forgotten=seconds > 14400,
            by=by,
            at=self.now + timedelta(seconds=seconds),
        )
        return [started, stopped][: self.random.randint(1, 2)]

    def chat(self) -> list[Fact]:
        if not self.work:
            return self.open()
        work, chat, said = self.random.choice(self.work[-50:]), self.uuid(), self.uuid()
        address, mail = work.person.address, self.random.choice([None, self.uuid()])
        where = {"chat": chat, "incident": work.incident}
        asked = ChatRequested(
            **where,
            thread=chat,
            interaction=said,
            address=address,
            mail=mail,
            at=self.now,
            personal=Caller(name="Ana", text=self.words(5), email="ana@x.cu" if mail else ""),
        )
        missed = ChatMissed(
            **where,
            thread=chat,
            interaction=said,
            address=address,
            reason=MissedReason.TIMEOUT,
            by_mail=mail is not None,
            at=self.now + timedelta(seconds=120),
        )
        given = ChatEmailGiven(
            **where, address=address, mail=self.uuid(), at=self.now, personal=Words(text="email:ana@y.cu")
        )
        talk: list[Fact] = [
            ChatAccepted(**where, by="ana", at=self.now + timedelta(seconds=9)),
            ChatTransferred(**where, to="luis", by="ana", at=self.now),
            ChatTransferred(**where, team="billing", by="luis", at=self.now),
            ChatAccepted(**where, by="eva", at=self.now),
            ChatClosed(**where, by="eva", at=self.now + timedelta(seconds=99)),
            asked,
        ]
        undone = ChatTransferUndone(
            **where,
            agent=self.random.choice(["ana", ""]),
            since=self.now,
            undone_at=self.now,
            by="ana",
            at=self.now + timedelta(seconds=20),
        )
        if self.random.random() < 0.5:
            talk[2:2] = [undone]
        ways: list[list[Fact]] = [[asked, *talk[: self.random.randint(0, 6)]], [asked, missed, given], [missed, given]]
        return self.random.choice(ways)

    def outcome(self, call: UUID, address: UUID) -> Fact:
        """As it is recorded today, or as it was before."""
        if self.random.random() < 0.3:
            return CallOutcomeSetV1(call=call, outcome=self.words(2), by="ana", at=self.now)
        words = Words(text=self.words(2))
        return CallOutcomeSet(call=call, address=address, by="ana", at=self.now, personal=words)

    def visit(self) -> list[Fact]:
        if len(self.articles) < 3 or self.random.random() < 0.1:
            article = self.uuid()
            self.articles.append(article)
            return [
                ArticlePublished(
                    article=article,
                    kind=ArticleKind.FAQ,
                    title=self.words(3),
                    body=self.words(40),
                    language=self.random.choice(["es", "en"]),
                    by="ana",
                    at=self.now,
                )
            ]
        article, visit, now = self.random.choice(self.articles), self.uuid(), self.now
        if self.random.random() < 0.1:
            return [
                ArticleRevised(article=article, title=self.words(3), body=self.words(30), by="ana", at=now),
                *([ArticleRetired(article=article, by="ana", at=now)] if self.random.random() < 0.2 else []),
            ]
        where = VisitBegun(visit=visit, surface=self.random.choice(list(Surface)), language="es", at=now)
        results = tuple(self.articles[: self.random.randint(0, 2)])
        self.visits.append(visit)
        return [
            *([where] if self.random.random() < 0.9 else []),  # as visits were recorded before
            Searched(visit=visit, query=self.words(2), results=results, found=len(results), at=now),
            ArticleSuggested(visit=visit, article=article, at=now),
            ArticleOpened(visit=visit, article=article, suggested=self.random.random() < 0.5, at=now),
            ArticleVoted(visit=visit, article=article, helpful=self.random.random() < 0.6, at=now),
            ContactStarted(visit=visit, at=now),
            self.random.choice(
                [ContactSent(visit=visit, articles=(article,), at=now), VisitSolved(visit=visit, at=now)]
            ),
        ]

    def library(self) -> list[Fact]:
        """Somebody begins an article, or one is worked on, filed, doubted, taken away; or something is lacking."""
        by, at = "ana", self.now
        if len(self.articles) < 2 or self.random.random() < 0.15:
            self.articles.append(self.uuid())
            begun = {"article": self.articles[-1], "title": self.words(3), "language": "es", "by": by, "at": at}
            return [ArticleDrafted(kind=ArticleKind.GUIDE, body=self.words(9), source=self.uuid(), **begun)]
        which, other = self.random.sample(self.articles, 2)
        where = {"article": which, "by": by, "at": at}
        on_it, gap, thing = {"title": self.words(2), "body": self.words(9), **where}, self.uuid(), self.uuid()
        picture = Attachment(name="a.png", bytes=3, media_type="image/png", blob=self.words(1))
        noticed = GapNoticed(gap=gap, words=self.words(4), incident=self.uuid(), by=by, at=at)
        filed = {"shelf": "A/B", "labels": (self.words(1),), "products": ("Caja  9",), "versions": ("9",)}
        ways: list[list[Fact]] = [
            [DraftSaved(**on_it), DraftDropped(**where)],
            [DraftSaved(**on_it), ReviewRequested(**where), ReviewDeclined(reason=self.words(2), **where)],
            [DraftSaved(**on_it), ReviewRequested(**where)],
            [ArticlePublished(kind=ArticleKind.FAQ, language="es", **on_it), ArticleRevised(**on_it)],
            [ArticleRetired(**where), ArticleReinstated(**where)],
            [ArticleDescribed(kind=ArticleKind.LEGAL, audience=Audience.CUSTOMERS, **filed, **where)],
            [ReviewDue(on=at.date(), found_right=True, **where), ReviewDue(on=None, **where)],
            [ArticleTranslates(original=other, edition=1, **where), ArticleRedirected(to=other, **where)],
            [
                ArticleFileAdded(file=thing, content=picture, sha256="00", **where),
                ArticleFileRemoved(file=thing, **where),
            ],
            [ArticlePinned(shelf="A", rank=1, **where), ArticleUnpinned(shelf="A", **where)],
            [ArticleDoubted(flag=thing, doubt=Doubt.UNCLEAR, **where), DoubtSettled(flag=thing, **where)],
            [noticed, GapFilled(gap=gap, article=which, by=by, at=at)],
            [noticed, GapDismissed(gap=gap, by=by, at=at)],
            [
                SynonymsSet(synonyms=thing, words=(self.words(1), self.words(2)), language="es", by=by, at=at),
                SynonymsRemoved(synonyms=thing, by=by, at=at),
            ],
            [noticed, GapFilled(gap=gap, article=which, by=by, at=at), GapReopened(gap=gap, by=by, at=at)],
        ]
        self.shelved += 4  # several at a time, each in its turn: none stays away for long
        told = [ways[(self.shelved + turn) % len(ways)] for turn in range(4)]
        return [fact for way in told for fact in way[: self.random.randint(1, len(way))]]

    def visit_again(self) -> list[Fact]:
        """A visit goes on, perhaps much later."""
        if not self.visits:
            return self.visit()
        visit, article, now = self.random.choice(self.visits[-20:]), self.random.choice(self.articles), self.now
        return self.random.choice(
            [
                [ResultsShown(visit=visit, articles=(article,), at=now)],
                [
                    ArticleOpened(visit=visit, article=article, at=now),
                    ReadingTimed(visit=visit, article=article, seconds=self.random.randint(1, 90), at=now),
                ],
                [
                    ArticleVoted(visit=visit, article=article, helpful=False, at=now),
                    VoteExplained(visit=visit, article=article, reason=VoteReason.UNCLEAR, words="x", at=now),
                ],
                [FileDownloaded(visit=visit, article=article, file=self.uuid(), at=now)],
                [ChatStarted(visit=visit, at=now)],
            ]
        )

    def access(self) -> list[Fact]:
        """Somebody signs in, or what they may do changes; now and then where they came from is forgotten."""
        user, now = UUID(int=self.random.randint(1, 4)), self.now
        name, place = f"agent{user.int}", Place(network=f"192.0.2.{self.random.randint(1, 9)}", browser="Firefox")
        if self.random.random() < 0.15:
            return [PlacesForgotten(user=user, name=name, by="eva", at=now)]
        session = self.uuid()
        return [
            UserCreated(user=user, name=name, role="agent", by="eva", at=now),
            EmailChanged(user=user, name=name, address=user, by="eva", at=now, personal=Mailbox(email=f"{name}@x.cu")),
            RoleChanged(user=user, name=name, role="admin", was="agent", by="eva", at=now),
            ProviderUnlinked(user=user, name=name, issuer="https://id.example", by="eva", at=now),
            JoinedTeam(user=user, name=name, team="soporte", by="eva", at=now),
            SignInFailed(user=user, name=name, reason=Refusal.WRONG_CODE, address=user, at=now, personal=place),
            SignedIn(user=user, name=name, session=session, method=Method.CODE, address=user, at=now, personal=place),
            SessionEnded(user=user, name=name, session=session, reason=SessionEnd.ENDED, by="eva", at=now),
            TeamCreated(team=self.uuid(), name="soporte", title="Soporte", by="eva", at=now),
            TeamMailSet(team=self.uuid(), name="soporte", mailbox="s@x.cu", signature_es="{agent}", by="eva", at=now),
            TokenCreated(
                token=self.uuid(), name="bot", role="agent", scopes=("read",), expires_at=now, by="eva", at=now
            ),
        ]

    def door(self) -> list[Fact]:
        """A telephone system or a page of another site may come in, and may not."""
        by, now = "eva", self.now
        line = {"line": line_id("main"), "name": "main", "by": by, "at": now}
        widget = {"widget": widget_id("k1"), "key": "k1", "name": "Shop", "by": by, "at": now}
        pages = ("https://a.example", "https://b.example")
        return [
            LineCreated(**line),
            LineKeyRenewed(**line),
            LineRevoked(**line),
            WidgetCreated(**widget, origins=pages[:1]),
            WidgetChanged(**widget, origins=pages, language="es"),
            WidgetRemoved(**widget),
        ]

    def gate(self) -> list[Fact]:
        """Somebody decides about what is held in quarantine."""
        held = {"held": self.uuid(), "channel": "email", "reason": "unparsable", "by": "eva", "at": self.now}
        return [HeldReprocessed(**held), HeldDiscarded(**held), HeldRestored(**held), HeldReleased(**held)]

    def company(self) -> list[Fact]:
        """One is entered, or something of one is so from now on."""
        by, now = "ana", self.now
        if len(self.organizations) < 2 or self.random.random() < 0.2:
            self.organizations.append(self.uuid())
            name = self.words(2).title()
            return [OrganizationRegistered(organization=self.organizations[-1], name=name, by=by, at=now)]
        which = self.random.choice(self.organizations)
        until = self.random.choice([None, now.date()])
        changed: list[list[Fact]] = [
            [OrganizationRenamed(organization=which, name=self.words(2), by=by, at=now)],
            [OrganizationDomainsSet(organization=which, domains=("x.cu", f"{self.words(1)}.cu"), by=by, at=now)],
            [OrganizationProductsSet(organization=which, products=(self.words(1), "Caja"), by=by, at=now)],
            [EntitlementSet(organization=which, level=self.random.choice(["oro", ""]), until=until, by=by, at=now)],
            [
                OrganizationRetired(organization=which, by=by, at=now),
                *([OrganizationRestored(organization=which, by=by, at=now)] if self.random.random() < 0.5 else []),
            ],
        ]
        return self.random.choice(changed)

    def belong(self) -> list[Fact]:
        """Somebody joins a company, leaving theirs; or leaves it."""
        known = [person for person in self.people if not person.erased]
        if not known or not self.organizations:
            return self.company()
        person = self.random.choice(known)
        facts = self.leave(person)
        if not facts or self.random.random() < 0.6:
            which = person.organization = self.random.choice(self.organizations)
            who, now = person.customer, self.now
            facts.append(CustomerJoinedOrganization(customer=who, organization=which, by="ana", at=now))
        return facts

    def leave(self, person: Somebody) -> list[Fact]:
        which, person.organization = person.organization, None
        if which is None:
            return []
        return [CustomerLeftOrganization(customer=person.customer, organization=which, by="ana", at=self.now)]

    def erase(self) -> list[Fact]:
        known = [person for person in self.people if not person.erased]
        if len(known) < 3:
            return self.open()
        person = self.random.choice(known)
        person.erased = True
        erased = PersonErased(customer=person.customer, addresses=(person.address,), by="ana", at=self.now)
        return [*self.leave(person), erased]


class Recorder:
    """Records facts as the services do, and destroys keys where a person is erased. Remembers stream versions."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._ledger = Ledger(keys)
        self._versions: dict[str, int] = {}

    def record(self, facts: Sequence[Fact]) -> int:
        """One transaction; returns the last position."""
        with self._database.transaction() as connection:
            return self.record_in(connection, facts)

    def record_in(self, connection: Connection, facts: Sequence[Fact]) -> int:
        store.lock(connection)
        positions = self._ledger.record(connection, [(fact, NO_CAUSE) for fact in facts], self._versions)
        for fact in facts:
            stream = stream_of(fact)
            self._versions[stream] = self._versions.get(stream, 0) + 1
            if isinstance(fact, PersonErased):
                self._ledger.keys.destroy(connection, fact.addresses)
            if isinstance(fact, PlacesForgotten):
                self._ledger.keys.destroy(connection, [fact.user])
        return positions[-1]
