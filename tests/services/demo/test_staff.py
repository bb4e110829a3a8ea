"""The demo's people: made once, and left as they are."""

from eventstore.database import Database
from services.access import teams, users
from services.demo.staff import hire
from services.wiring import build_access


def test_the_demo_has_agents_and_teams_and_hires_nobody_twice(database: Database) -> None:
    access = build_access(database)
    with access.desk("test") as desk:
        users.create_user(desk, "agent", "agent", "long enough")
        users.create_user(desk, "lucia", "analyst", "long enough")
    for _ in range(2):
        hire(access, "cauce.example")
    with database.transaction() as connection:
        assert [(team.title, team.members) for team in teams.list_teams(connection)] == [
            ("Facturación", ("grace", "tomas")),
            ("Legal", ("agent",)),
            ("Soporte", ("agent", "carmen", "lucia", "yasmany")),
        ]
        assert users.get(connection, "lucia").role == "analyst"
        assert users.password_hash(connection, "grace") is None
