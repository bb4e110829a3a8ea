"""Words of the articles that are like one that none of them has: what it begins, or what was meant by it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from psycopg.rows import class_row

from eventstore.database import Connection

_LIKE_MAX = 3
_CANDIDATES_MAX = 40
_LIKENESS = "0.25"  # of trigrams; two letters the wrong way round leave little more
_BEGUN_LETTERS, _SHORT_LETTERS = 2, 4
_MENDED_LETTERS = 4
_LONG_LETTERS = 9
_FAR = 99
_LAST_LETTER = "\U0010ffff"


class Like(msgspec.Struct, frozen=True):
    """A word of the articles. `whole`: what was typed is a word with its letters wrong, not the beginning of one."""

    word: str
    stem: str
    articles: int
    whole: bool = True


class _Sounding(Like, frozen=True):
    """With its letters as they are heard."""

    sound: str = ""


def instead(
    connection: Connection, word: str, *, language: str, last: bool, known: bool, agent: bool
) -> Sequence[Like]:
    """The likest words of a language. `last`: it may not be typed to its end; `known`: articles have it otherwise.

    `agent`: words of articles that aren't for everybody too. A code, a version or a file's name is no other one's typo.
    """
    exact = not word.isalpha()
    enough = len(word) >= (_BEGUN_LETTERS if last else _SHORT_LETTERS) and (last or not exact)
    begun: Sequence[Like] = _begun(connection, word, language=language, agent=agent) if enough else ()
    if begun or known or exact or len(word) < _MENDED_LETTERS:
        return begun
    return _mended(connection, word, language=language, agent=agent)


def _begun(connection: Connection, word: str, *, language: str, agent: bool) -> Sequence[Like]:
    with connection.cursor(row_factory=class_row(Like)) as rows:
        return rows.execute(
            "SELECT min(word) AS word, stem, max(articles) AS articles, false AS whole FROM article_vocabulary"
            " WHERE word >= %(begun)s AND word < %(beyond)s AND language = %(language)s"
            " AND (open > 0 OR %(agent)s) GROUP BY stem ORDER BY articles DESC, word LIMIT %(limit)s",
            {"language": language, "begun": word, "beyond": word + _LAST_LETTER, "agent": agent, "limit": _LIKE_MAX},
        ).fetchall()


def _mended(connection: Connection, word: str, *, language: str, agent: bool) -> Sequence[Like]:
    connection.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, true)", (_LIKENESS,))
    (sound,) = connection.execute("SELECT public.article_sound(%s, %s)", (language, word)).fetchone() or ("",)
    with connection.cursor(row_factory=class_row(_Sounding)) as rows:
        found = rows.execute(
            "SELECT word, stem, articles, sound FROM article_vocabulary"
            " WHERE sound OPERATOR(public.%%) %(sound)s AND language = %(language)s AND (open > 0 OR %(agent)s)"
            " ORDER BY public.similarity(sound, %(sound)s) DESC, articles DESC, word LIMIT %(limit)s",
            {"sound": sound, "language": language, "agent": agent, "limit": _CANDIDATES_MAX},
        ).fetchall()
    apart = {each.word: letters_apart(sound, each.sound) for each in found}
    nearest = min(apart.values(), default=_FAR)
    allowed = 2 if len(sound) >= _LONG_LETTERS else 1
    return [each for each in found if apart[each.word] == nearest <= allowed][:_LIKE_MAX]


def letters_apart(one: str, other: str) -> int:
    """How many letters were left out, added, changed, or put the wrong way round."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, meant in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != meant))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == meant:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
