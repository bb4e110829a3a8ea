"""A folder of Markdown and HTML as articles: what each file says of itself, what lies beside it, no more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.errors import InvalidError
from schemas.facts.article import ArticleKind, Audience
from services.knowledge import folder
from services.knowledge.folder import Source
from services.knowledge.html_markdown import read as read_html
from services.knowledge.markdown import to_html
from services.knowledge.state import Filing

_PAGE = """<!doctype html><html lang="en"><head><title>Old &amp; new</title><style>p{}</style></head><body>
<h1>Reset the <em>printer</em></h1><script>alert(1)</script>
<p>Press   <b>F4</b>,<br>then <a href="other page.html">go on</a>. 5 * 3 &lt; 20_000</p>
<ol><li>One<ul><li>Inside</li></ul></li><li>Two</li></ol>
<pre>a  `b`
  c</pre><blockquote><p>Quoted</p></blockquote>
<table><tr><th>Key</th><th>What</th></tr><tr><td>F4</td><td>reset | stop</td></tr></table>
<img src="shots/a.png" alt="The screen"></body></html>"""


def _put(where: Path, **files: str | bytes) -> None:
    for name, said in files.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(said if isinstance(said, bytes) else said.encode())


def _read(where: Path, name: str) -> Source:
    return folder.read(where / name, where, language="es")


def test_a_file_says_all_of_itself_before_its_text(tmp_path: Path) -> None:
    said = (
        '---\ntitle: "Factura: doble"\nkind: FAQ\nlanguage: es-CU\ncategory: Cuenta/Claves\n'
        "labels: [clave, 'acceso']\nproducts:\n  - Caja\n  - Báscula\naudience: agents\n---\n# Uno\n\nTexto\n"
    )
    _put(tmp_path, **{"x.md": said})
    filing = Filing(ArticleKind.FAQ, "Cuenta/Claves", ("clave", "acceso"), ("Caja", "Báscula"), (), Audience.AGENTS)
    assert _read(tmp_path, "x.md") == Source("x.md", "Factura: doble", "Texto\n", "es-CU", filing)


@pytest.mark.parametrize(
    ("name", "language", "category", "title"),
    [
        ("en/Account/Pass-words/reset-it.md", "en", "Account/Pass words", "reset it"),
        ("Cuenta/clave.en.md", "en", "Cuenta", "clave.en"),
        ("a/b/c/x.md", "es", "a/b", "x"),
    ],
)
def test_what_it_does_not_say_follows_from_where_it_lies(
    tmp_path: Path, name: str, language: str, category: str, title: str
) -> None:
    _put(tmp_path, **{name: "Texto\n"})
    read = _read(tmp_path, name)
    assert (read.language, read.filing.category, read.title) == (language, category, title)


def test_a_heading_loses_the_signs_behind_it_however_many(tmp_path: Path) -> None:
    _put(tmp_path, **{"x.md": "# Uno ##\n\nTexto\n", "y.md": f"# Uno{' #' * 200_000} x\n"})
    assert (_read(tmp_path, "x.md").title, _read(tmp_path, "x.md").body) == ("Uno", "Texto\n")
    assert _read(tmp_path, "y.md").title.startswith("Uno # #")


def test_a_page_becomes_markdown_that_shows_the_same() -> None:
    read = read_html(_PAGE)
    assert (read.title, read.language) == ("Reset the printer", "en")
    shown = to_html(read.body)
    for part in (
        "<strong>F4</strong>,<br>",
        '<a href="other%20page.html" rel="noopener noreferrer">go on</a>. 5 * 3 &lt; 20_000',
        "<ol>\n<li>One\n<ul>\n<li>Inside</li>\n</ul>\n</li>\n<li>Two</li>\n</ol>",
        "<pre><code>a  `b`\n  c\n</code></pre>",
        "<blockquote>\n<p>Quoted</p>\n</blockquote>",
        "<td>F4</td>\n<td>reset | stop</td>",
        '<img src="shots/a.png" alt="The screen">',
    ):
        assert part in shown
    assert "alert" not in shown


def test_what_lies_beside_it_is_named_and_nothing_of_elsewhere(tmp_path: Path) -> None:
    where = tmp_path / "in"
    outside = tmp_path / "secret.png"
    _put(tmp_path, **{"secret.png": b"x", "in/a b.png": b"x", "in/sub/y.md": "Y", "in/.git/config": "x"})
    (where / "link.png").symlink_to(outside)
    body = "![a](<a b.png>) ![b](../secret.png) ![c](link.png) [d](sub/y.md#z) ![e](/etc/passwd) [f](https://x.cu/a%20b.png)"
    body += " [g](.git/config) [h](//[)"
    _put(where, **{"x.md": body})
    read = _read(where, "x.md")
    assert dict(read.beside) == {"a b.png": where / "a b.png", "sub/y.md#z": where / "sub/y.md"}
    assert folder.with_links(body, {"a b.png": "/articles/1"}).startswith("![a](/articles/1) ![b](../secret.png)")


def test_what_is_no_article_is_refused_or_passed_by(tmp_path: Path) -> None:
    _put(
        tmp_path, **{"x.md": "---\nkind: poem\n---\nx", "y.html": "x" * (folder.SOURCE_MAX_BYTES + 1), ".git/z.md": "x"}
    )
    (tmp_path / "out.md").symlink_to("/etc/hostname")
    assert [path.name for path in folder.sources(tmp_path)] == ["out.md", "x.md", "y.html"]
    for name in ("x.md", "y.html", "out.md"):
        with pytest.raises(InvalidError):
            _read(tmp_path, name)


def test_a_page_that_would_cost_too_much_is_refused(tmp_path: Path) -> None:
    _put(tmp_path, **{"a.html": "<div>" * 501})
    with pytest.raises(InvalidError, match="beyond reason"):
        _read(tmp_path, "a.html")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidError):
        folder.content(tmp_path / "gone.png", 10)
    with pytest.raises(InvalidError):
        folder.content(tmp_path, 10_000)
    _put(tmp_path, **{"large.png": b"x" * 11})
    with pytest.raises(InvalidError):
        folder.content(tmp_path / "large.png", 10)


def test_a_name_of_any_bytes_has_a_place_all_the_same(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("Texto")
    (path,) = folder.sources(tmp_path)
    assert folder.read(path, tmp_path, language="es").place == "caf?.md"
