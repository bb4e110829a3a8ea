"""Searches that people keep: filters of the inbox under a name, for oneself or for a team. Owns `saved_searches`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import msgspec

from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.ids import new_id

NAME_MAX_CHARACTERS = 60
EACH_MAX = 100
FILTERS = ("view", "status", "priority", "channel", "team", "tag", "assignee", "customer", "organization", "q")
"""What the inbox can be narrowed by: the names in its address, in this order."""
_VALUE_MAX = 300


class SavedSearch(msgspec.Struct, frozen=True):
    """`query`: the filters, urlencoded as in the inbox' address. `team`: whose members see it too."""

    id: UUID
    name: str
    query: str
    owner: str
    team: str | None


def listed(connection: Connection, user: str, teams: Collection[str]) -> list[SavedSearch]:
    """One's own, and those that others share with one's teams; by name."""
    rows: Sequence[tuple[UUID, str, str, str, str | None]] = connection.execute(
        "SELECT id, name, query, owner, team FROM saved_searches WHERE owner = %s OR team = ANY(%s)"
        " ORDER BY owner <> %s, lower(name), id",
        (user, list(teams), user),
    ).fetchall()
    return [SavedSearch(*row) for row in rows]


def save(connection: Connection, user: str, teams: Collection[str], name: str, query: str, team: str | None) -> UUID:
    """Keep it. Raises InvalidError, ConflictError where one has one of that name already."""
    found = listed(connection, user, ())
    if len(found) >= EACH_MAX:
        raise ConflictError(f"at most {EACH_MAX} searches: delete one first")
    kept = new_id()
    values = (kept, user, _shared(team, teams), _name(name), tidy(query))
    made = connection.execute(
        "INSERT INTO saved_searches (id, owner, team, name, query) VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        values,
    ).rowcount
    if not made:
        raise ConflictError("you have a search of that name already", field="name")
    return kept


def change(
    connection: Connection, user: str, teams: Collection[str], search: UUID, *, name: str, team: str | None
) -> None:
    """Another name, or other people who see it. Raises NotFoundError for another's, InvalidError, ConflictError."""
    taken = connection.execute(
        "SELECT FROM saved_searches WHERE owner = %s AND name = %s AND id <> %s", (user, _name(name), search)
    ).fetchone()
    if taken is not None:
        raise ConflictError("you have a search of that name already", field="name")
    changed = connection.execute(
        "UPDATE saved_searches SET name = %s, team = %s WHERE id = %s AND owner = %s",
        (_name(name), _shared(team, teams), search, user),
    ).rowcount
    if not changed:
        raise NotFoundError("no such search of yours")


def delete(connection: Connection, user: str, search: UUID) -> None:
    """Forget it. Raises NotFoundError for another's."""
    if not connection.execute("DELETE FROM saved_searches WHERE id = %s AND owner = %s", (search, user)).rowcount:
        raise NotFoundError("no such search of yours")


def filters_of(query: str) -> dict[str, str]:
    """The filters of an address, each once, in order; whatever else stands in it is dropped."""
    asked = dict(parse_qsl(query.removeprefix("?")))
    return {name: asked[name][:_VALUE_MAX] for name in FILTERS if asked.get(name)}


def tidy(query: str) -> str:
    """The same, as an address has them."""
    return urlencode(filters_of(query))


def _name(name: str) -> str:
    shown = " ".join(name.split())
    if not 1 <= len(shown) <= NAME_MAX_CHARACTERS:
        raise InvalidError(f"a name has 1 to {NAME_MAX_CHARACTERS} characters", field="name")
    return shown


def _shared(team: str | None, teams: Collection[str]) -> str | None:
    if team and team not in teams:
        raise InvalidError("a team that you are in", field="team")
    return team or None
