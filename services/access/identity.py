"""Who is asking: a user with a session, or a program with a token. Made by the guard, read by every route."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from eventstore.sight import EVERYTHING, Sight


class Role(StrEnum):
    """What somebody is here for. `services/access/policy.py` says what each may do."""

    AGENT = "agent"
    ANALYST = "analyst"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Identity:
    """`name` stands in facts as `by`. `session`: came by cookie, so writes must come from our own pages.

    `scopes`: what a token is limited to within its role; empty: nothing. `owner`: the user it ends with, if any.
    `teams`: a user's, by name; `sight`: what is hidden from them. `shortcuts`, `language`: how they like their screens.
    """

    name: str
    role: Role
    session: bool = False
    scopes: frozenset[str] = frozenset()
    owner: str = ""
    teams: tuple[str, ...] = ()
    shortcuts: bool = True
    language: str = ""
    sight: Sight = EVERYTHING

    @property
    def person(self) -> str:
        """The user behind it; empty for a program that is nobody's in particular."""
        return self.name if self.session else self.owner
