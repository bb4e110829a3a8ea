"""What can be asked of an article's text, from a first draft to its retirement. Decided by articles.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from schemas.facts.article import (
    ArticleKind,
)
from services.knowledge.asked import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin(Asked):
    """A draft of a new one; `source`: the incident whose answer it is made of."""

    kind: ArticleKind
    title: str
    body: str
    language: str
    source: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish(Asked):
    """Make a new one known at once. `body` is Markdown; `alone`: who asks may publish what nobody else has read."""

    kind: ArticleKind
    title: str
    body: str
    language: str
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Revise(Asked):
    """Say it better, at once; what is None stays."""

    title: str | None
    body: str | None
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveDraft(Asked):
    """The text as it is being worked on. `wording`: of the text it was begun with; None: whatever it was."""

    title: str
    body: str
    wording: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DropDraft(Asked):
    """Give it up: readers go on with what was published, if anything was. `wording`: of the text that was seen."""

    wording: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUpDraft(Asked):
    """The draft that was given up last is worked on again. `wording`: as it was then."""

    wording: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreEdition(Asked):
    """Work on with the text of an earlier edition; readers see it once it is published."""

    edition: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeBack(Asked):
    """Readers get again what they had before this edition, which is the last. `alone`: also if others published it."""

    edition: int
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AskReview(Asked):
    """Somebody else is to read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineReview(Asked):
    """Not like this; by who asked themselves: not yet."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishDraft(Asked):
    """Readers get the draft. `wording`: of the text that was read."""

    wording: int | None = None
    alone: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire(Asked):
    """Take it away from its readers. `edition`: the last one that was seen; None: whatever it is."""

    edition: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reinstate(Asked):
    """Give it back to them."""


WritingRequest: TypeAlias = (
    Begin
    | Publish
    | Revise
    | SaveDraft
    | DropDraft
    | TakeUpDraft
    | RestoreEdition
    | TakeBack
    | AskReview
    | DeclineReview
    | PublishDraft
    | Retire
    | Reinstate
)
