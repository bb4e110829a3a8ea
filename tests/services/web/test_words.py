"""A screen's words are in both catalogs, whole, and nothing on a screen is said outside of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.facts import REGISTRY, earlier
from services.web import languages, pages
from services.web.catalogs import said
from services.web.pages import words
from services.web.pages.refusal_words import Told, told

_TEMPLATES = sorted((Path(pages.__file__).parent.parent / "templates").rglob("*.html"))
_NAMES = {"Cauce", "API", "OpenAPI", "AsyncAPI", "CSV", "kB", "UTC", "doctype", "html"}


@pytest.mark.parametrize("language", languages.LANGUAGES)
def test_every_word_is_in_the_catalog_and_no_other(language: str) -> None:
    catalog = languages.read_catalogs()[language]
    assert said() - set(catalog) == set()
    assert set(catalog) - said() == set()
    for text, shown in catalog.items():
        assert re.findall(r"%\(\w+\)s", text) == re.findall(r"%\(\w+\)s", shown)


def test_english_says_what_the_templates_say() -> None:
    catalog = languages.read_catalogs()["en"]
    assert {text for text, shown in catalog.items() if text != shown} == set()


@pytest.mark.parametrize("path", _TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_by_itself(path: Path) -> None:
    text = re.sub(r"{% block \w+_class %}.*?{% endblock %}|{% macro act.*?{% endmacro %}", "", path.read_text())
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", text, flags=re.DOTALL)
    attributes = re.findall(r'\b(?:placeholder|title|aria-label|alt)="([^"]*)"', text)
    bare = re.sub(r"<[^>]*>", " ", text, flags=re.DOTALL)
    found = re.findall(r"[^\W\d_]{2,}", " ".join([bare, *attributes]).replace("&amp;", ""))
    assert set(found) - _NAMES == set()


def test_a_refusal_is_said_in_the_words_of_the_screen_with_what_differs() -> None:
    assert told("title", "a title has 1 to 300 characters") == Told("Title", "a title has 1 to {} characters", ("300",))
    assert told("email", "Value error, not an email address") == Told("Email address", "not an email address")
    assert told("", "String should have at least 1 character").words == "it can't be empty"
    assert told("odd", "what {nobody} translated") == Told("odd", "{}", ("what {nobody} translated",))


def test_every_fact_that_a_timeline_can_show_has_words() -> None:
    shown = {"incident", "interaction", "call", "customer"}
    kinds = {cls.__name__ for cls in REGISTRY.values() if cls.category in shown and cls.__module__ != earlier.__name__}
    assert kinds - set(words.timeline.FACT) <= {"InteractionReceived", "InteractionSent", "ProductNamed"}
