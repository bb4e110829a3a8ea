"""Users, tokens and lines: made once, kept as digests, gone when revoked; and each change is history."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from eventstore.identity import read_identity
from schemas.errors import ConflictError, InvalidError, NotFoundError, UnauthenticatedError
from schemas.facts import Fact
from schemas.facts.user import EmailChanged, Mailbox, Place
from schemas.ids import keyed_bytes
from services.access import lines, sessions, tokens, users
from services.access.desk import Access, AccessDesk
from services.access.digests import digest
from services.access.identity import Identity, Role
from services.access.sign_in import SignIn
from services.widgets import sites
from tests.services.access.conftest import told

HERE = Place(network="192.0.2.7", browser="Firefox")


def test_a_token_opens_until_it_is_revoked(desk: AccessDesk) -> None:
    token = tokens.create_token(desk, "agent", "importer", 30)
    assert tokens.of_token(desk.connection, token) == Identity("importer", Role.AGENT)
    assert tokens.of_token(desk.connection, token + "x") is None
    (listed,) = tokens.list_tokens(desk.connection)
    assert (listed.name, listed.role, listed.revoked_at) == ("importer", Role.AGENT, None)
    tokens.revoke_token(desk, listed.id)
    assert tokens.of_token(desk.connection, token) is None
    with pytest.raises(NotFoundError):
        tokens.revoke_token(desk, uuid4())


def test_no_two_tokens_go_by_the_same_name_nor_by_a_users(desk: AccessDesk) -> None:
    users.create_user(desk, "ana", "agent", "correct horse")
    made = [tokens.create_token(desk, "agent", name) for name in ("", "", "ana", "bot", "bot")]
    found = [tokens.of_token(desk.connection, token) for token in made]
    assert [one.name for one in found if one] == ["agent token", "agent token 2", "ana 2", "bot", "bot 2"]
    revoked = next(token.id for token in tokens.list_tokens(desk.connection) if token.name == "bot")
    tokens.revoke_token(desk, revoked)
    again = tokens.of_token(desk.connection, tokens.create_token(desk, "agent", "bot"))
    assert again == Identity("bot", Role.AGENT)
    with pytest.raises(ConflictError):
        users.create_user(desk, "bot", "agent", "correct horse")


def test_a_token_ends_with_its_days(desk: AccessDesk) -> None:
    token = tokens.create_token(desk, Role.ADMIN, expires_days=1)
    desk.connection.execute("UPDATE api_tokens SET expires_at = expires_at - interval '1 day 1 second'")
    assert tokens.of_token(desk.connection, token) is None


def test_no_secret_is_kept(desk: AccessDesk) -> None:
    secrets = [tokens.create_token(desk, "admin"), lines.create_line(desk, "main"), "correct horse"]
    users.create_user(desk, "ana", "agent", "correct horse")
    kept = desk.connection.execute(
        "SELECT (SELECT json_agg(t) FROM api_tokens t)::text || (SELECT json_agg(l) FROM lines l)::text"
        " || (SELECT json_agg(u) FROM users u)::text || (SELECT string_agg(encode(data, 'escape'), '') FROM events)"
    ).fetchone()
    assert kept is not None
    assert not [secret for secret in secrets if secret in kept[0] or secret.removeprefix("cauce_") in kept[0]]


@pytest.mark.parametrize(("role", "days"), [("boss", None), ("agent", 0), ("agent", -1), ("agent", 99_999)])
def test_a_token_that_makes_no_sense_is_refused(desk: AccessDesk, role: str, days: int | None) -> None:
    with pytest.raises(InvalidError):
        tokens.create_token(desk, role, "x", days)


def test_a_user_is_made_once_and_put_as_often_as_wanted(desk: AccessDesk) -> None:
    assert users.create_user(desk, " Ana ", "agent", "long enough") == "ana"
    assert users.put_user(desk, "ana", "admin", "another one") == "ana"
    assert [(each.name, each.role) for each in users.list_users(desk.connection)] == [("ana", Role.ADMIN)]
    for name, password in (("", "long enough"), ("a b", "long enough"), ("ok", "short"), ("ok", "x" * 300)):
        with pytest.raises(InvalidError):
            users.create_user(desk, name, "agent", password)
    with pytest.raises(ConflictError):
        users.create_user(desk, "ANA", "agent", "long enough")


async def test_a_disabled_user_is_out_at_once(access: Access) -> None:
    with access.desk("admin") as desk:
        users.create_user(desk, "ana", "agent", "long enough")
    ways = SignIn(access)
    cookie = (await ways.with_password("Ana", "long enough", HERE)).cookie
    with access.desk("admin") as desk:
        token = tokens.create_token(desk, "agent", owner="ana")
        assert tokens.of_token(desk.connection, token) is not None
        assert sessions.of_session(desk.connection, cookie) == Identity("ana", Role.AGENT, session=True)
        desk.connection.execute("UPDATE users SET disabled_at = now()")
        assert sessions.of_session(desk.connection, cookie) is None, "even one that nobody ended"
        assert tokens.of_token(desk.connection, token) is None
        desk.connection.execute("UPDATE users SET disabled_at = NULL")
        users.disable_user(desk, "ana")
        assert sessions.of_session(desk.connection, cookie) is None
        assert tokens.of_token(desk.connection, token) is None
        assert users.assignable(desk.connection) == []
    with pytest.raises(UnauthenticatedError):
        await ways.with_password("ana", "long enough", HERE)


def test_a_line_has_its_own_key_and_what_becomes_of_it_is_written_down(
    access: Access, history: Callable[[], list[Fact]]
) -> None:
    with access.desk("boss") as desk:
        one, two = lines.create_line(desk, "one"), lines.put_line(desk, "two")
        assert lines.is_line_key(desk.connection, "one", one)
        assert not lines.is_line_key(desk.connection, "one", two)
        assert not lines.is_line_key(desk.connection, "nothing", one)
        assert not lines.is_line_key(desk.connection, "one\x00", "\ud800")
        with pytest.raises(InvalidError):
            lines.create_line(desk, "No Good")
        revoked = [lines.revoke_line(desk, "one") for _ in range(2)]
        assert revoked[0] == revoked[1]
        assert not lines.is_line_key(desk.connection, "one", one)
        assert lines.is_line_key(desk.connection, "one", lines.put_line(desk, "one"))
        with pytest.raises(NotFoundError):
            lines.revoke_line(desk, "nothing")
    with access.desk("boss") as desk, pytest.raises(ConflictError):
        lines.create_line(desk, "one")
    assert told(history(), "name", "by") == [
        ("LineCreated", "one", "boss"),
        ("LineCreated", "two", "boss"),
        ("LineRevoked", "one", "boss"),
        ("LineKeyRenewed", "one", "boss"),
    ]


def test_what_pages_may_show_the_chat_is_written_down(access: Access, history: Callable[[], list[Fact]]) -> None:
    with access.desk("boss") as desk:
        site = sites.create(desk, "Shop", ["https://a.example"])
        for _ in range(2):  # the second changes nothing
            sites.change(desk, site.key, "Shop", ["https://b.example"], language="es", colour=site.colour)
        sites.remove(desk, site.key)
    assert told(history(), "name", "key", "origins", "language", "by") == [
        ("WidgetCreated", "Shop", site.key, ("https://a.example",), "", "boss"),
        ("WidgetChanged", "Shop", site.key, ("https://b.example",), "es", "boss"),
        ("WidgetRemoved", "Shop", site.key, None, None, "boss"),
    ]


def test_a_users_mail_address_is_written_down_sealed_and_can_be_forgotten(
    access: Access, history: Callable[[], list[Fact]]
) -> None:
    def said() -> list[Mailbox | None]:
        return [fact.personal for fact in history() if isinstance(fact, EmailChanged)]

    with access.desk("boss") as desk:
        users.create_user(desk, "ana", "agent", "long enough", "Ana@X.cu")
        users.set_email(desk, "ana", "ana@x.cu")
        users.set_email(desk, "ana", "")
    assert said() == [Mailbox(email="ana@x.cu"), Mailbox()]
    with access.desk("boss") as desk:
        users.forget_places(desk, "ana")
    assert said() == [None, None]


async def test_who_failed_to_sign_in_can_not_be_guessed_from_what_is_counted(access: Access) -> None:
    with pytest.raises(UnauthenticatedError):
        await SignIn(access).with_password("ana", "long enough", HERE)
    with access.desk("admin") as desk:
        counted = {bytes(key) for (key,) in desk.connection.execute("SELECT key FROM sign_in_failures").fetchall()}
        secret = read_identity(desk.connection).secret
    guesses = f"both:ana:{HERE.network}", f"place:{HERE.network}", "name:ana", "strangers"
    assert counted == {keyed_bytes(secret, guess) for guess in guesses}
    assert counted.isdisjoint(digest(guess) for guess in guesses)
