"""Users, tokens and lines: made once, kept as digests, gone when revoked."""

from __future__ import annotations

from uuid import uuid4

import pytest

from eventstore.database import Database
from schemas.errors import ConflictError, InvalidError, NotFoundError, UnauthenticatedError
from services.access import lines, sessions, tokens, users
from services.access.identity import Identity, Role


def test_a_token_opens_until_it_is_revoked(database: Database) -> None:
    with database.transaction() as connection:
        token = tokens.create_token(connection, "agent", "importer", 30)
        assert tokens.of_token(connection, token) == Identity("importer", Role.AGENT)
        assert tokens.of_token(connection, token + "x") is None
        (listed,) = tokens.list_tokens(connection)
        assert (listed.name, listed.role, listed.revoked_at) == ("importer", Role.AGENT, None)
        tokens.revoke_token(connection, listed.id)
        assert tokens.of_token(connection, token) is None
        with pytest.raises(NotFoundError):
            tokens.revoke_token(connection, uuid4())


def test_no_two_tokens_go_by_the_same_name_nor_by_a_users(database: Database) -> None:
    with database.transaction() as connection:
        users.create_user(connection, "ana", "agent", "correct horse")
        made = [tokens.create_token(connection, "agent", name) for name in ("", "", "ana", "bot", "bot")]
        found = [tokens.of_token(connection, token) for token in made]
        assert [one.name for one in found if one] == ["agent token", "agent token 2", "ana 2", "bot", "bot 2"]
        revoked = next(token.id for token in tokens.list_tokens(connection) if token.name == "bot")
        tokens.revoke_token(connection, revoked)
        again = tokens.of_token(connection, tokens.create_token(connection, "agent", "bot"))
        assert again == Identity("bot", Role.AGENT)


def test_a_token_ends_with_its_days(database: Database) -> None:
    with database.transaction() as connection:
        token = tokens.create_token(connection, Role.ADMIN, expires_days=1)
        connection.execute("UPDATE api_tokens SET expires_at = expires_at - interval '1 day 1 second'")
        assert tokens.of_token(connection, token) is None


def test_no_secret_is_kept(database: Database) -> None:
    with database.transaction() as connection:
        secrets = [tokens.create_token(connection, "admin"), lines.create_line(connection, "main"), "correct horse"]
        users.create_user(connection, "ana", "agent", "correct horse")
        kept = connection.execute(
            "SELECT (SELECT json_agg(t) FROM api_tokens t)::text || (SELECT json_agg(l) FROM lines l)::text"
            " || (SELECT json_agg(u) FROM users u)::text"
        ).fetchone()
    assert kept is not None
    assert not [secret for secret in secrets if secret in kept[0] or secret.removeprefix("cauce_") in kept[0]]


@pytest.mark.parametrize(("role", "days"), [("boss", None), ("agent", 0), ("agent", -1), ("agent", 99_999)])
def test_a_token_that_makes_no_sense_is_refused(database: Database, role: str, days: int | None) -> None:
    with database.transaction() as connection, pytest.raises(InvalidError):
        tokens.create_token(connection, role, "x", days)


def test_a_user_is_made_once_and_put_as_often_as_wanted(database: Database) -> None:
    with database.transaction() as connection:
        assert users.create_user(connection, " Ana ", "agent", "long enough") == "ana"
        assert users.put_user(connection, "ana", "admin", "another one") == "ana"
        assert [(each.name, each.role) for each in users.list_users(connection)] == [("ana", Role.ADMIN)]
        for name, password in (("", "long enough"), ("a b", "long enough"), ("ok", "short"), ("ok", "x" * 300)):
            with pytest.raises(InvalidError):
                users.create_user(connection, name, "agent", password)
    with database.transaction() as connection, pytest.raises(ConflictError):
        users.create_user(connection, "ANA", "agent", "long enough")


async def test_a_disabled_user_is_out_at_once(database: Database) -> None:
    with database.transaction() as connection:
        users.create_user(connection, "ana", "agent", "long enough")
    cookie = await sessions.sign_in(database, "Ana", "long enough", "here")
    with database.transaction() as connection:
        assert sessions.of_session(connection, cookie) == Identity("ana", Role.AGENT, session=True)
        users.disable_user(connection, "ana")
        assert sessions.of_session(connection, cookie) is None
        assert users.assignable(connection) == []
    with pytest.raises(UnauthenticatedError):
        await sessions.sign_in(database, "ana", "long enough", "here")


def test_a_line_has_its_own_key(database: Database) -> None:
    with database.transaction() as connection:
        one, two = lines.create_line(connection, "one"), lines.create_line(connection, "two")
        assert lines.is_line_key(connection, "one", one)
        assert not lines.is_line_key(connection, "one", two)
        assert not lines.is_line_key(connection, "nothing", one)
        assert not lines.is_line_key(connection, "one\x00", "\ud800")
        with pytest.raises(InvalidError):
            lines.create_line(connection, "No Good")
    with database.transaction() as connection, pytest.raises(ConflictError):
        lines.create_line(connection, "one")
