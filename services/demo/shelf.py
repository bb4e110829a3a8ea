"""The demo's knowledge base, read from articles.toml: its articles, and what is said, lacked and doubted about them."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import msgspec

from schemas.facts import Fact
from schemas.facts.article import ArticleKind, ArticlePublished, Audience
from schemas.facts.shelving import ArticleDescribed, ArticleTranslates, Doubt, ReviewDue
from schemas.ids import scoped_id

LANGUAGES = ("es", "en")
GONE = "gone"
_NAMED = re.compile(r"\{article:(\w+)\}")


class Article(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """(title, body) in each language; pairs are Spanish, English. `retired`: leads to that one, or is `gone`.

    `age_days`: it appeared so long before the story's end; None: at its beginning.
    `revised`: the language its text changed in later; `review_days`: from the end of the story.
    """

    key: str
    kind: ArticleKind
    es: tuple[str, str]
    en: tuple[str, str] | None = None
    category: tuple[str, str] = ("", "")
    labels: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    products: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    audience: Audience = Audience.PUBLIC
    files: tuple[tuple[str, str], ...] = ()
    review_days: int | None = None
    age_days: float | None = None
    revised: str = ""
    retired: str = ""

    def text(self, language: str) -> tuple[str, str] | None:
        """In that language, if it is written in it."""
        return self.es if language == "es" else self.en


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Not published yet. `review`: somebody else is to read it."""

    kind: ArticleKind
    language: str
    title: str
    body: str
    review: bool = False


class Doubted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an agent holds against an article."""

    article: str
    language: str
    doubt: Doubt
    words: str


class Lacking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question that no article answers, as often as it was noticed."""

    language: str
    words: tuple[str, ...]


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One that an article answers by now."""

    language: str
    words: str
    article: str


class Shelf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of articles.toml. `searches`: what people look for in vain, the rising one first."""

    article: tuple[Article, ...]
    draft: tuple[Draft, ...]
    doubt: tuple[Doubted, ...]
    gap: tuple[Lacking, ...]
    closed_gap: tuple[Answered, ...]
    synonyms: dict[str, tuple[tuple[str, ...], ...]]
    searches: dict[str, tuple[str, ...]]


LIVE_SEEDS = 1_000_000
"""The seed of a live story is so much more than that of the history before it."""


@cache
def load() -> Shelf:
    """Read from its file."""
    text = Path(__file__).with_name("articles.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Shelf)


def article_id(seed: int, key: str, language: str) -> UUID:
    """The id of a demo article. Live stories name those of the history they go on from."""
    return scoped_id("demo-article", str(seed % LIVE_SEEDS), key, language)


def published(article: Article, language: str, *, seed: int, by: str, at: datetime, until: datetime) -> list[Fact]:
    """An article's first edition and how it is filed; `until`: the end of the story."""
    text = article.text(language)
    if text is None:
        return []
    own, place = article_id(seed, article.key, language), LANGUAGES.index(language)
    body = _NAMED.sub(lambda found: str(article_id(seed, found[1], language)), text[1].strip())
    facts: list[Fact] = [
        ArticlePublished(article=own, kind=article.kind, title=text[0], body=body, language=language, by=by, at=at),
        ArticleDescribed(
            article=own,
            kind=article.kind,
            shelf=article.category[place],
            labels=article.labels[place],
            products=article.products,
            versions=article.versions,
            audience=article.audience,
            by=by,
            at=at,
        ),
    ]
    if language != LANGUAGES[0]:
        original = article_id(seed, article.key, LANGUAGES[0])
        facts.append(ArticleTranslates(article=own, original=original, edition=1, by=by, at=at))
    if article.review_days is not None:
        on = (until + timedelta(days=article.review_days)).date()
        facts.append(ReviewDue(article=own, on=on, by=by, at=at))
    return facts
