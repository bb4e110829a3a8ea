"""Tells the demo's story: cases of customers over many days, as one stream of steps in the order of time.

Deterministic: the same seed, length and end tell the same story. Lazy: a million interactions take no memory.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.interaction import Channel
from services.demo import shelf
from services.demo.calendar import arrivals
from services.demo.case import problem_of, tell_case
from services.demo.catalogue import AGENTS, Catalogue, Problem, customer_of, load
from services.demo.steps import AnyStep, AskCallback, Publish, Visit, Write, step_id

INTERACTIONS_A_CASE = 3.1
"""How many a case has on average, both directions; measured by tests/services/demo."""
_VISITS_A_CASE = 1.6
_IN_VAIN = 0.12
"""A share of the searches is for what nobody has written yet; one of them is on everybody's mind lately."""
_RISING = timedelta(days=7)
_DISLIKED = "licences"
_PUZZLED = 0.15
"""Many read this article, and few are helped by it."""


@dataclass(frozen=True)
class Plan:
    """Which story: `cases` incidents begun between `since` and `until`."""

    seed: int
    since: datetime
    until: datetime
    cases: int

    @classmethod
    def over(cls, *, seed: int, until: datetime, days: int, cases: int) -> Plan:
        """The days before `until`."""
        return cls(seed, until - timedelta(days=days), until, cases)


def tell(plan: Plan) -> Iterator[AnyStep]:
    """All steps before `plan.until`, in the order of time."""
    catalogue = load()
    pending: list[tuple[datetime, int, int, AnyStep]] = []
    for number, published in enumerate(_articles(plan)):
        heapq.heappush(pending, (published.at, -2, number, published))
    for number, wish in enumerate(_wishes(plan, catalogue)):
        heapq.heappush(pending, (wish.at, -1, number, wish))
    for case, opened in enumerate(_openings(plan)):
        while pending and pending[0][0] <= opened:
            yield heapq.heappop(pending)[3]
        for number, step in enumerate(_of_case(plan, catalogue, case, opened)):
            if step.at < plan.until:
                heapq.heappush(pending, (step.at, case, number, step))
    while pending:
        yield heapq.heappop(pending)[3]


def _openings(plan: Plan) -> Iterator[datetime]:
    rng = _random(plan, "openings")
    yield from arrivals(rng, plan.since + timedelta(minutes=1), plan.until, plan.cases)


def _of_case(plan: Plan, catalogue: Catalogue, case: int, opened: datetime) -> Iterator[AnyStep]:
    rng = _random(plan, f"case/{case}")
    steps = tell_case(rng, catalogue, seed=plan.seed, cases=plan.cases, case=case, opened=opened)
    first = next(steps)
    yield first
    yield from steps
    if isinstance(first, Write) and first.channel in {Channel.FORM, Channel.CHAT} and first.id.int % 2:
        yield _before_writing(first, problem_of(_random(plan, f"case/{case}"), catalogue), plan)
    for number in range(int(rng.expovariate(1 / _VISITS_A_CASE))):
        yield _visit(rng, catalogue, plan, case, number, opened)


def _before_writing(first: Write, problem: Problem, plan: Plan) -> Visit:
    """Who wrote on a page of ours had looked there before, and read nothing of what was found."""
    return Visit(
        id=step_id(plan.seed, first.case, "visit", "before"),
        at=first.at,
        case=first.case,
        query=" ".join(first.subject.split()[:4]).lower(),
        product=first.product,
        article=problem.article,
        language=first.customer.language,
        helpful=None,
        solved=False,
        wrote=True,
        contact=first.channel,
    )


def _visit(rng: random.Random, catalogue: Catalogue, plan: Plan, case: int, number: int, opened: datetime) -> Visit:
    problem = rng.choices(catalogue.problem, [problem.weight for problem in catalogue.problem])[0]
    if rng.random() < _PUZZLED:
        problem = next(each for each in catalogue.problem if each.article == _DISLIKED)
    language = rng.choices(("es", "en"), (7, 3))[0]
    query = " ".join(rng.choice(problem.words(language).subjects).partition("{")[0].split()[:4]).lower()
    found = bool(problem.article) and rng.random() < 0.85  # noqa: PLR2004 -- a share of the searches
    if rng.random() < _IN_VAIN:
        rising, *others = shelf.load().searches[language]
        query, found = (rising if plan.until - opened < _RISING else rng.choice(others)), False
    puzzled = problem.article == _DISLIKED
    votes = (1, 5, 2) if puzzled else (5, 2, 6)
    vote = rng.choices((True, False, None), votes)[0] if found else None
    solved = found and vote is not False and rng.random() < (0.4 if puzzled else 0.7)
    own = step_id(plan.seed, case, "visit", number)
    return Visit(
        id=own,
        at=opened + timedelta(seconds=rng.uniform(0, 7200)),
        case=case,
        query=query,
        product=problem.product,
        article=problem.article if found else "",
        language=language,
        helpful=vote,
        solved=solved,
        wrote=not solved and own.int % 5 < 3,  # noqa: PLR2004 -- likewise
    )


_WISHES = (
    # hours before the end: asked; from and to: when to call; by whom, and is it done
    (26.0, -25.0, -23.0, AGENTS[2], True),
    (5.0, -3.0, -0.7, "", False),  # overdue
    (3.0, -0.5, 1.5, AGENTS[0], False),
    (2.0, 3.0, 5.0, "", False),
    (1.1, 20.0, 22.0, "", False),
)
_ABOUT = {
    "es": ("Quiero cambiar de plan.", "La factura no coincide.", "", "Es sobre la instalación del viernes.", ""),
    "en": ("I want to change my plan.", "The invoice is wrong.", "", "About Friday's installation.", ""),
}


def _wishes(plan: Plan, catalogue: Catalogue) -> Iterator[AskCallback]:
    rng = _random(plan, "callbacks")
    for number, (asked, since, until, agent, done) in enumerate(_WISHES):
        customer = customer_of(catalogue, plan.seed, plan.cases, rng)
        at = plan.until - timedelta(hours=asked)
        if at >= plan.since:
            yield AskCallback(
                id=step_id(plan.seed, 0, "callback", number),
                at=at,
                case=-2,
                customer=customer,
                text=_ABOUT[customer.language][number],
                since=plan.until + timedelta(hours=since),
                until=plan.until + timedelta(hours=until),
                agent=agent,
                done=done,
            )


def _articles(plan: Plan) -> Iterator[Publish]:
    for number, article in enumerate(shelf.load().article):
        age = None if article.age_days is None else timedelta(days=article.age_days)
        at = plan.since + timedelta(seconds=number) if age is None else max(plan.since, plan.until - age)
        for language in shelf.LANGUAGES:
            yield Publish(
                id=step_id(plan.seed, 0, "publish", article.key, language),
                at=at,
                case=-1,
                agent=AGENTS[number % len(AGENTS)],
                article=article,
                language=language,
                until=plan.until,
            )


def _random(plan: Plan, purpose: str) -> random.Random:
    return random.Random(f"{plan.seed}/{purpose}")  # noqa: S311 -- a demo must be the same each time
