"""Words that mean the same: set, changed, taken away, put back."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from schemas.errors import InvalidError, NotFoundError
from schemas.facts.synonyms import SynonymsRemoved, SynonymsSet
from services.knowledge.synonyms import (
    RemoveSynonyms,
    SetSynonyms,
    SynonymsFact,
    SynonymsRequest,
    UndoSynonyms,
    decide,
    state_of,
)

_AT = datetime(2026, 3, 2, tzinfo=UTC)
_GROUP = UUID(int=1)
_BY = {"synonyms": _GROUP, "by": "ana"}
_SET = SynonymsSet(words=("clave", "contraseña"), language="es", at=_AT, **_BY)
_OTHER = SynonymsSet(words=("clave", "password"), language="es", at=_AT, **_BY)
_CAPITAL = SynonymsSet(words=("Clave", "contraseña"), language="es", at=_AT, **_BY)
_REMOVED = SynonymsRemoved(at=_AT, **_BY)


def _words(*words: str) -> SetSynonyms:
    return SetSynonyms(words=words, language="es", now=_AT, **_BY)


_UNDO = UndoSynonyms(now=_AT, **_BY)
_REMOVE = RemoveSynonyms(now=_AT, **_BY)


@pytest.mark.parametrize(
    ("given", "when", "then"),
    [
        (
            [],
            _words(" clave", "contraseña ", "Clave", ""),
            [_CAPITAL],
        ),
        ([_SET], _words("clave", "contraseña"), []),
        ([_SET], _words("clave", "password"), [_OTHER]),
        ([_SET], _REMOVE, [_REMOVED]),
        ([_SET, _REMOVED], _REMOVE, []),
        ([_SET], _UNDO, [_REMOVED]),
        ([_SET, _OTHER], _UNDO, [_SET]),
        ([_SET, _REMOVED], _UNDO, [_SET]),
        ([_SET, _OTHER, _SET], _UNDO, [_OTHER]),
    ],
)
def test_a_group_becomes(given: list[SynonymsFact], when: SynonymsRequest, then: list[SynonymsFact]) -> None:
    assert decide(state_of(given), when) == then


@pytest.mark.parametrize("words", [(), ("clave",), ("clave", "CLAVE "), ("a", "b" * 61), tuple(map(str, range(21)))])
def test_too_few_too_many_and_too_long_words_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(InvalidError):
        decide(state_of([]), _words(*words))


@pytest.mark.parametrize("request_", [_REMOVE, _UNDO])
def test_what_never_was_is_not_found(request_: SynonymsRequest) -> None:
    with pytest.raises(NotFoundError):
        decide(state_of([]), request_)
