"""What a text says by the plain marks of its kind, where all of it is shown at once: in a preview, in a chat."""

from __future__ import annotations

from schemas.facts.article import ArticleKind
from services.knowledge import checklist, guide, known_issue


def said(kind: str, body: str) -> dict[str, object]:
    """For parts/said.html; nothing of a kind without marks."""
    match kind:
        case ArticleKind.CHECKLIST:
            return {"parts": checklist.read(body)}
        case ArticleKind.KNOWN_ISSUE:
            return {"issue": known_issue.read(body)}
        case ArticleKind.GUIDE:
            return {"guide": guide.read(body)[0]}
        case _:
            return {}
