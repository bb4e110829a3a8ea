"""One case of the demo: a customer's problem from the first word to the close, across the channels they use."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from schemas.interaction import Automatic, Channel
from services.demo import phrases
from services.demo.calendar import within_office, working_pause
from services.demo.catalogue import AGENTS, Catalogue, Customer, Problem, Words, customer_of, slots
from services.demo.shelf import article_id
from services.demo.steps import Answer, AnyStep, Call, LearnPhone, Spend, Work, Write, step_id

_FIRST_CHANNELS = (
    (Channel.EMAIL, 44),
    (Channel.FORM, 23),
    (Channel.CHAT, 17),
    (Channel.PHONE, 11),
    (Channel.IN_PERSON, 5),
)
_ANSWER_MINUTES = {Channel.CHAT: 1.5, Channel.PHONE: 20.0}
_WRITE_MINUTES = {Channel.CHAT: 1.0}
_REPEATED, _SWITCHES, _AWAY, _BOUNCES = 0.025, 0.16, 0.04, 0.008
_UNSOLVED, _REOPENS, _PRAISES = 0.07, 0.06, 0.25
_NAMES_AN_ARTICLE = 0.3


@dataclass
class _Case:
    """The case while it is told: where it stands and how many steps it has had."""

    rng: random.Random
    seed: int
    number: int
    customer: Customer
    problem: Problem
    agent: str
    channel: Channel
    at: datetime
    filled: dict[str, str]
    subject: str = ""
    steps: int = field(default=0)

    @property
    def words(self) -> Words:
        return self.problem.words(self.customer.language)

    def id(self) -> UUID:
        self.steps += 1
        return step_id(self.seed, self.number, self.steps)

    def fill(self, text: str) -> str:
        return text.format_map(self.filled)

    def pass_time(self, minutes: float) -> datetime:
        self.at += working_pause(self.rng, minutes)
        return self.at

    def in_office(self, minutes: float) -> datetime:
        self.at = self.pass_time(minutes) if self.channel is Channel.CHAT else within_office(self.pass_time(minutes))
        return self.at

    def work(self, what: str, text: str = "", cause: str = "", tags: tuple[str, ...] = ()) -> Work:
        return Work(
            id=self.id(), at=self.at, case=self.number, agent=self.agent, what=what, text=text, cause=cause, tags=tags
        )

    def happens(self, chance: float) -> bool:
        return self.rng.random() < chance


def problem_of(rng: random.Random, catalogue: Catalogue) -> Problem:
    """What a case is about: the first thing that is drawn of it."""
    return rng.choices(catalogue.problem, [problem.weight for problem in catalogue.problem])[0]


def tell_case(
    rng: random.Random, catalogue: Catalogue, *, seed: int, cases: int, case: int, opened: datetime
) -> Iterator[AnyStep]:
    """The steps of one case, in order. `opened`: its first word."""
    problem = problem_of(rng, catalogue)
    customer = customer_of(catalogue, seed, cases, rng)
    channel = rng.choices([first for first, _ in _FIRST_CHANNELS], [weight for _, weight in _FIRST_CHANNELS])[0]
    told = _Case(
        rng=rng,
        seed=seed,
        number=case,
        customer=customer,
        problem=problem,
        agent=rng.choice(AGENTS),
        channel=channel,
        at=opened if channel not in {Channel.PHONE, Channel.IN_PERSON} else within_office(opened),
        filled=slots(rng, customer.language),
    )
    told.subject = told.fill(rng.choice(told.words.subjects))
    yield from _open(told)
    yield from _triage(told)
    yield from _converse(told)
    if not told.happens(_UNSOLVED):
        yield from _finish(told)


def _open(told: _Case) -> Iterator[AnyStep]:
    opening = told.fill(told.rng.choice(told.words.openings))
    if told.channel is Channel.PHONE:
        if told.happens(0.12):
            yield _call(told, seconds=0, notes="")
            told.pass_time(12)
        yield _call(told, seconds=told.rng.randint(70, 900), notes=f"{told.subject}. {opening}")
        return
    first = _write(told, _letter(told, opening), known=False)
    yield first
    if told.happens(_REPEATED):
        yield _again(told, first)


def _triage(told: _Case) -> Iterator[AnyStep]:
    told.in_office(4 if told.channel is Channel.CHAT else 18)
    yield told.work("assign", told.agent)
    if told.problem.priority != "normal" and told.happens(0.7):
        yield told.work("prioritize", told.problem.priority)
    if told.happens(0.55):
        yield told.work("tag", tags=told.problem.tags)
    if told.happens(0.3):
        yield Spend(id=told.id(), at=told.at, case=told.number, agent=told.agent, seconds=told.rng.randint(120, 2400))
    if told.happens(0.12):
        yield told.work("note", phrases.NOTE[told.customer.language].format(product=told.problem.product))


def _converse(told: _Case) -> Iterator[AnyStep]:
    rounds = told.rng.choices((1, 2, 3), (62, 28, 10))[0]
    answers = list(told.words.answers)
    told.rng.shuffle(answers)
    for number in range(rounds):
        text = told.fill(answers[number % len(answers)])
        yield from _answer(told, text + (_see(told) if number == 0 and told.happens(_NAMES_AN_ARTICLE) else ""))
        if number + 1 < rounds:
            if told.happens(_SWITCHES * 2):
                yield from _switch(told)
            yield from _speak(told, told.fill(told.rng.choice(told.words.follow_ups)))


def _see(told: _Case) -> str:
    """The article that says the same at length, where there is one: so its use is counted."""
    if not told.problem.article:
        return ""
    address = article_id(told.seed, told.problem.article, told.customer.language)
    return f"\n\n{phrases.MORE[told.customer.language]} https://help.ceiba.example/articles/{address}"


def _answer(told: _Case, text: str) -> Iterator[AnyStep]:
    told.in_office(_ANSWER_MINUTES.get(told.channel, 45.0))
    if told.channel is Channel.PHONE:
        yield told.work("note", text)
        return
    yield Answer(id=told.id(), at=told.at, case=told.number, agent=told.agent, text=_signed(told, text))
    if told.channel in {Channel.EMAIL, Channel.FORM} and told.happens(_AWAY):
        yield _automatic(told, Automatic.REPLY, *phrases.AWAY[told.customer.language])
    elif told.channel is Channel.EMAIL and told.happens(_BOUNCES):
        yield _automatic(told, Automatic.BOUNCE, *phrases.BOUNCE)


def _speak(told: _Case, text: str) -> Iterator[AnyStep]:
    told.pass_time(_WRITE_MINUTES.get(told.channel, 170.0))
    if told.channel is Channel.PHONE:
        told.at = within_office(told.at)
        yield _call(told, seconds=told.rng.randint(45, 600), notes=text)
        return
    if told.channel is Channel.FORM:
        told.channel = Channel.EMAIL  # they answer the confirmation mail
    if told.channel is Channel.IN_PERSON:
        told.channel = Channel.EMAIL
    message = _write(told, text if told.channel is Channel.CHAT else _letter(told, text), known=True)
    yield message
    if told.happens(_REPEATED):
        yield _again(told, message)


def _switch(told: _Case) -> Iterator[AnyStep]:
    """The customer comes back another way: by telephone from a number we learn, or by chat from the status link."""
    if told.channel is Channel.PHONE:
        return
    if told.channel is not Channel.CHAT and told.happens(0.5):
        told.channel = Channel.CHAT
        return
    told.pass_time(8)
    yield LearnPhone(id=told.id(), at=told.at, case=told.number, customer=told.customer, agent=told.agent)
    told.channel = Channel.PHONE


def _finish(told: _Case) -> Iterator[AnyStep]:
    if told.happens(_PRAISES) and told.channel is not Channel.PHONE:
        yield from _speak(told, phrases.THANKS[told.customer.language])
    told.in_office(90)
    yield _resolve(told)
    if told.happens(_REOPENS) and told.channel is not Channel.PHONE:
        told.pass_time(26 * 60)
        again = told.fill(told.rng.choice(told.words.follow_ups))
        yield from _speak(told, phrases.BACK[told.customer.language] + again)
        yield from _answer(told, told.fill(told.rng.choice(told.words.answers)))
        told.in_office(240)
        yield _resolve(told)
    told.at += timedelta(days=3)
    yield told.work("close")


def _resolve(told: _Case) -> Work:
    return told.work("resolve", told.words.solution, told.words.cause)


def _call(told: _Case, *, seconds: int, notes: str) -> Call:
    return Call(
        id=told.id(),
        at=told.at,
        case=told.number,
        customer=told.customer,
        agent=told.agent,
        seconds=seconds,
        notes=notes,
    )


def _write(told: _Case, text: str, *, known: bool) -> Write:
    return Write(
        id=told.id(),
        at=told.at,
        case=told.number,
        channel=told.channel,
        customer=told.customer,
        subject=f"Re: {told.subject}" if known and told.channel is Channel.EMAIL else told.subject,
        text=text,
        product=told.problem.product,
        known=known,
        agent=told.agent if told.channel is Channel.IN_PERSON else "",
    )


def _automatic(told: _Case, kind: Automatic, subject: str, text: str) -> Write:
    return Write(
        id=told.id(),
        at=told.at + timedelta(seconds=told.rng.randint(2, 40)),
        case=told.number,
        channel=Channel.EMAIL,
        customer=told.customer,
        subject=subject,
        text=text,
        product="",
        known=True,
        automatic=kind,
    )


def _again(told: _Case, written: Write) -> Write:
    return Write(
        id=written.id,
        at=written.at + timedelta(seconds=told.rng.randint(1, 50)),
        case=written.case,
        channel=written.channel,
        customer=written.customer,
        subject=written.subject,
        text=written.text,
        product=written.product,
        known=written.known,
        again=True,
        agent=written.agent,
    )


def _letter(told: _Case, text: str) -> str:
    if told.channel is Channel.CHAT:
        return text
    language = told.customer.language
    signature = f"{told.customer.name}\n{told.customer.organization}".strip()
    return f"{told.rng.choice(phrases.HELLO[language])}{text}\n\n{told.rng.choice(phrases.BYE[language])}\n{signature}"


def _signed(told: _Case, text: str) -> str:
    if told.channel is Channel.CHAT:
        return text
    return f"{text}\n\n{told.agent.capitalize()}, Ceiba Software"
