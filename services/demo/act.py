"""Prepared steps acted out in one transaction, by the same deciders as the real thing, at the steps' own times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from eventstore import received, store
from eventstore.database import Connection
from eventstore.ledger import Cause, Ledger
from schemas.address import email_address, phone_address
from schemas.errors import ConflictError
from schemas.facts import Fact, stream_of
from schemas.facts.call import CallAnswered, CallEnded, CallHeld, CallNoted, CallOutcomeSet, CallResumed
from schemas.facts.callback import CallbackDone, CallbackTaken
from schemas.facts.customer import AddressAdded, Handle
from schemas.facts.incident import Words, WorkStarted, WorkStopped
from schemas.facts.interaction import InteractionContent, InteractionDelivered, InteractionReceived
from schemas.interaction import Channel, Interaction
from schemas.threads import begun
from services.demo import shelf
from services.demo.prepare import Answered, CameIn, Prepared, Worked
from services.demo.steps import AskCallback, Call, LearnPhone, Publish, Spend, Visit
from services.demo.translate import Case, answered_by
from services.demo.visiting import visited
from services.incidents import answer, decide, links, loading, saving
from services.incidents.answer import Target
from services.incidents.batch import Rules, take
from services.incidents.decide import refuse_closed
from services.incidents.known import Thread
from services.incidents.requests import Assign, Close, Note, Prioritize, Reply, Resolve, Tag

_PATIENCE_SECONDS = 45
_LONG_CALL_SECONDS = 400


class Act:
    """One transaction's worth of steps."""

    def __init__(self, connection: Connection, ledger: Ledger, rules: Rules, cases: dict[int, Case], seed: int) -> None:
        self._connection = connection
        self._ledger = ledger
        self._rules = rules
        self._cases = cases
        self._seed = seed
        self._known, _ = loading.begin(connection)
        self._other: list[tuple[Fact, Cause]] = []
        self.skipped = 0

    def play(self, steps: Sequence[Prepared]) -> None:
        """All of them, in order, kept together."""
        fresh = self._take_in([step for step in steps if isinstance(step, CameIn)])
        self._load(steps, fresh)
        for step in steps:
            if not isinstance(step, CameIn) or id(step) in fresh:
                self._step(step)
        # history is over: nobody is written to
        self._known.deliveries.clear()
        saving.save(self._connection, self._ledger, self._known)
        self._save_other()

    def _take_in(self, steps: Sequence[CameIn]) -> set[int]:
        """Those that count; a repetition doesn't."""
        first = {_inbox_id(step): step for step in reversed(steps)}
        rows: Sequence[tuple[UUID]] = self._connection.execute(
            "INSERT INTO inbox (id, channel, outcome) SELECT id, channel, 'recorded'"
            " FROM unnest(%b::uuid[], %b::text[]) AS new (id, channel) ON CONFLICT DO NOTHING RETURNING id",
            (list(first), [step.arrival.item.channel.value for step in first.values()]),
            binary=True,
        ).fetchall()
        came = Counter(step.arrival.item.channel.value for step in steps)
        new = Counter(first[known].arrival.item.channel.value for (known,) in rows)
        received.count(self._connection, received.HISTORY, came, came - new)
        return {id(first[known]) for (known,) in rows}

    def _load(self, steps: Sequence[Prepared], fresh: set[int]) -> None:
        arrivals = [step.arrival for step in steps if isinstance(step, CameIn) and id(step) in fresh]
        loading.load_for(self._connection, self._known, arrivals)
        cases = [case for number in {_case_of(step) for step in steps} if (case := self._cases.get(number)) is not None]
        self._find_again([case for case in cases if case.incident is None])
        incidents = {case.incident for case in cases}
        loading.load_incidents(self._connection, self._known, {incident for incident in incidents if incident})
        phones = [
            self._rules.reader.id_of(phone_address(step.customer.phone))
            for step in steps
            if isinstance(step, LearnPhone)
        ]
        loading.load_owners(self._connection, self._known, phones)
        loading.load_customers(
            self._connection, self._known, {incident.customer for incident in self._known.incidents.values()}
        )

    def _find_again(self, cases: Sequence[Case]) -> None:
        """Incidents of cases begun before an interruption."""
        found = links.places_of(self._connection, self._known, [case.first for case in cases if case.first is not None])
        for case in cases:
            if case.first is not None and case.first in found:
                case.incident = found[case.first].incident

    def _step(self, step: Prepared) -> None:
        try:
            match step:
                case CameIn():
                    self._come_in(step)
                case Answered():
                    self._answer(step)
                case Worked():
                    self._work(step)
                case Spend():
                    self._spend(step)
                case LearnPhone():
                    self._learn_phone(step)
                case Publish():
                    self._other.extend((fact, Cause(step.id)) for fact in _published(step, self._seed))
                case Visit():
                    case = self._cases.get(step.case)
                    contact = case.first if case is not None and step.contact is not None else None
                    self._other.extend((fact, Cause(step.id)) for fact in visited(step, self._seed, contact))
        except ConflictError:
            self.skipped += 1  # the stories know nothing of one another: resolved already, somebody else's number …

    def _come_in(self, step: CameIn) -> None:
        incident = take(step.arrival, self._known, self._rules, now=step.step.at)
        case = self._cases.get(step.step.case)
        if case is not None and incident is not None:
            case.incident = incident
        if isinstance(step.step, Call):
            self._known.record(_call_facts(step.step, step.arrival.address), Cause(step.arrival.item.id, incident))
        elif isinstance(step.step, AskCallback):
            self._known.record(_called_back(step.step), Cause(step.arrival.item.id, incident))

    def _incident(self, number: int) -> UUID:
        case = self._cases.get(number)
        if case is None or case.incident is None:
            raise ConflictError("nothing has come in of this")
        return self._known.root(case.incident)

    def _answer(self, step: Answered) -> None:
        incident = self._known.incidents[self._incident(step.step.case)]
        channel = answered_by(step.last)
        address = self._customer_address(step, channel)
        to = Target(incident, self._rules.reader.id_of(address), address, channel, step.last.thread, None)
        request = Reply(
            by=step.step.agent, now=step.step.at, id=step.step.id, incident=incident.number, text=step.step.text
        )
        facts, _ = answer.decide(to, self._known.status(incident.id), _as_received(step.last, to.address), request)
        facts.append(InteractionDelivered(interaction=request.id, at=request.now + timedelta(seconds=2)))
        self._known.record(facts, Cause(request.id, incident.id))
        for key in (f"interaction:{request.id}", f"thread:{begun(to.thread)}"):
            found = self._rules.reader.key_of(key)
            if found not in self._known.threads:
                self._known.threads[found] = Thread(request.id, incident.id)
                self._known.changes.threads.add(found)

    def _customer_address(self, step: Answered, channel: Channel) -> str:
        if channel is Channel.CHAT:
            return step.last.sender.address
        customer = self._cases[step.step.case].customer
        return email_address(customer.email) if customer is not None else step.last.sender.address

    def _work(self, step: Worked) -> None:
        incident = self._known.incidents[self._incident(step.step.case)]
        status = self._known.status(incident.id)
        match step.request:
            case Note():
                facts = decide.note(incident, step.request)
            case Assign():
                facts = decide.assign(incident, status, step.request)
            case Prioritize():
                facts = decide.prioritize(incident, status, step.request)
            case Tag():
                facts = decide.tag(incident, step.request)
            case Resolve():
                facts = decide.resolve(incident, status, step.request)
            case Close():
                facts = decide.close(incident, status, step.request)
            case _:
                facts = decide.reopen(incident, status, step.request)
        self._known.record(facts, Cause(step.step.id, incident.id))

    def _spend(self, step: Spend) -> None:
        incident = self._incident(step.case)
        begun = step.at - timedelta(seconds=step.seconds)
        self._known.record(
            [
                WorkStarted(incident=incident, span=step.id, by=step.agent, at=begun),
                WorkStopped(incident=incident, span=step.id, seconds=step.seconds, by=step.agent, at=step.at),
            ],
            Cause(step.id, incident),
        )

    def _learn_phone(self, step: LearnPhone) -> None:
        incident = self._known.incidents[self._incident(step.case)]
        refuse_closed(incident, self._known.status(incident.id))
        written = phone_address(step.customer.phone)
        address = self._rules.reader.id_of(written)
        if address in self._known.owners:
            raise ConflictError("the number is known already")
        customer = self._known.customers[incident.customer].root
        self._known.record(
            [
                AddressAdded(
                    customer=customer,
                    address=address,
                    proven=True,
                    by=step.agent,
                    at=step.at,
                    personal=Handle(address=written, name=step.customer.name),
                )
            ],
            Cause(step.id),
        )

    def _save_other(self) -> None:
        streams = list({stream_of(fact) for fact, _ in self._other})
        there = store.versions(self._connection, streams) if streams else {}
        new = [(fact, cause) for fact, cause in self._other if stream_of(fact) not in there]
        if new:
            self._ledger.record(self._connection, new, {})


def _inbox_id(step: CameIn) -> UUID:
    return step.arrival.item.id


def _case_of(step: Prepared) -> int:
    return step.case if isinstance(step, Spend | LearnPhone | Publish | Visit) else step.step.case


def _as_received(last: Interaction, address: UUID) -> InteractionReceived:
    content = InteractionContent(
        sender=last.sender,
        subject=last.subject,
        message_id=last.hints.message_id,
        references=last.hints.references,
    )
    return InteractionReceived(
        interaction=last.id,
        channel=last.channel,
        thread=last.thread,
        contact=last.contact,
        address=address,
        occurred_at=last.occurred_at,
        received_at=last.received_at,
        personal=content,
    )


def _call_facts(step: Call, address: UUID) -> list[Fact]:
    if not step.seconds:
        return [CallEnded(call=step.id, outcome="noAnswer", at=step.at + timedelta(seconds=_PATIENCE_SECONDS))]
    answered = step.at + timedelta(seconds=5 + step.seconds % 25)
    ended = answered + timedelta(seconds=step.seconds)
    facts: list[Fact] = [CallAnswered(call=step.id, agent=step.agent, at=answered)]
    if step.seconds > _LONG_CALL_SECONDS:  # they look something up
        facts.append(CallHeld(call=step.id, by=step.agent, at=answered + timedelta(seconds=60)))
        facts.append(CallResumed(call=step.id, by=step.agent, at=answered + timedelta(seconds=90 + step.seconds % 60)))
    facts.append(CallEnded(call=step.id, outcome="normalClearing", at=ended))
    if step.seconds % 3:
        outcome = "solved" if step.seconds % 3 == 1 else "informed"
        said = Words(text=outcome)
        facts.append(CallOutcomeSet(call=step.id, address=address, by=step.agent, at=ended, personal=said))
    if step.notes:
        words = Words(text=step.notes)
        facts.append(CallNoted(call=step.id, address=address, by=step.agent, at=ended, personal=words))
    return facts


def _called_back(step: AskCallback) -> list[Fact]:
    if not step.agent:
        return []
    taken = step.since + timedelta(minutes=10) if step.done else step.at + timedelta(minutes=20)
    facts: list[Fact] = [CallbackTaken(callback=step.id, by=step.agent, at=taken)]
    if step.done:
        facts.append(CallbackDone(callback=step.id, by=step.agent, at=taken + timedelta(minutes=6)))
    return facts


def _published(step: Publish, seed: int) -> list[Fact]:
    return shelf.published(step.article, step.language, seed=seed, by=step.agent, at=step.at, until=step.until)
