"""Second factors: codes of RFC 6238, each good once, asked for at every sign-in; recovery codes; a lost telephone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag

from schemas.errors import ConflictError, InvalidError, UnauthenticatedError
from schemas.facts import Fact
from schemas.facts.user import (
    Method,
    Place,
    Refusal,
    SecondFactorRemoved,
    SecondFactorSet,
    SignedIn,
    SignInFailed,
)
from services.access import sessions, steps, totp, users
from services.access.desk import Access
from services.access.sign_in import CameIn, SignIn
from services.access.throttle import TooManySignInsError

HERE = Place(network="192.0.2.7", browser="Firefox")
PASSWORD = "correct horse battery"

History = Callable[[], list[Fact]]


@pytest.mark.parametrize(
    ("moment", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(moment: int, code: str) -> None:
    assert totp.code_at(b"12345678901234567890", moment // 30) == code


class Telephone:
    """An authenticator."""

    def __init__(self, secret: str) -> None:
        self._secret = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(self, later: timedelta = timedelta()) -> str:
        return totp.code_at(self._secret, totp.step_of(datetime.now(UTC) + later))


@pytest.fixture
def ways(access: Access) -> SignIn:
    with access.desk("admin") as desk:
        users.create_user(desk, "ana", "agent", PASSWORD)
    return SignIn(access)


def _enrol(access: Access) -> tuple[Telephone, list[str]]:
    with access.desk("ana") as desk:
        telephone = Telephone(totp.begin(desk, access.secret, "ana").secret)
        return telephone, totp.confirm(desk, access.secret, "ana", telephone.code(-timedelta(seconds=30)))


async def _password(ways: SignIn) -> CameIn:
    came = await ways.with_password("ana", PASSWORD, HERE, wanted="/agent/calls")
    assert not came.finished
    return came


async def test_the_password_alone_opens_nothing_and_the_code_does(
    ways: SignIn, access: Access, history: History
) -> None:
    telephone, _ = _enrol(access)
    step = await _password(ways)
    with access.database.transaction() as connection:
        assert sessions.of_session(connection, step.cookie) is None
    assert not [fact for fact in history() if isinstance(fact, SignedIn)]
    came = await ways.with_code(step.cookie, telephone.code(), HERE)
    assert came is not None
    assert (came.finished, came.wanted) == (True, "/agent/calls")
    with access.database.transaction() as connection:
        assert sessions.of_session(connection, came.cookie) is not None
    assert [fact.method for fact in history() if isinstance(fact, SignedIn)] == [Method.CODE]


async def test_a_code_is_good_once_also_the_one_that_set_it_up(ways: SignIn, access: Access) -> None:
    with access.desk("ana") as desk:
        telephone = Telephone(totp.begin(desk, access.secret, "ana").secret)
        code = telephone.code()
        totp.confirm(desk, access.secret, "ana", code)
    step = await _password(ways)
    assert await ways.with_code(step.cookie, code, HERE) is None
    following = telephone.code(timedelta(seconds=30))
    assert await ways.with_code(step.cookie, following, HERE) is not None
    step = await _password(ways)
    assert await ways.with_code(step.cookie, following, HERE) is None


async def test_a_code_of_long_ago_or_to_come_is_refused(ways: SignIn, access: Access, history: History) -> None:
    telephone, _ = _enrol(access)
    step = await _password(ways)
    for later in (-120, 120):
        assert await ways.with_code(step.cookie, telephone.code(timedelta(seconds=later)), HERE) is None
    for nonsense in ("", "12345", "١٢٣٤٥٦", "x" * 10_000, "\x00", "\ud800"):
        step = await _password(ways)
        assert await ways.with_code(step.cookie, nonsense, HERE) is None
    assert {fact.reason for fact in history() if isinstance(fact, SignInFailed)} == {Refusal.WRONG_CODE}


async def test_a_step_takes_few_attempts_and_its_user_few_in_all(ways: SignIn, access: Access) -> None:
    telephone, _ = _enrol(access)
    step = await _password(ways)
    for _ in range(steps.ATTEMPTS_MAX):
        assert await ways.with_code(step.cookie, "000000", HERE) is None
    with pytest.raises(UnauthenticatedError):
        await ways.with_code(step.cookie, telephone.code(), HERE)
    step = await _password(ways)
    for _ in range(steps.ATTEMPTS_MAX):
        assert await ways.with_code(step.cookie, "000000", HERE) is None
    step = await _password(ways)
    with pytest.raises(TooManySignInsError):
        await ways.with_code(step.cookie, telephone.code(), HERE)


async def test_a_recovery_code_opens_once_however_it_is_typed(ways: SignIn, access: Access, history: History) -> None:
    _, recovery = _enrol(access)
    assert len(set(recovery)) == totp.RECOVERY_CODES
    step = await _password(ways)
    assert await ways.with_code(step.cookie, f" {recovery[3].upper().replace('-', ' ')} ", HERE) is not None
    step = await _password(ways)
    assert await ways.with_code(step.cookie, recovery[3], HERE) is None
    assert await ways.with_code(step.cookie, recovery[4], HERE) is not None
    assert {fact.method for fact in history() if isinstance(fact, SignedIn)} == {Method.RECOVERY_CODE}


async def test_a_lost_telephone_is_reset_by_an_admin_and_that_is_written_down(
    ways: SignIn, access: Access, history: History
) -> None:
    _, recovery = _enrol(access)
    with access.desk("boss") as desk:
        totp.remove(desk, "ana")
    assert (await ways.with_password("ana", PASSWORD, HERE)).finished
    told = [fact for fact in history() if isinstance(fact, SecondFactorSet | SecondFactorRemoved)]
    assert [(type(fact).__name__, fact.by) for fact in told] == [
        ("SecondFactorSet", "ana"),
        ("SecondFactorRemoved", "boss"),
    ]
    with access.desk("ana") as desk:
        assert totp.use(desk, access.secret, "ana", recovery[0]) is None


def test_until_the_first_code_is_seen_nothing_is_asked_for(ways: SignIn, access: Access) -> None:
    with access.desk("ana") as desk:
        begun = totp.begin(desk, access.secret, "ana")
        assert totp.pending(desk, access.secret, "ana") == begun
        with pytest.raises(InvalidError):
            totp.confirm(desk, access.secret, "ana", "000000")
        assert not users.get(desk.connection, "ana").second_factor
        assert totp.use(desk, access.secret, "ana", Telephone(begun.secret).code()) is None
        totp.confirm(desk, access.secret, "ana", Telephone(begun.secret).code())
        assert totp.pending(desk, access.secret, "ana") is None
        with pytest.raises(ConflictError):
            totp.begin(desk, access.secret, "ana")


def test_the_secret_is_kept_sealed_and_for_its_user_only(ways: SignIn, access: Access) -> None:
    with access.desk("ana") as desk:
        users.create_user(desk, "eva", "agent", PASSWORD)
        begun = totp.begin(desk, access.secret, "ana")
        (kept,) = desk.connection.execute("SELECT secret FROM totp").fetchone() or (b"",)
        raw = base64.b32decode(begun.secret + "=" * (-len(begun.secret) % 8))
        assert raw not in kept
        assert begun.uri == f"otpauth://totp/Cauce%3Aana?secret={begun.secret}&issuer=Cauce"
        desk.connection.execute("UPDATE totp SET user_name = 'eva'")
        with pytest.raises(InvalidTag):
            totp.pending(desk, access.secret, "eva")
