"""The steps a demo story is told in: what happens, when, in which case. history.py and live.py act them out."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import msgspec

from schemas.ids import scoped_id
from schemas.interaction import Automatic, Channel
from services.demo.catalogue import Customer
from services.demo.shelf import Article


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happens at `at` in case `case`; `id` is the same whenever the same story is told."""

    id: UUID
    at: datetime
    case: int


class Write(Step, frozen=True, kw_only=True):
    """The customer says something. `known`: with our link or in answer to our words; else out of the blue.

    `again`: the same thing once more, as a mail server or an impatient click repeats it.
    """

    channel: Channel
    customer: Customer
    subject: str
    text: str
    product: str
    known: bool = False
    automatic: Automatic | None = None
    again: bool = False
    agent: str = ""  # who wrote down a visit in person


class Call(Step, frozen=True, kw_only=True):
    """The customer phones. `seconds` 0: nobody answered."""

    customer: Customer
    agent: str
    seconds: int
    notes: str


class AskCallback(Step, frozen=True, kw_only=True):
    """The customer wants to be called between `since` and `until`. `agent`: who has taken it; `done`: and called."""

    customer: Customer
    text: str
    since: datetime
    until: datetime
    agent: str = ""
    done: bool = False


class Spend(Step, frozen=True, kw_only=True):
    """An agent's stopwatch ran for the incident until now."""

    agent: str
    seconds: int


class LearnPhone(Step, frozen=True, kw_only=True):
    """An agent adds the telephone number to the customer, before they call."""

    customer: Customer
    agent: str


class Answer(Step, frozen=True, kw_only=True):
    """An agent answers the customer."""

    agent: str
    text: str


class Work(Step, frozen=True, kw_only=True):
    """What an agent does with an incident: `assign`, `prioritize`, `tag`, `note`, `resolve`, `close`, `reopen`."""

    agent: str
    what: str
    text: str = ""
    cause: str = ""
    tags: tuple[str, ...] = ()


class Publish(Step, frozen=True, kw_only=True):
    """An article appears, in one language. `until`: the end of the story."""

    agent: str
    article: Article
    language: str
    until: datetime


class Visit(Step, frozen=True, kw_only=True):
    """Somebody looks for help: a search, an article read (or not), and how it ended."""

    query: str
    product: str
    article: str
    language: str
    helpful: bool | None
    solved: bool
    wrote: bool
    """To us, because it wasn't."""
    contact: Channel | None = None
    """Over which they then did, without reading: the first words of the case."""


AnyStep: TypeAlias = Write | Call | AskCallback | Spend | LearnPhone | Answer | Work | Publish | Visit


def step_id(seed: int, case: int, *what: str | int) -> UUID:
    """The id of a step: of its story's seed, its case and its place in it."""
    return scoped_id("demo", str(seed), str(case), *(str(part) for part in what))
