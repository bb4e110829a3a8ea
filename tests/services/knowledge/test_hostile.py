"""Nothing that runs comes through an article: text, title, shelf, names of files, import, export."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.articles import Article, FileRow, Outline
from services.knowledge import html_markdown
from services.knowledge.exporting import Export
from services.knowledge.folder import with_links
from services.knowledge.markdown import to_html
from tests.services.knowledge.hostile import CORPUS, what_runs

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ID, FILE = UUID(int=1), UUID(int=2)
_SOUP = st.lists(
    st.sampled_from(
        [*CORPUS, "\n", "\n\n", "> ", "- ", "    ", "`", "```\n", "**", "](", "![", "|", "<!--", "\\", "\x00"]
    ),
    max_size=6,
).map("".join)


def _exported(evil: str, kind: str = "faq") -> list[tuple[str, str]]:
    """Every page of an export in which this stands everywhere."""
    article = Article(ID, kind, evil, evil, "es", evil, NOW, None, 1, 1, evil, [evil], [evil], [evil], "public", None)
    file = FileRow(FILE, ID, 1, evil, 1, "text/html", "b", "00", evil, removed=False, by=evil, at=NOW)
    outline = Outline(ID, evil, "es", evil, None)
    written = Export([outline], [file], "https://cauce.example", lambda _: [article]).written()
    return [(each.path, each.data.decode()) for each in written]


def test_what_runs_is_seen() -> None:
    for evil in CORPUS[:15]:
        assert what_runs(evil), evil


@given(_SOUP)
def test_no_text_runs_anything_where_it_is_read_or_previewed(evil: str) -> None:
    assert what_runs(to_html(evil)) == []


def test_a_picture_from_elsewhere_is_a_link() -> None:
    assert to_html("![x](/articles/1/files/2)") == '<p><img src="/articles/1/files/2" alt="x"></p>\n'
    for elsewhere in ("https://evil.example/p.gif", "//evil.example/p.gif", "HTTP:evil.gif"):
        rel = 'rel="noopener noreferrer"'
        assert to_html(f"![a *b*]({elsewhere})") == f'<p><a href="{elsewhere}" {rel}>a b</a></p>\n'
        assert to_html(f"![]({elsewhere})") == f'<p><a href="{elsewhere}" {rel}>{elsewhere}</a></p>\n'
        linked = f"[*![a]({elsewhere})*](https://x.example/)![b]({elsewhere})"
        there = f'<a href="https://x.example/" {rel}><em>a</em></a><a href="{elsewhere}" {rel}>b</a>'
        assert to_html(linked) == f"<p>{there}</p>\n"


@given(_SOUP)
def test_no_page_of_elsewhere_brings_in_what_runs(evil: str) -> None:
    read = html_markdown.read(evil)
    assert what_runs(to_html(read.body)) == []
    assert what_runs(to_html(read.title)) == []


@given(_SOUP, st.sampled_from(["faq", "guide", "checklist"]))
def test_nothing_that_runs_goes_out(evil: str, kind: str) -> None:
    for path, page in _exported(evil, kind):
        inside = page.partition("<body>")[2]
        assert what_runs(inside) == []
        assert page.count("<script") == 0
        assert page.count("<style>") == (1 if page else 0)
        assert ".." not in path


@pytest.mark.parametrize("evil", CORPUS)
def test_no_name_of_a_file_leads_elsewhere_or_is_run_from_a_disk(evil: str) -> None:
    for name in (evil, f"{evil}.html", f"{evil}.SVG"):
        path = next(path for path, page in _exported(name) if path.startswith("files/"))
        assert path.count("/") == 2
        assert ".." not in path
        assert not path.casefold().endswith((".html", ".svg", ".htm", ".xml", ".js"))


def test_an_address_that_names_no_article_keeps_nothing_from_going_out() -> None:
    named = f"[x](/articles/{'-' * 36}) [y](/articles/{ID}/files/{'a' * 36}) [z](/articles/{ID})"
    pages = "".join(page for _, page in _exported(named))
    assert f'href="/articles/{"-" * 36}"' in pages
    assert f'href="/articles/{ID}/files/{"a" * 36}"' in pages


@given(_SOUP, _SOUP)
def test_an_address_put_in_the_place_of_another_opens_nothing(evil: str, said: str) -> None:
    assert what_runs(to_html(with_links(f"[x]({said}) {evil}", {said: "/articles/1"}))) == []


def test_a_guide_goes_out_as_one_page_whose_answers_lead_on() -> None:
    body = f"Hola\n\n# Uno\n- Sí -> #dos-x\n- No -> article:{FILE}\n\n# Dos {{#dos-x}}\n- Nada -> contact"
    (page, *_) = (page for path, page in _exported(body, "guide") if path.startswith("es/"))
    assert '<a href="#q-dos-x">Sí</a>' in page
    assert '<h2 id="q-dos-x">Dos</h2>' in page
    assert f'<a href="https://cauce.example/articles/{FILE}">No</a>' in page
    assert f'<a href="https://cauce.example/contact?guide={ID}">Nada</a>' in page
    assert "->" not in page.partition("</h1>")[2]
    assert "☐ a" in dict(_exported("- [ ] a", "checklist"))[f"es/a-{ID.hex[:8]}.html"]
