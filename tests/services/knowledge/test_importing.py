"""A folder goes in once however often it is taken in, and comes out as files that a browser reads offline."""

from __future__ import annotations

import hashlib
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from playwright.async_api import expect

from eventstore.blobs import open_blobs
from eventstore.database import Database
from eventstore.keys import Keys
from eventstore.ledger import Ledger
from projections.articles import ANYBODY, desk
from schemas.errors import InvalidError
from services.knowledge import exporting
from services.knowledge.export_files import gather, into_folder, into_zip
from services.knowledge.importing import Import, Imported, Wanted
from services.knowledge.library import Library
from tests.projections.views import fold_all, make_views
from tests.services.knowledge.hostile import CORPUS
from tests.services.web.browsing import browsing, context_of

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8ffff3f0005fe02fea7358ad00000000049454e44ae426082"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "in"
    for name, said in {
        "es/Cuenta/clave.md": "# Cambiar la clave\n\n**Ajustes** ![pantalla](../../img/a%20b.png) [más](factura.md)\n",
        "en/Cuenta/clave.md": "---\nlabels: key\n---\n# Change the key\n\nOpen settings.\n",
        "es/Cuenta/factura.md": "# Factura\n\n[manual](manual.txt) ![fuera](https://evil.example/x.png)\n",
        "es/Cuenta/manual.txt": "Manual",
        "es/mala.html": f"<h1>Mala</h1><p>Empieza</p>{''.join(CORPUS)}",
        "es/nada.md": "---\nkind: poem\n---\nx",
    }.items():
        path = where / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    (where / "img").mkdir()
    (where / "img/a b.png").write_bytes(PNG)
    return where


async def _taken(library: Library, folder: Path, tmp_path: Path, **more: bool) -> tuple[int, int, int, list[str]]:
    done = Imported()
    wanted = Wanted(name="manual", language="es", by="ana", **more)
    steps: list[int] = []
    await Import(library, open_blobs("", tmp_path), folder, wanted, done).run(steps.append)
    assert sum(steps) == 5
    return done.new, done.changed, done.there, [place for place, _ in done.reasons]


async def test_it_goes_in_once_and_comes_out_as_files_that_read_offline(
    database: Database, keys: Keys, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_READ_AT_ONCE", 2)  # more than once
    library = Library(database, Ledger(keys))
    assert await _taken(library, folder, tmp_path) == (4, 0, 0, ["es/nada.md"])
    assert await _taken(library, folder, tmp_path) == (0, 0, 4, ["es/nada.md"])
    (folder / "es/Cuenta/factura.md").write_text("# Factura doble\n\n[manual](manual.txt)\n")
    assert await _taken(library, folder, tmp_path) == (0, 0, 4, ["es/nada.md"])
    assert await _taken(library, folder, tmp_path, update=True) == (0, 1, 3, ["es/nada.md"])
    make_views(database)
    fold_all(database, keys)
    blobs = open_blobs("", tmp_path)
    export = gather(database, ANYBODY, "https://cauce.example/")
    with database.transaction() as connection:
        (english,) = [each for each in export.articles if each.language == "en"]
        (spanish,) = [each for each in export.articles if each.title == "Cambiar la clave"]
        assert {english.original, spanish.original} == {None, english.id if spanish.original else spanish.id}
        (text,) = export.texts([english.id])
        assert (text.labels, english.category) == (["key"], "Cuenta")
        (picture,) = desk.files(connection, spanish.id)
        assert picture.sha256 == hashlib.sha256(PNG).hexdigest()
    out = tmp_path / "out"
    assert into_folder(export, blobs, out, lambda _: None) == export.total
    into_folder(export, blobs, out, lambda _: None)  # over itself
    with pytest.raises(InvalidError):
        into_folder(export, blobs, folder, lambda _: None)
    packed = BytesIO()
    into_zip(export, blobs, packed)
    names = {f"articles/{path.relative_to(out).as_posix()}" for path in out.rglob("*") if path.is_file()}
    assert set(zipfile.ZipFile(packed).namelist()) == names
    await _read_offline(out)


async def _read_offline(out: Path) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    async with browsing() as browser:
        page = await (await context_of(browser)).new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        await page.goto((out / "index.html").as_uri())
        await page.click("text=Español")
        await page.click("text=Cambiar la clave")
        await expect(page.locator("h1")).to_have_text("Cambiar la clave")
        await expect(page.locator("img")).to_have_js_property("naturalWidth", 1)
        assert await page.evaluate("getComputedStyle(document.body).maxWidth") != "none"  # its style is let through
        await page.click("text=English")
        await expect(page.locator("h1")).to_have_text("Change the key")
        await page.go_back()
        await page.click("text=más")
        await expect(page.locator("h1")).to_have_text("Factura doble")
        assert (await page.get_attribute("a[download]", "href") or "").endswith("manual.txt")
        await page.goto((out / "es/index.html").as_uri())
        await page.click("text=Mala")
        await expect(page.locator("body")).to_contain_text("Empieza")
    assert complaints == []
    assert {url.partition(":")[0] for url in asked} == {"file"}
