"""Which searched words end in a contact all the same: what the knowledge base doesn't answer yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from schemas.facts import Fact
from schemas.facts.visit import ContactSent, Searched, VisitSolved

NAME = "words_before_contact"
VERSION = 1
COLUMNS = ("word", "visits", "without_results", "ended_in_contact", "solved", "contact_share")
FACTS = (Searched, ContactSent, VisitSolved)

_SHORTEST_WORD = 3
_MOST_ROWS = 200


@dataclass
class State:
    """Words of the visits that go on, and the counts of those that came to an end."""

    words: dict[UUID, set[str]] = field(default_factory=dict[UUID, set[str]])
    visits: Counter[str] = field(default_factory=Counter[str])
    without_results: Counter[str] = field(default_factory=Counter[str])
    contacts: Counter[str] = field(default_factory=Counter[str])
    solved: Counter[str] = field(default_factory=Counter[str])


def initial() -> State:
    """Nobody has searched."""
    return State()


def reduce(state: State, fact: Fact) -> State:
    """A visit counts once for each of its words, by its first search with it, and at most once for how it ended."""
    match fact:
        case Searched():
            words = {word for word in fact.query.lower().split() if len(word) >= _SHORTEST_WORD}
            known = state.words.setdefault(fact.visit, set())
            state.visits.update(words - known)
            if not fact.found:
                state.without_results.update(words - known)
            known |= words
        case ContactSent():
            state.contacts.update(state.words.pop(fact.visit, ()))
        case VisitSolved():
            state.solved.update(state.words.pop(fact.visit, ()))
        case _:
            pass
    return state


def rows(state: State) -> Iterator[tuple[str, int, int, int, int, float]]:
    """Words by how many contacts followed them."""
    ranked = sorted(state.visits, key=lambda word: (-state.contacts[word], -state.visits[word], word))
    for word in ranked[:_MOST_ROWS]:
        contacts = state.contacts[word]
        share = round(contacts / state.visits[word], 3)
        yield word, state.visits[word], state.without_results[word], contacts, state.solved[word], share
