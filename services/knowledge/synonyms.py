"""Words that mean the same to who searches: set as a group, taken away, and put back as they were. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never
from uuid import UUID

from schemas.errors import InvalidError, NotFoundError
from schemas.facts.synonyms import SynonymsRemoved, SynonymsSet

WORDS_MAX = 20
WORD_MAX_CHARACTERS = 60

SynonymsFact: TypeAlias = SynonymsSet | SynonymsRemoved


@dataclass(frozen=True, slots=True)
class Synonyms:
    """A group; `words` empty: there is none (any more). `before`: as it was before its last change."""

    known: bool = False
    words: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSynonyms:
    """These mean the same, in this language."""

    synonyms: UUID
    words: tuple[str, ...]
    language: str
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveSynonyms:
    """They don't mean the same after all."""

    synonyms: UUID
    by: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoSynonyms:
    """As it was before the last change, which may be this very one."""

    synonyms: UUID
    by: str
    now: datetime


SynonymsRequest: TypeAlias = SetSynonyms | RemoveSynonyms | UndoSynonyms


def decide(group: Synonyms, request: SynonymsRequest) -> list[SynonymsFact]:
    """The facts a request leads to; a request that changes nothing leads to none."""
    match request:
        case SetSynonyms():
            return _set(group, request, _told_apart(request.words), request.language)
        case RemoveSynonyms():
            return _set(_existing(group), request, (), group.language)
        case UndoSynonyms():
            return _set(_existing(group), request, group.before, group.language)
        case _:
            assert_never(request)


def evolve(group: Synonyms, fact: SynonymsFact) -> Synonyms:
    """The state after a fact."""
    match fact:
        case SynonymsSet():
            return Synonyms(known=True, words=fact.words, before=group.words, language=fact.language)
        case SynonymsRemoved():
            return Synonyms(known=True, words=(), before=group.words, language=group.language)
        case _:
            assert_never(fact)


def state_of(facts: Sequence[SynonymsFact]) -> Synonyms:
    """The state after all of them."""
    group = Synonyms()
    for fact in facts:
        group = evolve(group, fact)
    return group


def _set(group: Synonyms, request: SynonymsRequest, words: tuple[str, ...], language: str) -> list[SynonymsFact]:
    if (words, language) == (group.words, group.language):
        return []
    if not words:
        return [SynonymsRemoved(synonyms=request.synonyms, by=request.by, at=request.now)] if group.words else []
    return [SynonymsSet(synonyms=request.synonyms, words=words, language=language, by=request.by, at=request.now)]


def _existing(group: Synonyms) -> Synonyms:
    if not group.known:
        raise NotFoundError("no such synonyms")
    return group


def _told_apart(words: Sequence[str]) -> tuple[str, ...]:
    plain = (" ".join(word.split()) for word in words)
    different = tuple({word.casefold(): word for word in plain if word}.values())
    if not 2 <= len(different) <= WORDS_MAX:  # noqa: PLR2004 -- one alone means the same as nothing
        raise InvalidError(f"2 to {WORDS_MAX} different words or short phrases", field="words")
    if any(len(word) > WORD_MAX_CHARACTERS for word in different):
        raise InvalidError(f"a word has at most {WORD_MAX_CHARACTERS} characters", field="words")
    return different
