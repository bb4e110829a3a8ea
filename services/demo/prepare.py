"""Steps of the story made ready for one transaction: what came in as arrivals, what agents did as requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from channels.tokens import ThreadTokens
from schemas.facts.incident import Priority
from schemas.interaction import Direction, Interaction
from schemas.threads import mailed
from services.calls import decide as calls
from services.demo.steps import Answer, AnyStep, AskCallback, Call, LearnPhone, Publish, Spend, Visit, Work, Write
from services.demo.translate import Case, interaction_of, phone_party, wish_of
from services.incidents.arrival import Arrival, Reader
from services.incidents.requests import Assign, Close, Note, Prioritize, Reopen, Resolve, Tag

Plain: TypeAlias = Note | Assign | Prioritize | Tag | Resolve | Close | Reopen


@dataclass(frozen=True, slots=True)
class CameIn:
    """A message, or a call or a wish for one with what became of it."""

    step: Write | Call | AskCallback
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Answered:
    """An agent's words to `last`, what the customer had said."""

    step: Answer
    last: Interaction


@dataclass(frozen=True, slots=True)
class Worked:
    """What an agent did."""

    step: Work
    request: Plain


Prepared: TypeAlias = CameIn | Answered | Worked | Spend | LearnPhone | Publish | Visit


class Preparation:
    """Cases on their way; forgets those that are closed."""

    def __init__(self, reader: Reader, tokens: ThreadTokens, mailbox: str) -> None:
        self._reader = reader
        self._tokens = tokens
        self._mailbox = mailbox
        self.cases: dict[int, Case] = {}

    def prepare(self, step: AnyStep) -> Prepared | None:
        """The step made ready; None where it leads nowhere (an answer to nobody)."""
        match step:
            case Write():
                case = self._case(step)
                arrival = self._reader.read(interaction_of(step, case))
                case.first = case.first or arrival.item.id
                return CameIn(step, arrival)
            case Call():
                return CameIn(step, self._call(step))
            case AskCallback():
                return CameIn(step, self._reader.read(wish_of(step)))
            case Answer():
                return self._answer(step)
            case Work():
                return Worked(step, _request(step))
            case Spend() | LearnPhone() | Publish() | Visit():
                return step

    def forget(self, step: Prepared) -> None:
        """Nothing more comes of a closed case."""
        if isinstance(step, Worked) and isinstance(step.request, Close):
            self.cases.pop(step.step.case, None)

    def _case(self, step: Write | Call) -> Case:
        return self.cases.setdefault(step.case, Case(step.case))

    def _call(self, step: Call) -> Arrival:
        case = self._case(step)
        case.customer = step.customer
        party = phone_party(step.customer)
        begun = calls.begin(
            step.id,
            party,
            self._reader.id_of(party.address),
            direction=Direction.IN,
            line="central",
            agent=step.agent,
            at=step.at,
        )
        contact = calls.contact(begun, party, received_at=step.at, by=step.agent)
        arrival = self._reader.read(contact, started=begun)
        case.first = case.first or arrival.item.id
        return arrival

    def _answer(self, step: Answer) -> Answered | None:
        case = self.cases.get(step.case)
        if case is None or case.last is None or case.thread is None:
            return None
        case.sent = step.id
        domain = self._mailbox.partition("@")[2]
        case.references = [*case.references[-4:], self._tokens.message_id(mailed(case.thread), step.id, domain)]
        return Answered(step, case.last)


def _request(step: Work) -> Plain:  # noqa: PLR0911 -- a table, a row a return
    by, now, made, number = step.agent, step.at, step.id, 0
    match step.what:
        case "assign":
            return Assign(by=by, now=now, id=made, incident=number, to=step.text)
        case "prioritize":
            return Prioritize(by=by, now=now, id=made, incident=number, priority=Priority(step.text))
        case "tag":
            return Tag(by=by, now=now, id=made, incident=number, add=step.tags)
        case "note":
            return Note(by=by, now=now, id=made, incident=number, text=step.text)
        case "resolve":
            return Resolve(by=by, now=now, id=made, incident=number, solution=step.text, cause=step.cause)
        case "close":
            return Close(by=by, now=now, id=made, incident=number)
        case _:
            return Reopen(by=by, now=now, id=made, incident=number)
