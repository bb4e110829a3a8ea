"""Who works in the demo: the story's agents and three teams, one of them closed.

They have no passwords: one signs in as `make up` says.
"""

from __future__ import annotations

from services.access import teams, users
from services.access.desk import Access
from services.access.identity import Role
from services.demo.catalogue import AGENTS

CLOSED = "legal"
_TEAMS = (
    ("soporte", "Soporte", ("agent", "lucia", "yasmany", "carmen")),
    ("facturacion", "Facturación", ("admin", "tomas", "grace")),
    (CLOSED, "Legal", ("agent", "admin")),
)


def hire(access: Access, domain: str) -> None:
    """Once: who is there already stays as they are. `domain`: of their mail addresses."""
    with access.desk("demo") as desk:
        known = {user.name for user in users.list_users(desk.connection)}
        for name in AGENTS:
            if name not in known:
                users.create_user(desk, name, Role.AGENT, None, f"{name}@{domain}")
        known.update(AGENTS)
        made = teams.titles(desk.connection)
        for name, title, members in _TEAMS:
            if name not in made:
                teams.create_team(desk, name, title)
                teams.set_members(desk, name, [member for member in members if member in known])
                teams.close_team(desk, name, closed=name == CLOSED)
