"""What is answered, put below an answer: an attribution and the words, marked `>`, in HTML a blockquote.

Part of outgoing.py. Our own splitter (quotes.py) knows these attributions again when an answer brings them back.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_datetime

from channels.text import one_line, shorten

_TEXT_MAX_BYTES = 8 * 1024
_LINES_MAX = 150
_ATTRIBUTION: Mapping[str, str] = {"es": "El {moment}, {who} escribió:", "en": "On {moment}, {who} wrote:"}
LANGUAGES = tuple(_ATTRIBUTION)


@dataclass(frozen=True)
class Quoted:
    """Somebody's words, and when they were written."""

    who: str
    at: datetime
    text: str

    def attribution(self, language: str) -> str:
        """The line above them. `language`: one of LANGUAGES."""
        moment = format_datetime(self.at, "d MMM y HH:mm", locale=language)
        return _ATTRIBUTION[language].format(moment=f"{moment} UTC", who=one_line(self.who))

    def as_text(self, language: str) -> str:
        """RFC 3676 §4.5: `> ` before each line, `>` before one that is quoted already."""
        marked = (f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in self._lines())
        return "\n".join((self.attribution(language), *marked))

    def as_html(self, language: str) -> str:
        """A blockquote that mail programs fold."""
        words = "<br>\n".join(map(html.escape, self._lines()))
        attribution = html.escape(self.attribution(language))
        return f'<p>{attribution}</p>\n<blockquote type="cite">{words}</blockquote>\n'

    def _lines(self) -> list[str]:
        lines = shorten(self.text.strip(), _TEXT_MAX_BYTES).splitlines()
        return lines if len(lines) <= _LINES_MAX else [*lines[:_LINES_MAX], "…"]
