"""What stands in an article in the place of what would tell who it was about, in the article's language."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.language import base_language
from services.knowledge.personal import Tells
from services.web import languages

INSTEAD: Mapping[Tells, str] = {
    Tells.EMAIL: "(email address)",
    Tells.PHONE: "(telephone)",
    Tells.LINK: "(link)",
    Tells.NUMBER: "(number)",
    Tells.NAME: "(name)",
}


def instead(language: str, default: str) -> dict[Tells, str]:
    """By what it is. `default`: the language for articles in one whose words we don't have."""
    catalogs = languages.read_catalogs()
    spoken = catalogs.get(base_language(language), catalogs[default])
    return {tells: spoken.get(words, words) for tells, words in INSTEAD.items()}
