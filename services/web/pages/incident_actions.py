"""What the forms of an incident's page ask for, by the last part of their address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from channels.text import one_line
from schemas.errors import InvalidError
from schemas.facts.incident import Priority
from schemas.interaction import Channel
from services.incidents import requests
from services.web.pages import bulk_form, posted

TEXT_MAX_CHARACTERS = 50_000


def reply(
    number: int, fields: Mapping[str, str], uploads: Sequence[UUID] = (), *, hold_seconds: int = 0
) -> requests.Reply:
    """`way`: `channel|address`, either may be empty. `version`: of the incident when it was begun; empty: send it."""
    channel, _, to = one_line(fields.get("way", "")).partition("|")
    version = fields.get("version", "")
    try:
        named = Channel(channel) if channel and not to else None
    except ValueError as error:
        raise InvalidError("no such channel", field="way") from error
    return requests.Reply(
        incident=number,
        text=text_of(fields),
        channel=named,
        to=to or one_line(fields.get("to", "")),
        uploads=tuple(uploads),
        hold_seconds=hold_seconds,
        seen_version=int(version) if version.isdecimal() and len(version) <= 9 else None,  # noqa: PLR2004 -- digits of a version
    )


def note(number: int, fields: Mapping[str, str], uploads: Sequence[UUID] = ()) -> requests.Note:
    """Words nobody outside sees."""
    return requests.Note(incident=number, text=text_of(fields), uploads=tuple(uploads))


def _assign(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Assign(incident=number, to=one_line(fields.get("to", "")) or None)


def _prioritize(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    try:
        return requests.Prioritize(incident=number, priority=Priority(fields.get("priority", "")))
    except ValueError as error:
        raise InvalidError("no such priority", field="priority") from error


def _tag(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    add, remove = (tuple(filter(None, [one_line(fields.get(name, ""))])) for name in ("add", "remove"))
    return requests.Tag(incident=number, add=add, remove=remove)


def _resolve(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Resolve(incident=number, solution=fields.get("solution", ""), cause=fields.get("cause", ""))


def _close(number: int, _: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Close(incident=number)


def _reopen(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Reopen(incident=number, reason=one_line(fields.get("reason", "")))


def _merge(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Merge(incident=number, sources=(_other(fields, "from"),))


def _unmerge(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    return requests.Unmerge(incident=number, source=_other(fields, "from"))


def _split(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    chosen = ids_in(fields.get("chosen", ""), "interactions")
    if not chosen:
        raise InvalidError("mark what goes into the new incident", field="interactions")
    return requests.Split(incident=number, interactions=chosen, subject=one_line(fields.get("subject", "")))


def _move(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    (interaction, *_) = ids_in(fields.get("interaction", ""), "interaction") or (UUID(int=0),)
    return requests.Move(incident=number, interaction=interaction, to=_other(fields, "to"))


def _withdraw(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    (interaction, *_) = ids_in(fields.get("interaction", ""), "interaction") or (UUID(int=0),)
    return requests.Withdraw(incident=number, interaction=interaction)


def _link_article(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    (article, *_) = ids_in(fields.get("article", ""), "article") or (UUID(int=0),)
    return requests.LinkArticle(incident=number, article=article)


def _unlink_article(number: int, fields: Mapping[str, str]) -> requests.IncidentRequest:
    (article, *_) = ids_in(fields.get("article", ""), "article") or (UUID(int=0),)
    return requests.UnlinkArticle(incident=number, article=article)


ACTIONS: Mapping[str, Callable[[int, Mapping[str, str]], requests.IncidentRequest]] = {
    "reply": reply,
    "note": note,
    "assign": _assign,
    "priority": _prioritize,
    "tags": _tag,
    "resolve": _resolve,
    "close": _close,
    "reopen": _reopen,
    "merge": _merge,
    "unmerge": _unmerge,
    "split": _split,
    "move": _move,
    "withdraw": _withdraw,
    "article": _link_article,
    "unlink": _unlink_article,
    **bulk_form.ONE,
}


def ids_in(text: str, field: str) -> tuple[UUID, ...]:
    """Ids between commas. Raises InvalidError."""
    try:
        return tuple(UUID(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise InvalidError("not an id", field=field) from error


def text_of(fields: Mapping[str, str]) -> str:
    """What was written. Raises InvalidError."""
    text = fields.get("text", "")
    if not text.strip():
        raise InvalidError("say something", field="text")
    if len(text) > TEXT_MAX_CHARACTERS:
        raise InvalidError("at most 50,000 characters", field="text")
    return text


def _other(fields: Mapping[str, str], field: str) -> int:
    found = posted.number(fields.get(field, ""))
    if found is None:
        raise InvalidError("which incident?", field=field)
    return found
