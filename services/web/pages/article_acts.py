"""What the buttons of the editor ask of the library, what is said afterwards, and what takes it back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from projections.articles import ArticleRow
from schemas.errors import InvalidError, NotFoundError
from schemas.facts.article import ArticleKind, Audience
from schemas.ids import new_id, scoped_id
from services.knowledge import shelving, writing
from services.knowledge.asked import Asking
from services.knowledge.library import ArticleRequest, asking
from services.knowledge.state import Filing
from services.web.pages import posted

_REVIEW_AFTER = timedelta(days=180)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

BACK = frozenset({"take-up", "drop", "decline", "retire", "reinstate", "previous"})
"""What may take another back: it needs no field but `seen`."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`done`: a word of words.DONE; `back`: the action that takes it back; `text`: what was typed is saved with it.

    `seen`: the edition or wording it leads to, without which `back` would take back what others did since.
    """

    requests: tuple[ArticleRequest, ...]
    done: str = "saved"
    back: str = ""
    text: bool = False
    goes_to: UUID | None = None
    seen: int | None = None


def asked(row: ArticleRow, action: str, fields: Mapping[str, str], *, by: str, alone: bool) -> Asked:  # noqa: C901, PLR0911, PLR0912 -- an action a case
    """Raises NotFoundError for another action, InvalidError for a field that makes no sense."""
    where = asking(row.id, by)
    seen = number(fields["seen"], "seen") if fields.get("seen") else None
    match action:
        case "save":
            return Asked((_save(fields, where),), "article_saved", text=True)
        case "publish":
            published = writing.PublishDraft(alone=alone, **where)
            back = "previous" if row.edition else "retire"
            return Asked((_save(fields, where), published), "article_published", back, text=True, seen=row.edition + 1)
        case "ask":
            asks = writing.AskReview(**where)
            return Asked((_save(fields, where), asks), "article_asked", "decline", text=True)
        case "decline":
            return Asked((writing.DeclineReview(reason=fields.get("reason", ""), **where),), "article_declined")
        case "drop":
            dropped = writing.DropDraft(wording=seen, **where)
            return Asked((dropped,), "article_dropped", "take-up", text=True, seen=row.wording + 1)
        case "take-up":
            taken_up = writing.TakeUpDraft(wording=seen, **where)
            return Asked((taken_up,), "article_saved", "drop", seen=row.wording + 1)
        case "restore":
            restored = writing.RestoreEdition(edition=number(fields.get("edition", ""), "edition"), **where)
            return Asked((restored,), "article_restored", "drop", seen=row.wording + 1)
        case "previous":
            if seen is None:
                raise InvalidError("which edition?", field="seen")
            return Asked((writing.TakeBack(edition=seen, alone=alone, **where),), "undone")
        case "retire":
            to = _named(fields.get("to", ""))
            led = (shelving.Redirect(to=to, **where),) if to else ()
            return Asked((*led, writing.Retire(edition=seen, **where)), "article_retired", "reinstate")
        case "reinstate":
            return Asked((writing.Reinstate(**where),), "article_reinstated", "retire")
        case "translate":
            return _translate(row, fields, where)
        case _:
            return Asked((_shelve(row, action, fields, where, alone=alone),))


def _shelve(row: ArticleRow, action: str, fields: Mapping[str, str], where: Asking, *, alone: bool) -> ArticleRequest:  # noqa: C901, PLR0911 -- an action a case
    match action:
        case "file":
            changes = number(fields.get("filing_changes", ""), "filing_changes")
            return shelving.Describe(filing=_filing(fields), filing_changes=changes, alone=alone, **where)
        case "review":
            return shelving.PlanReview(on=_day(fields.get("on", "")), **where)
        case "right":
            return shelving.PlanReview(on=where["now"].date() + _REVIEW_AFTER, found_right=True, **where)
        case "up-to-date":
            if row.original is None:
                raise InvalidError("it is no translation", field="original")
            return shelving.Translate(original=row.original, **where)
        case "redirect":
            return shelving.Redirect(to=_named(fields.get("to", "")), **where)
        case "pin":
            rank = number(fields.get("rank") or "0", "rank")
            return shelving.Pin(shelf=fields.get("shelf", ""), rank=rank, **where)
        case "unpin":
            return shelving.Unpin(shelf=fields.get("shelf", ""), **where)
        case "remove-file":
            return shelving.RemoveFile(file=posted.uuid(fields.get("file", ""), "file"), alone=alone, **where)
        case "settle":
            return shelving.SettleDoubt(flag=posted.uuid(fields.get("flag", ""), "flag"), **where)
        case _:
            raise NotFoundError("no such action")


def begin(fields: Mapping[str, str], *, by: str) -> writing.Begin:
    """A new one; `id`: of the form, whose article it is however often it is sent. Raises InvalidError."""
    kind, language = fields.get("kind", ""), fields.get("language", "")
    if kind not in set(ArticleKind):
        raise InvalidError("which kind?", field="kind")
    return writing.Begin(
        article=scoped_id("article of a form", by, form) if (form := fields.get("id")) else new_id(),
        kind=ArticleKind(kind),
        title=fields.get("title", ""),
        body=fields.get("body", ""),
        language=language,
        source=posted.uuid(fields["source"], "source") if fields.get("source") else None,
        by=by,
        now=datetime.now(UTC),
    )


def _save(fields: Mapping[str, str], where: Asking) -> writing.SaveDraft:
    """`over`: whoever saves has seen what others wrote meanwhile, and goes over it."""
    wording = number(fields.get("over") or fields.get("wording", ""), "wording")
    return writing.SaveDraft(title=fields.get("title", ""), body=fields.get("body", ""), wording=wording, **where)


def _translate(row: ArticleRow, fields: Mapping[str, str], where: Asking) -> Asked:
    """A draft that begins with the original's words, filed as that is."""
    title, body = (row.title, row.body) if row.edition else (row.draft_title or "", row.draft_body or "")
    language = fields.get("language", "")
    form = f"{row.id} {language} {fields['id']}" if fields.get("id") else ""
    words = {"title": title, "body": body, "kind": row.kind, "language": language, "id": form}
    begun = begin(words, by=where["by"])
    there: Asking = {**where, "article": begun.article}
    filing = Filing(
        ArticleKind(row.kind),
        row.category,
        tuple(row.labels),
        tuple(row.products),
        tuple(row.versions),
        Audience(row.audience),
    )
    requests = (
        begun,
        shelving.Describe(filing=filing, **there),
        shelving.Translate(original=row.original or row.id, **there),
    )
    return Asked(requests, "article_begun", goes_to=begun.article)


def _filing(fields: Mapping[str, str]) -> Filing:
    kind, audience = fields.get("kind", ""), fields.get("audience", "")
    if kind not in set(ArticleKind) or audience not in set(Audience):
        raise InvalidError("which kind, and for whom?", field="kind")
    return Filing(
        kind=ArticleKind(kind),
        category=fields.get("category", ""),
        labels=_words(fields.get("labels", "")),
        products=_words(fields.get("products", "")),
        versions=_words(fields.get("versions", "")),
        audience=Audience(audience),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", ",").split(","))


def _named(text: str) -> UUID | None:
    """An article by its id or address."""
    if not text.strip():
        return None
    found = _UUID.findall(text)
    if not found:
        raise InvalidError("which article? Its address, please", field="to")
    return UUID(found[-1])


def number(text: str, field: str) -> int:
    """Raises InvalidError for what is none, or counts more than there can be."""
    if not text.strip().removeprefix("-").isdecimal() or len(text) > 9:  # noqa: PLR2004 -- below the greatest number
        raise InvalidError("a number", field=field)
    return int(text)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidError("a day like 2027-12-31", field="on") from error
