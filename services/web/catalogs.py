"""Every word our screens say, found in the templates and in pages/words.py. For the test that none is missing."""

from __future__ import annotations

from pathlib import Path

from jinja2.ext import babel_extract

from services.web.pages import words

_TEMPLATES = Path(__file__).parent / "templates"
_OPTIONS = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}


def said() -> set[str]:
    """The keys both catalogs must have."""
    found = {word for group in words.GROUPS for word in group.values()}
    for path in sorted(_TEMPLATES.rglob("*.html")):
        with path.open("rb") as file:
            for _, _, text, _ in babel_extract(file, ("_", "gettext"), (), _OPTIONS):
                found.update([text] if isinstance(text, str) else filter(None, text or ()))
    return found
