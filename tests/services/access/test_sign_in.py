"""Signing in: what is let in, what is slowed down, what ends, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from eventstore.database import Database
from schemas.errors import NotFoundError, UnauthenticatedError
from schemas.facts import Fact
from schemas.facts.user import Method, Place, Refusal, SessionEnd, SessionEnded, SignedIn, SignInFailed
from services.access import passwords, sessions, users
from services.access.desk import Access
from services.access.sign_in import STRANGER, SignIn
from services.access.throttle import TooManySignInsError

HERE = Place(network="192.0.2.7", browser="Firefox")
PASSWORD = "correct horse battery"

History = Callable[[], list[Fact]]


@pytest.fixture
def ways(access: Access) -> SignIn:
    with access.desk("admin") as desk:
        users.create_user(desk, "ana", "agent", PASSWORD)
        users.create_user(desk, "boss", "admin", PASSWORD)
    return SignIn(access)


def _opens(database: Database, cookie: str) -> bool:
    with database.transaction() as connection:
        return sessions.of_session(connection, cookie) is not None


def _last(history: History, kind: type[Any]) -> Any:
    return [fact for fact in history() if isinstance(fact, kind)][-1]


async def test_who_came_in_is_written_down_with_where_from(ways: SignIn, history: History) -> None:
    await ways.with_password(" ANA ", PASSWORD, HERE)
    fact = _last(history, SignedIn)
    assert (fact.name, fact.method, fact.personal) == ("ana", Method.PASSWORD, HERE)


async def test_where_from_is_sealed_with_a_key_of_their_own(ways: SignIn, access: Access, history: History) -> None:
    await ways.with_password("ana", PASSWORD, HERE)
    with access.database.transaction() as connection:
        (stored,) = connection.execute("SELECT data FROM events WHERE type = 'user.signed_in.v1'").fetchone() or (b"",)
    assert b"192.0.2.7" not in stored
    assert b"Firefox" not in stored
    with access.desk("boss") as desk:
        users.forget_places(desk, "ana")
    assert _last(history, SignedIn).personal is None
    await ways.with_password("ana", PASSWORD, HERE)
    assert _last(history, SignedIn).personal is None


async def test_a_wrong_password_is_written_down_under_a_users_name_only(ways: SignIn, history: History) -> None:
    for name in ("ana", "my secret typed in the wrong field"):
        with pytest.raises(UnauthenticatedError):
            await ways.with_password(name, "wrong", HERE)
    known, stranger = [fact for fact in history() if isinstance(fact, SignInFailed)]
    assert (known.name, known.reason, known.personal) == ("ana", Refusal.WRONG_PASSWORD, HERE)
    assert (stranger.name, stranger.user, stranger.reason) == ("", STRANGER, Refusal.WRONG_PASSWORD)
    assert "secret" not in str(stranger)


async def test_guessing_is_stopped_and_that_is_written_down_once(ways: SignIn, history: History) -> None:
    for _ in range(5):
        with pytest.raises(UnauthenticatedError):
            await ways.with_password("ana", "wrong", HERE)
    for _ in range(3):
        with pytest.raises(TooManySignInsError):
            await ways.with_password("ana", PASSWORD, HERE)
    reasons = [fact.reason for fact in history() if isinstance(fact, SignInFailed)]
    assert reasons == [Refusal.WRONG_PASSWORD] * 5 + [Refusal.THROTTLED]
    assert (await ways.with_password("ana", PASSWORD, Place(network="198.51.100.1"))).finished


async def test_a_storm_of_names_that_nobody_has_does_not_fill_the_history(
    ways: SignIn, access: Access, history: History
) -> None:
    with access.database.transaction() as connection:
        connection.execute("UPDATE sign_in_failures SET failures = failures")
    for number in range(6):
        with pytest.raises(UnauthenticatedError):
            await ways.with_password(f"name{number}", "wrong", Place(network=f"192.0.2.{number}"))
    before = len(history())
    with access.database.transaction() as connection:
        connection.execute("UPDATE sign_in_failures SET failures = 200 WHERE failures = 6")
    with pytest.raises(UnauthenticatedError):
        await ways.with_password("another", "wrong", Place(network="192.0.2.99"))
    assert len(history()) == before
    with pytest.raises(UnauthenticatedError):
        await ways.with_password("ana", "wrong", Place(network="192.0.2.98"))
    assert len(history()) == before + 1


async def test_signing_in_gives_a_new_session_and_ends_the_one_the_browser_had(
    ways: SignIn, access: Access, history: History
) -> None:
    first = (await ways.with_password("ana", PASSWORD, HERE)).cookie
    second = (await ways.with_password("ana", PASSWORD, HERE, instead_of=first)).cookie
    assert first != second
    assert not _opens(access.database, first)
    assert _opens(access.database, second)
    assert _last(history, SessionEnded).reason is SessionEnd.SIGNED_IN_AGAIN


async def test_a_cookie_somebody_was_given_opens_nothing_after_they_sign_in(ways: SignIn, access: Access) -> None:
    planted = "an attacker chose this value"
    cookie = (await ways.with_password("ana", PASSWORD, HERE, instead_of=planted)).cookie
    assert cookie != planted
    assert not _opens(access.database, planted)


async def test_a_session_ends_by_its_owner_by_an_admin_and_by_nobody_else(
    ways: SignIn, access: Access, history: History
) -> None:
    cookie = (await ways.with_password("ana", PASSWORD, HERE)).cookie
    with access.database.transaction() as connection:
        (session,) = sessions.list_sessions(connection, user="ana", cookie=cookie)
    assert (session.network, session.browser, session.current) == ("192.0.2.7", "Firefox", True)
    with pytest.raises(NotFoundError), access.desk("boss") as desk:
        sessions.end_session(desk, session.id, of="boss")
    assert _opens(access.database, cookie)
    with access.desk("boss") as desk:
        sessions.end_session(desk, session.id)
    assert not _opens(access.database, cookie)
    ended = _last(history, SessionEnded)
    assert (ended.name, ended.reason, ended.by, ended.session) == ("ana", SessionEnd.ENDED, "boss", session.id)
    with pytest.raises(NotFoundError), access.desk("boss") as desk:
        sessions.end_session(desk, uuid4())


async def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(ways: SignIn, access: Access) -> None:
    this, other = [(await ways.with_password("ana", PASSWORD, HERE)).cookie for _ in range(2)]
    with access.desk("ana") as desk:
        users.set_password(desk, "ana", passwords.hash_password("another horse"), keep=sessions.digest(this))
    assert _opens(access.database, this)
    assert not _opens(access.database, other)
    with pytest.raises(UnauthenticatedError):
        await ways.with_password("ana", PASSWORD, HERE)
    assert (await ways.with_password("ana", "another horse", HERE)).finished


async def test_a_session_lasts_its_hours_and_its_end_is_written_down(
    ways: SignIn, access: Access, history: History
) -> None:
    cookie = (await ways.with_password("ana", PASSWORD, HERE)).cookie
    with access.database.transaction() as connection:
        connection.execute("UPDATE sessions SET expires_at = now() - interval '1 second'")
    assert not _opens(access.database, cookie)
    await ways.with_password("boss", PASSWORD, HERE)
    assert [fact.reason for fact in history() if isinstance(fact, SessionEnded)] == [SessionEnd.EXPIRED]


async def test_without_a_password_no_password_opens(access: Access) -> None:
    with access.desk("admin") as desk:
        users.create_user(desk, "eva", "agent", None, "eva@x.cu")
    for password in ("", "nobody has this password"):
        with pytest.raises(UnauthenticatedError):
            await SignIn(access).with_password("eva", password, HERE)
