"""The corpus of the search's tests, and its queries in two halves: one to tune by, one that is never looked at."""

from __future__ import annotations

import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

_HERE = Path(__file__).parent

LANGUAGES = ("es", "en")

SETS = ("queries", "typed")
"""The files of pairs: as somebody describes what they look for, and as people type it (symptoms, jargon, typos)."""

Pair = tuple[str, str]
"""What somebody types, and the key of the article that answers it."""


def article_id(key: str, language: str) -> UUID:
    """The id of an article of the corpus."""
    return uuid5(NAMESPACE_URL, f"{language}/{key}")


def corpus(language: str) -> list[dict[str, Any]]:
    """The articles, as the file states them."""
    articles: list[dict[str, Any]] = _read(f"corpus_{language}.toml")["article"]
    return articles


def synonyms(language: str) -> list[list[str]]:
    """Groups of words that mean the same to this company."""
    groups: list[list[str]] = _read("synonyms.toml")[language]
    return groups


def halves(language: str, written: str) -> tuple[list[Pair], list[Pair]]:
    """`tuning`, `unseen`: by the hash of the query, so that nobody chose which is which."""
    pairs: dict[str, str] = _read(f"{written}_{language}.toml")["pairs"]
    shuffled = sorted(pairs.items(), key=lambda pair: sha256(pair[0].encode()).digest())
    half = len(shuffled) // 2
    return shuffled[:half], shuffled[half:]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))
