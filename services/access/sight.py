"""What is hidden from whom: an incident of a closed team is seen by that team, by whoever has it, admins and analysts.

The one place that says so. `of` is what a request is asked with; the web's guard sets it, and refuses addresses by
`is_hidden`; reads and commands follow by themselves (eventstore/sight.py, services/desk.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import LiteralString
from uuid import UUID

from eventstore.database import Connection
from eventstore.sight import EVERYTHING, Sight
from services.access.identity import Role

_NUMBER_MAX = 2**63 - 1

_ASKS: Mapping[str, LiteralString] = {
    "number": "SELECT public.sees(id) FROM incidents.incidents WHERE number = %s",
    "interaction": "SELECT public.sees(incident) FROM entries WHERE id = %s",
    "call": "SELECT EXISTS (SELECT FROM calls WHERE calls.id = one.id) FROM calls.calls one WHERE one.id = %s",
    "chat": "SELECT public.sees(incident) FROM chats.chats WHERE id = %s",
    "callback": "SELECT public.sees(incident, said => id) FROM callbacks.callbacks WHERE id = %s",
    "article": "SELECT EXISTS (SELECT FROM articles WHERE articles.id = one.id) FROM articles.articles one"
    " WHERE one.id = %s",
    "gap": "SELECT EXISTS (SELECT FROM gaps WHERE gaps.gap = one.gap) FROM articles.gaps one WHERE one.gap = %s",
    "flag": "SELECT EXISTS (SELECT FROM article_flags AS flags WHERE flags.flag = one.flag)"
    " FROM articles.article_flags one WHERE one.flag = %s",
    "item": "SELECT EXISTS (SELECT FROM quarantine WHERE quarantine.id = one.id) FROM public.quarantine one"
    " WHERE one.id = %s",
}
"""Parameter of an address that names an incident or something of one → may it be seen? No row: there is none yet."""

_OF_NO_INCIDENT = frozenset(
    {
        *("file", "edition", "customer", "organization", "search", "canned_id", "kind"),
        *("upload", "undo"),  # one's own: services/drafts/uploads.py, services/undo.py
        *("action", "index", "name", "path"),
        *("user", "team", "session", "token", "line", "site", "priority", "visit", "link", "unsubscribe"),
        *("table", "chart", "synonyms"),
    }
)

ABOUT_AN_INCIDENT = _ASKS.keys()
PARAMETERS = ABOUT_AN_INCIDENT | _OF_NO_INCIDENT
"""All that an address may have: for a new one somebody has to say whether it is an incident's."""


def of(role: Role, user: str, hidden: Collection[str]) -> Sight:
    """With which somebody asks. A program's token asks as its role does, an agent's one as the user it ends with."""
    return Sight(tuple(hidden), user) if role is Role.AGENT and hidden else EVERYTHING


def is_hidden(connection: Connection, parameters: Mapping[str, str]) -> bool:
    """Does an address name what whoever asks may not see? What it names wrongly is the route's to refuse."""
    return any(
        not _seen(connection, _ASKS[name], value)
        for name, text in parameters.items()
        if name in _ASKS and (value := _value(name, text)) is not None
    )


def _seen(connection: Connection, ask: LiteralString, value: int | UUID) -> bool:
    row = connection.execute(ask, (value,)).fetchone()
    return row is None or bool(row[0])


def _value(name: str, text: str) -> int | UUID | None:
    try:
        value = int(text) if name == "number" else UUID(text)
    except ValueError:
        return None
    return value if isinstance(value, UUID) or 0 < value <= _NUMBER_MAX else None
