"""Roles, teams and tokens: changed at once, written down with who did it, and never left without an admin."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from channels.email.mailboxes import Mailboxes
from eventstore.database import Database
from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts import Fact
from services.access import changes, teams, tokens, users
from services.access.changes import NewUser, UserChange
from services.access.desk import Access, AccessDesk
from services.access.identity import Identity, Role
from services.access.policy import POLICY, refusal
from services.access.scopes import READ_ONLY, within
from services.access.tokens import NewToken
from tests.services.access.conftest import told

PASSWORD = "correct horse battery"
OURS = Mailboxes(["support@example.org"])


def test_every_change_of_what_somebody_may_is_written_down(access: Access, history: Callable[[], list[Fact]]) -> None:
    with access.desk("boss") as desk:
        changes.add_team(desk, "soporte", "Soporte", ())
        changes.add_user(desk, NewUser("ana", Role.AGENT, "hash", teams=("soporte",)))
        changes.change_user(desk, "ana", UserChange(role=Role.ANALYST, teams=(), disabled=True))
        changes.change_user(desk, "ana", UserChange(disabled=False))
        changes.change_team(desk, "soporte", "Soporte técnico", ("ana",), ours=OURS)
        teams.retire_team(desk, "soporte")
        tokens.create_token(desk, "agent", "bot", scopes=("read", "reports"))
    assert told(history(), "name", "role", "was", "team", "by") == [
        ("TeamCreated", "soporte", None, None, history()[0].team, "boss"),  # type: ignore[attr-defined]
        ("UserCreated", "ana", "agent", None, None, "boss"),
        ("JoinedTeam", "ana", None, None, "soporte", "boss"),
        ("LeftTeam", "ana", None, None, "soporte", "boss"),
        ("RoleChanged", "ana", "analyst", "agent", None, "boss"),
        ("UserDisabled", "ana", None, None, None, "boss"),
        ("UserEnabled", "ana", None, None, None, "boss"),
        ("TeamRenamed", "soporte", None, None, history()[7].team, "boss"),  # type: ignore[attr-defined]
        ("JoinedTeam", "ana", None, None, "soporte", "boss"),
        ("LeftTeam", "ana", None, None, "soporte", "boss"),
        ("TeamRetired", "soporte", None, None, history()[10].team, "boss"),  # type: ignore[attr-defined]
        ("TokenCreated", "bot", "agent", None, None, "boss"),
    ]


def test_a_change_that_fails_in_part_changes_and_records_nothing(
    access: Access, history: Callable[[], list[Fact]]
) -> None:
    with access.desk("boss") as desk:
        users.create_user(desk, "ana", "agent", PASSWORD)
    before = len(history())
    with pytest.raises(NotFoundError), access.desk("boss") as desk:
        changes.change_user(desk, "ana", UserChange(email="ana@x.cu", teams=("nowhere",)))
    with access.desk("boss") as desk:
        assert users.get(desk.connection, "ana").email == ""
    assert len(history()) == before


def test_what_changes_nothing_records_nothing(desk: AccessDesk) -> None:
    users.create_user(desk, "ana", "agent", PASSWORD)
    teams.create_team(desk, "soporte", "Soporte")
    before = desk.position
    changes.change_user(desk, "ana", UserChange(role=Role.AGENT, disabled=False, email="", teams=()))
    changes.change_team(desk, "soporte", "Soporte", (), ours=OURS)
    assert desk.position == before


def test_the_last_admin_stays_admin(desk: AccessDesk) -> None:
    users.create_user(desk, "ana", "admin", PASSWORD)
    users.create_user(desk, "eva", "admin", PASSWORD)
    users.disable_user(desk, "eva")
    for change in (UserChange(role=Role.AGENT), UserChange(disabled=True)):
        with pytest.raises(ConflictError):
            changes.change_user(desk, "ana", change)
    users.enable_user(desk, "eva")
    changes.change_user(desk, "ana", UserChange(role=Role.AGENT))


def test_teams_are_what_the_inbox_needs(desk: AccessDesk) -> None:
    for name in ("ana", "luis", "gone"):
        users.create_user(desk, name, "agent", PASSWORD)
    teams.create_team(desk, "facturacion", "Facturación")
    teams.create_team(desk, "Soporte")
    teams.set_members(desk, "soporte", ["luis", "ana", "gone"])
    teams.set_teams(desk, "ana", ["soporte", "facturacion"])
    users.disable_user(desk, "gone")
    connection = desk.connection
    assert [(team.name, team.title, team.members) for team in teams.list_teams(connection)] == [
        ("facturacion", "Facturación", ("ana",)),
        ("soporte", "Soporte", ("ana", "luis")),
    ]
    assert teams.members(connection, "soporte") == ["ana", "luis"]
    assert teams.of_user(connection, "ana") == ["facturacion", "soporte"]
    teams.retire_team(desk, "soporte")
    assert not teams.exists(connection, "soporte")
    assert teams.of_user(connection, "ana") == ["facturacion"]
    assert teams.titles(connection) == {"facturacion": "Facturación", "soporte": "Soporte"}


def test_a_team_that_makes_no_sense_is_refused(desk: AccessDesk) -> None:
    teams.create_team(desk, "soporte", "Soporte")
    for name, title in (("", ""), ("a b", "x"), ("ñ", "x"), ("x" * 41, "x"), ("ok", "x" * 61)):
        with pytest.raises(InvalidError):
            teams.create_team(desk, name, title)
    with pytest.raises(ConflictError):
        teams.create_team(desk, "SOPORTE")
    for work in (
        lambda: teams.set_members(desk, "nowhere", ()),
        lambda: teams.set_members(desk, "soporte", ("nobody",)),
        lambda: teams.retire_team(desk, "nowhere"),
        lambda: teams.rename_team(desk, "nowhere", "x"),
        lambda: teams.set_teams(desk, "nobody", ("soporte",)),
    ):
        with pytest.raises(NotFoundError):
            work()


def test_two_users_never_share_a_mail_address(desk: AccessDesk) -> None:
    users.create_user(desk, "ana", "agent", PASSWORD, "Ana@X.cu")
    with pytest.raises(ConflictError):
        users.create_user(desk, "eva", "agent", PASSWORD, "ana@x.cu")
    users.create_user(desk, "eva", "agent", PASSWORD)
    with pytest.raises(ConflictError):
        users.set_email(desk, "eva", "ana@x.cu")
    for nonsense in ("x", "@", "a@", "a b@c"):
        with pytest.raises(InvalidError):
            users.set_email(desk, "eva", nonsense)


def test_a_token_may_no_more_than_whoever_made_it(desk: AccessDesk) -> None:
    users.create_user(desk, "ana", "admin", PASSWORD)
    users.create_user(desk, "eva", "admin", PASSWORD)
    token = tokens.create_token(desk, "admin", "bot", owner="ana")
    assert tokens.of_token(desk.connection, token) == Identity("bot", Role.ADMIN, owner="ana")
    users.set_role(desk, "ana", Role.ANALYST)
    assert tokens.of_token(desk.connection, token) is None
    users.set_role(desk, "ana", Role.ADMIN)
    users.disable_user(desk, "ana")
    users.enable_user(desk, "ana")
    assert tokens.of_token(desk.connection, token) is None


def test_a_key_makes_one_token(desk: AccessDesk) -> None:
    tokens.add_token(desk, NewToken("agent"), "key")
    with pytest.raises(ConflictError):
        tokens.add_token(desk, NewToken("agent"), "key")
    with pytest.raises(InvalidError):
        tokens.create_token(desk, "agent", scopes=("everything",))


@pytest.mark.parametrize("days", [0, -1, tokens.DAYS_MAX])
def test_how_long_a_token_may_last_is_said(desk: AccessDesk, days: int) -> None:
    with pytest.raises(InvalidError, match=f"1 to {tokens.DAYS_MAX - 1} days"):
        tokens.create_token(desk, "agent", expires_days=days)


@pytest.mark.parametrize(
    ("scopes", "rule", "may"),
    [
        ((), "POST /api/v1/users", True),
        (("read",), "GET /api/v1/users", True),
        (("read",), "POST /api/v1/users", False),
        (("incidents",), "POST /api/v1/incidents/{number}/notes", True),
        (("incidents",), "GET /api/v1/reports/{name}", False),
        (("incidents",), "GET /agent", False),
        (("incidents",), "GET /live", True),
        (("reports",), "GET /live", False),
        (("incidents",), "GET /api/v1/me", True),
        (("read", "incidents"), "POST /api/v1/incidents/{number}/notes", False),
        (("read", "incidents", "reports"), "GET /api/v1/events", True),
        (("reports",), "GET /api/v1/incidents", False),
    ],
)
def test_scopes_take_away(scopes: tuple[str, ...], rule: str, may: bool) -> None:
    assert rule in POLICY
    assert within(frozenset(scopes), rule, rule.partition(" ")[0]) is may
    identity = Identity("bot", Role.ADMIN, scopes=frozenset(scopes))
    assert (refusal(identity, rule, rule.partition(" ")[0]) == "") is may


def test_a_read_only_token_changes_nothing_whatever_the_route() -> None:
    changing = [rule for rule in POLICY if rule.partition(" ")[0] not in {"GET", "WS"}]
    assert not [rule for rule in changing if within(frozenset({READ_ONLY}), rule, rule.partition(" ")[0])]


def test_the_old_users_of_an_upgraded_hub_have_ids_of_their_own(database: Database) -> None:
    with database.transaction() as connection:
        connection.execute("INSERT INTO users (name, role) VALUES ('a', 'agent'), ('b', 'agent')")
        assert len({user.id for user in users.list_users(connection)}) == 2
