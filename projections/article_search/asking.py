"""What somebody's words ask for: their stems, what means the same, and for words that no article has, the likest.

q ─ words_said ─▶ words ─ article_stem ─▶ stems ─ synonyms ─▶ terms, each with what it is worth
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import log

from eventstore.database import Connection
from projections.article_search.kin import kin
from projections.article_search.likeness import instead
from projections.articles.readers import Reader

CHARACTERS_MAX = 300
_WORDS_MAX = 24
_WAYS_MAX = 8
_LIKE, _SAME, _KIN = 0.7, 0.85, 0.9
"""What another word of the articles, a synonym, and another form of it are worth beside the word itself."""

Stems = tuple[str, ...]
"""One, or those of several words that must all be there."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word that was typed. `ways`: what says it, and what each is worth; `articles`: how many have one of them."""

    ways: Mapping[Stems, float]
    articles: int
    weight: float


@dataclass(frozen=True, slots=True)
class Asked:
    """`marked`: words to be marked where they stand in a text. `mended`: words no article has, and what was meant."""

    terms: Sequence[Term] = ()
    marked: Collection[str] = ()
    mended: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class _Word:
    """A word of the question. `stems`: in each language that there are articles in."""

    word: str
    stems: dict[str, str]
    ways: dict[Stems, float] = field(default_factory=dict[Stems, float])


@dataclass(slots=True)
class _Known:
    """Stems that articles have which are for such a reader: in how many, as which words, in which languages."""

    reader: Reader
    articles: dict[str, int] = field(default_factory=dict[str, int])
    words: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    languages: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def look_up(self, connection: Connection, stems: Collection[str]) -> None:
        rows: Sequence[tuple[str, int, list[str], list[str]]] = connection.execute(
            "SELECT stem, max(articles), array_agg(word), array_agg(language) FROM article_vocabulary"
            " WHERE stem = ANY(%(stems)s) AND (open > 0 OR %(agent)s OR (owned > 0 AND %(owns)s)) GROUP BY stem",
            {"stems": list(stems), "agent": self.reader.agent, "owns": bool(self.reader.products)},
        ).fetchall()
        for stem, articles, words, languages in rows:
            self.languages[stem] = set(languages)
            self.articles[stem] = articles
            self.words[stem] = set(words)


def ask(connection: Connection, q: str, language: str, reader: Reader) -> Asked:
    """Read somebody's words. Words that stand only in what the reader may not see are not known."""
    languages: dict[str, int] = dict(
        connection.execute("SELECT language, articles FROM article_vocabulary WHERE word = ''").fetchall()
    )
    if not languages:
        return Asked()
    if language not in languages:  # then as most articles are written
        language = max(languages, key=lambda name: (languages[name], name))
    said = _said(connection, q[:CHARACTERS_MAX].replace("\0", " "), language, list(languages))
    known, mended = _Known(reader), dict[str, str]()
    forms = [{other: _KIN for own in each.stems.items() for other in kin(*own)} for each in said]
    for each, others in zip(said, forms, strict=True):
        others.update(dict.fromkeys(each.stems.values(), 1.0))
    known.look_up(connection, {stem for each in forms for stem in each})
    for each, others in zip(said, forms, strict=True):
        each.ways = {(stem,): worth for stem, worth in others.items() if stem in known.articles}
    _add_synonyms(connection, said, known)
    for each in said:
        if language not in known.languages.get(each.stems[language], ()):
            last = each is said[-1]
            like = instead(
                connection, each.word, language=language, last=last, known=bool(each.ways), agent=reader.agent
            )
            known.look_up(connection, {other.stem for other in like})
            if like and like[0].whole:
                mended[each.word] = like[0].word
            each.ways |= {(other.stem,): _LIKE for other in like if (other.stem,) not in each.ways}
    terms = [_term(each.ways, known, sum(languages.values())) for each in said if each.ways]
    marked = {word for each in said for stems in each.ways for stem in stems for word in known.words.get(stem, ())}
    return Asked(terms, marked, mended)


def _said(connection: Connection, q: str, language: str, languages: list[str]) -> list[_Word]:
    """The words that say something in one language, with their stems in all."""
    rows: Sequence[tuple[str, dict[str, str | None]]] = connection.execute(
        "SELECT word, jsonb_object_agg(language, public.article_stem(language, word))"
        " FROM public.words_said(%s), unnest(%s::text[]) AS language WHERE length(word) <= 60"
        " GROUP BY place, word ORDER BY place LIMIT %s",
        (q, languages, _WORDS_MAX),
    ).fetchall()
    said: dict[str, _Word] = {}
    for word, stems in rows:
        if stems[language]:
            said.setdefault(word, _Word(word, {name: stem for name, stem in stems.items() if stem}))
    return list(said.values())


def _add_synonyms(connection: Connection, said: Sequence[_Word], known: _Known) -> None:
    """To a word, or the first of several that stand together, every other way to say it."""
    rows: Sequence[tuple[str, list[Stems]]] = [
        (language, [tuple(phrase) for phrase in phrases])
        for language, phrases in connection.execute(
            "SELECT language, jsonb_agg(stems) FROM ("
            "  SELECT id, language, nth, array_agg(public.article_stem(language, word) ORDER BY place)"
            "    FILTER (WHERE public.article_stem(language, word) IS NOT NULL) AS stems"
            "  FROM synonyms CROSS JOIN unnest(words) WITH ORDINALITY AS phrases (phrase, nth)"
            "  CROSS JOIN public.words_said(phrase)"
            "  WHERE NOT removed AND synonyms.stems @@ %s::tsquery GROUP BY id, language, nth"
            ") AS phrase WHERE stems IS NOT NULL GROUP BY id, language ORDER BY id",
            (any_of([(stem,) for each in said for stem in each.stems.values()]),),
        ).fetchall()
    ]
    for language, phrases in rows:
        typed = [each.stems.get(language) for each in said]
        for phrase in phrases:
            for place in range(len(typed) - len(phrase) + 1):
                if tuple(typed[place : place + len(phrase)]) == phrase:
                    ways = said[place].ways
                    others = {other: _SAME for other in phrases if other not in ways}
                    said[place].ways = dict(islice({**ways, **others}.items(), _WAYS_MAX))
    unknown = {stem for each in said for stems in each.ways for stem in stems} - known.articles.keys()
    known.look_up(connection, unknown)
    for each in said:
        each.ways = {stems: worth for stems, worth in each.ways.items() if all(one in known.articles for one in stems)}


def _term(ways: Mapping[Stems, float], known: _Known, total: int) -> Term:
    best = max(ways.values())
    articles = max(min(known.articles[stem] for stem in stems) for stems, worth in ways.items() if worth == best)
    every = sum(min(known.articles[stem] for stem in stems) for stems in ways)
    return Term(ways, every, log(1 + total / max(1, articles)))


def any_of(ways: Collection[Stems]) -> str:
    """A tsquery, as PostgreSQL reads it."""
    quoted = (["'" + stem.replace("\\", "\\\\").replace("'", "''") + "'" for stem in stems] for stems in ways)
    return " | ".join(f"({' & '.join(each)})" for each in quoted)
