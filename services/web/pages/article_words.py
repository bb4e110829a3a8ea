"""The words for how an article stands, who may read it and what is held against it. Part of words.py."""

from __future__ import annotations

from collections.abc import Mapping

STATE: Mapping[str, str] = {
    "draft": "draft",
    "review": "in review",
    "published": "published",
    "retired": "out of use",
}

AUDIENCE: Mapping[str, str] = {
    "public": "Everybody",
    "customers": "Customers of its products",
    "agents": "Agents only",
}

DOUBT: Mapping[str, str] = {
    "wrong": "wrong",
    "outdated": "outdated",
    "unclear": "unclear",
    "incomplete": "incomplete",
}

NEED: Mapping[str, str] = {
    "due": "Review due",
    "outdated": "Translation outdated",
    "doubted": "Doubted",
    "missing_es": "Not in Spanish",
    "missing_en": "Not in English",
}
"""What an article may lack: filters of the list."""

KIND: Mapping[str, str] = {
    "faq": "Frequent question",
    "how_to": "How-to",
    "known_issue": "Known problem",
    "release_note": "News",
    "checklist": "Checklist",
    "legal": "Legal text",
    "download": "Download",
    "guide": "Guide",
}
"""What one article is; words.articles.KINDS names all of a kind."""

KINDS: Mapping[str, str] = {
    "faq": "Frequent questions",
    "how_to": "Guides",
    "known_issue": "Known problems",
    "release_note": "What is new",
    "checklist": "Checklists",
    "legal": "Legal",
    "download": "Downloads",
    "guide": "Step by step",
}

FACET: Mapping[str, str] = {
    "kind": "Kind",
    "category": "Category",
    "product": "Product",
    "language": "Language",
}

GROUPS = (STATE, AUDIENCE, DOUBT, NEED, KIND, KINDS, FACET)
