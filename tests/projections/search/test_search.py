"""What a search finds, for whom, how it is shown, and what it makes of words that aren't any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.database import Connection, Database
from eventstore.keys import Keys
from projections.article_search import ARTICLE_SEARCH, Chosen, Results, search
from projections.article_search.kin import kin
from projections.article_search.likeness import letters_apart
from projections.article_search.plain import plain
from projections.article_search.snippets import snippet
from projections.articles import ARTICLES
from projections.articles.readers import AGENT, ANYBODY, Reader
from projections.projection import Projection
from schemas.facts import Fact
from schemas.facts.article import (
    ArticleDrafted,
    ArticleKind,
    ArticlePublished,
    ArticleReinstated,
    ArticleRetired,
    ArticleRevised,
    Audience,
)
from schemas.facts.shelving import ArticleDescribed
from schemas.facts.synonyms import SynonymsRemoved, SynonymsSet
from tests.projections.histories import Recorder
from tests.projections.search.halves import article_id
from tests.projections.views import fold_all, whole

_AT = datetime(2026, 3, 2, tzinfo=UTC)

Tell = Callable[..., Connection]


@pytest.fixture
def tell(database: Database, keys: Keys):
    """Record facts, fold them, and ask in the transaction that it gives."""
    recorder = Recorder(database, keys)

    def told(*facts: Fact, to: Sequence[Projection] = (ARTICLES, ARTICLE_SEARCH)) -> None:
        recorder.record(facts)
        fold_all(database, keys, projections=to)

    return told


def _published(article: UUID, title: str, body: str = "Nada más.", language: str = "es") -> ArticlePublished:
    return ArticlePublished(
        article=article, kind=ArticleKind.FAQ, title=title, body=body, language=language, by="ana", at=_AT
    )


def _ids(database: Database, q: str, reader: Reader = ANYBODY, locale: str = "es") -> list[UUID]:
    with database.transaction() as connection:
        return [each.id for each in search(connection, reader, q, locale=locale).items]


def _asked(database: Database, q: str, locale: str = "es", **more: object) -> Results:
    with database.transaction() as connection:
        return search(connection, ANYBODY, q, locale=locale, **more)  # type: ignore[arg-type] -- of the caller's choice


def test_only_what_is_published_is_found_as_it_stands_now(tell, database):
    article = uuid4()
    tell(
        ArticleDrafted(article=article, kind=ArticleKind.FAQ, title="Tóner", body="x", language="es", by="ana", at=_AT)
    )
    assert _ids(database, "toner") == []
    tell(_published(article, "Tóner"))
    assert _ids(database, "toner") == [article]
    tell(ArticleRevised(article=article, title="Papel", body="x", by="ana", at=_AT))
    assert (_ids(database, "toner"), _ids(database, "papel")) == ([], [article])
    tell(ArticleRetired(article=article, by="ana", at=_AT))
    assert _ids(database, "papel", AGENT) == []
    assert whole(database, ARTICLE_SEARCH)["article_vocabulary"] == []
    tell(ArticleReinstated(article=article, by="ana", at=_AT))
    assert _ids(database, "papel") == [article]


def test_a_word_of_thousands_of_letters_keeps_no_article_from_being_found_and_retired(tell, database):
    article = uuid4()
    tell(_published(article, "Tóner", "".join(Random(1).choices("bcdfgh", k=4_000))))  # noqa: S311 -- compresses badly
    assert _ids(database, "toner") == [article]
    tell(ArticleRetired(article=article, by="ana", at=_AT))
    assert whole(database, ARTICLE_SEARCH)["article_vocabulary"] == []


def test_what_may_no_longer_be_read_is_not_shown_by_a_search_that_is_behind(tell, database):
    retired, hidden = uuid4(), uuid4()
    tell(_published(retired, "Tóner"), _published(hidden, "Tóner"))
    described = {"kind": ArticleKind.FAQ, "shelf": "", "audience": Audience.AGENTS, "by": "ana", "at": _AT}
    tell(
        ArticleRetired(article=retired, by="ana", at=_AT), ArticleDescribed(article=hidden, **described), to=[ARTICLES]
    )
    assert _ids(database, "toner") == []
    assert _ids(database, "toner", AGENT) == [hidden]


def test_what_is_for_some_is_found_and_named_to_nobody_else(tell, database):
    ours, theirs = uuid4(), uuid4()
    filed = {"kind": ArticleKind.FAQ, "by": "ana", "at": _AT}
    tell(
        _published(ours, "Descuento de Zaratustra"),
        ArticleDescribed(article=ours, audience=Audience.AGENTS, **filed),
        _published(theirs, "Manual del Xiringüito"),
        ArticleDescribed(article=theirs, audience=Audience.CUSTOMERS, products=("Caja  Pro",), **filed),
        _published(uuid4(), "Otra cosa"),
    )
    having = Reader.having(["caja pro"])
    assert _ids(database, "zaratustra xiringuito") == []
    assert _ids(database, "zaratustra xiringuito", having) == [theirs]
    assert set(_ids(database, "zaratustra xiringuito", AGENT)) == {ours, theirs}
    # nor does a word with a letter wrong bring them to light
    beside = _asked(database, "cosa zaratusta")
    assert (len(beside.items), beside.meant) == (1, None)
    with database.transaction() as connection:
        assert search(connection, AGENT, "zaratusta", locale="es").meant == "zaratustra"


def test_a_word_of_what_is_for_others_is_unknown_and_another_is_meant_by_it(tell, database):
    ours, theirs, everybodys = uuid4(), uuid4(), uuid4()
    filed = {"kind": ArticleKind.FAQ, "by": "ana", "at": _AT}
    tell(
        _published(ours, "Zaratustra"),
        ArticleDescribed(article=ours, audience=Audience.AGENTS, **filed),
        _published(theirs, "Zaratuztra"),
        ArticleDescribed(article=theirs, audience=Audience.CUSTOMERS, products=("Caja",), **filed),
        _published(everybodys, "Zarapustra"),
    )
    found = _asked(database, "zaratustra")
    assert ([each.id for each in found.items], found.meant) == ([everybodys], "zarapustra")
    assert _ids(database, "zaratuztra", Reader.having(["caja"])) == [theirs]
    assert _ids(database, "zaratustra", AGENT) == [ours]


@pytest.mark.parametrize("words", ["devolucion", "devolución", "DEVOLUCIONES", "reembolso", "devolucoin"])
def test_accents_endings_capitals_synonyms_and_typos_find_the_same(corpus_database, words):
    assert _ids(corpus_database, words)[0] == article_id("refund", "es")


def test_what_was_meant_is_spelled_as_the_articles_spell_it(corpus_database):
    asked = _asked(corpus_database, "Cambiar mi contrseña")

    assert asked.meant == "Cambiar mi contraseña"
    assert asked.items[0].id == article_id("change-password", "es")
    assert _asked(corpus_database, "cambiar mi contrasena").meant is None


def test_a_word_not_typed_to_its_end_finds_what_it_begins(corpus_database):
    asked = _asked(corpus_database, "webho")

    assert asked.items[0].id == article_id("webhooks", "es")
    assert asked.meant is None


def test_the_snippet_is_plain_text_with_what_was_found_marked(corpus_database):
    (found, *_) = _asked(corpus_database, "devoluciones").items

    assert found.url == f"/articles/{found.id}"
    assert (found.title, found.snippet.count("*")) == ("Pedir la devolución de un pago", 0)
    assert "**número** empieza" in _asked(corpus_database, "numeracion").items[0].snippet
    assert snippet("Una devolución, o varias.", {"devolucion"}) == "Una **devolución**, o varias."
    far = snippet("palabra " * 50 + "aquí está " + "palabra " * 50, {"aqui"})
    assert far.startswith("… palabra")
    assert "**aquí** está" in far
    assert far.endswith(" …")
    assert snippet("word " * 9 + "don't mix them up, ever", {"ever"}).startswith("… word don't")


def test_facets_count_what_was_found_and_narrow_it(corpus_database):
    every = _asked(corpus_database, "factura", facets=True)
    faq = _asked(corpus_database, "factura", facets=True, chosen=Chosen(kind="faq"))

    assert every.total == sum(every.facets["kind"].values()) == sum(every.facets["language"].values())
    assert faq.total == every.facets["kind"]["faq"]
    assert {each.kind for each in faq.items} == {"faq"}
    assert faq.facets["kind"] == every.facets["kind"]  # so that another can be chosen instead
    assert sum(faq.facets["language"].values()) == faq.total
    shelf = _asked(corpus_database, "factura", chosen=Chosen(category="Facturas", product="Brezo Facturas"))
    assert {each.category.partition("/")[0] for each in shelf.items} == {"Facturas"}
    assert len(every.items) == 10 < every.total


def test_a_readers_language_comes_first_and_another_can_be_chosen(corpus_database):
    assert _asked(corpus_database, "csv excel", "en-GB").items[0].language == "en"
    assert _asked(corpus_database, "csv excel", "es").items[0].language == "es"
    chosen = _asked(corpus_database, "csv excel", "es", chosen=Chosen(language="en"))
    assert {each.language for each in chosen.items} == {"en"}


def test_synonyms_of_several_words_are_found_and_can_be_taken_back(tell, database):
    article, group = uuid4(), uuid4()
    words = ("reembolso", "dinero de vuelta")
    tell(_published(article, "Pedir un reembolso"), _published(uuid4(), "Dinero"))
    assert article not in _ids(database, "quiero mi dinero de vuelta")
    tell(SynonymsSet(synonyms=group, words=words, language="es", by="ana", at=_AT))
    assert article in _ids(database, "quiero mi dinero de vuelta")
    tell(SynonymsRemoved(synonyms=group, by="ana", at=_AT))
    assert article not in _ids(database, "quiero mi dinero de vuelta")


_ODD = {
    "nothing": "",
    "blanks": " \t\n",
    "only words that say nothing": "¿cómo es el que no?",
    "operators": "factura & | ! ( ) <-> :* ' '' \\ 'a'",
    "a lone quote": "'",
    "backslashes": "\\\\' \\",
    "SQL": "'; DROP TABLE searched_articles; --",
    "a LIKE pattern": "%_%",
    "placeholders": "%s %(q)s %%",
    "ten thousand letters": "a" * 10_000,
    "ten thousand words": "factura " * 10_000,
    "emoji": "💥 👩‍👩‍👧 ✅",
    "right to left": "مرحبا שלום \u202efactura",
    "Chinese": "如何修改密码",
    "marks only": "\u0301\u0301\u0301",
    "a NUL": "fac\0tura",
    "an address": "ana@example.com https://example.com/a?b=c",
    "markup": "<script>alert(1)</script> <b>factura</b>",
}


@pytest.mark.parametrize("words", _ODD.values(), ids=_ODD)
@pytest.mark.parametrize("locale", ["es", "xx", ""])
def test_no_words_are_too_odd_to_be_searched(corpus_database, words, locale):
    asked = _asked(corpus_database, words, locale, facets=True)

    assert asked.total >= len(asked.items)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_no_text_at_all_breaks_a_search(corpus_database, words):
    _asked(corpus_database, words)


_CODES = {
    "0x80070005": "0X80070005",
    "4.2.1": "versión v4.2.1",
    "setup.exe": "C:\\Temp\\SETUP.EXE",
    "E-1034": "e1034 error 1034",
    "ERR_CONNECTION_RESET": "err_connection_reset",
    "192.168.1.10": "http://192.168.1.10/",
    "TLS1.3": "tls1.3",
    "ventas@brezo.example": "VENTAS@brezo.example",
    "https://www.otra.example/ayuda": "otra.example",
}


def test_codes_versions_files_and_addresses_are_found_as_they_are_written_and_no_others(tell, database):
    articles = {code: uuid4() for code in _CODES}
    tell(*(_published(article, "Un aviso", f"Sale <{code}>.") for code, article in articles.items()))

    assert {code: _ids(database, typed)[:1] for code, typed in _CODES.items()} == {
        code: [article] for code, article in articles.items()
    }
    assert "**4.2.1**" in _asked(database, "4.2.1").items[0].snippet
    assert [_ids(database, other) for other in ("0x80070006 bien", "4.2.2", "setup.exa", "1035")] == [[], [], [], []]


def test_a_verb_that_changes_within_is_found_by_its_other_forms(tell, database):
    close, renew, paid = uuid4(), uuid4(), uuid4()
    tell(
        _published(close, "Cerrar la caja"),
        _published(renew, "Renovar la licencia"),
        _published(paid, "It was paid twice", language="en"),
    )
    assert [_ids(database, typed) for typed in ("cierro", "renueva")] == [[close], [renew]]
    assert _ids(database, "pay", locale="en") == [paid]


@pytest.mark.parametrize(
    ("language", "stem", "others"),
    [
        ("es", "cierr", {"cerr"}),
        ("es", "pued", {"pod"}),
        ("es", "fue", set()),
        ("en", "sent", {"send", "sentis"}),
        ("en", "colour", {"color", "colouris"}),
        ("en", "color", {"colour", "coloris"}),
        ("en", "organis", {"organ", "organisis"}),
        ("de", "bezahl", set()),
    ],
)
def test_kin(language, stem, others):
    assert kin(language, stem) == others


def test_an_article_with_all_that_was_asked_stands_before_one_with_half_of_it_in_its_title(tell, database):
    half, every = uuid4(), uuid4()
    tell(_published(half, "Una pizarra"), _published(every, "Otra cosa", "De la pizarra y del borrador."))
    assert _ids(database, "pizarra borrador") == [every, half]


def test_of_two_that_say_as_much_the_one_about_what_the_reader_has_comes_first(tell, database):
    general, ours = uuid4(), uuid4()
    tell(
        _published(general, "La pizarra"),
        _published(ours, "La pizarra"),
        ArticleDescribed(article=ours, kind=ArticleKind.FAQ, products=("Caja Pro",), by="ana", at=_AT),
    )
    assert _ids(database, "pizarra") == [general, ours]
    assert _ids(database, "pizarra", Reader.having(["caja pro"])) == [ours, general]
    assert [each.id for each in _asked(database, "pizarra", about="Caja  PRO").items] == [ours, general]


def test_markdown_is_searched_without_its_marks():
    said = "# Título\n\n- [ ] Abre *Ajustes → [Correo](https://x.cu)*\n1. **Pulsa** `Guardar`\n"
    said += "![foto](a.png)\n---\n\\*no\\*"

    assert plain(said) == "Título Abre Ajustes → Correo Pulsa Guardar foto *no*"


def test_marks_without_end_are_read_in_no_time():
    """Took minutes, in a fold."""
    assert plain(f"x{'_' * 300_000}y _z_") == f"x{'_' * 300_000}y z"


def test_letters_apart():
    pairs = {("recibo", "recibo"): 0, ("contrseña", "contraseña"): 1, ("chnage", "change"): 1, ("pasword", "word"): 3}

    assert {pair: letters_apart(*pair) for pair in pairs} == pairs
