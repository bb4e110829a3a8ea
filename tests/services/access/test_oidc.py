"""Signing in with an identity provider, against a real one on loopback: who is believed, who is ours, who is not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import OctKey, RSAKey

from schemas.errors import ConflictError, UnauthenticatedError
from schemas.facts import Fact
from schemas.facts.user import Place, ProviderLinked, ProviderUnlinked, Refusal, SignedIn, SignInFailed, UserCreated
from services.access import linking, sessions, totp, users
from services.access.desk import Access
from services.access.oidc import Provider, ProviderError
from services.access.sign_in import CameIn, SignIn
from services.settings import ProviderSettings
from tests.services.access.issuer import CLIENT, SECRET, Issuer, issuing

BACK = "http://127.0.0.1:1/login/provider/back"
HERE = Place(network="192.0.2.7", browser="Firefox")

History = Callable[[], list[Fact]]


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as running:
        yield running


@pytest.fixture
def ways(access: Access) -> SignIn:
    with access.desk("admin") as desk:
        users.create_user(desk, "eva", "agent", None, "eva@x.cu")
    return SignIn(access)


def _provider(issuer: Issuer, role: str = "") -> Provider:
    return Provider(ProviderSettings(issuer.url, CLIENT, SECRET, "Test", role), BACK)


async def _through(ways: SignIn, provider: Provider, wanted: str = "", **changed: str) -> CameIn:
    """As a browser goes: to the provider and back. `changed`: what comes back differently."""
    address, cookie = await ways.to_provider(provider, wanted)
    async with httpx.AsyncClient() as browser:
        came = await browser.get(address)
    back = {name: values[0] for name, values in parse_qs(urlsplit(came.headers["location"]).query).items()} | changed
    return await ways.with_provider(
        provider, cookie, HERE, state=back["state"], code=back["code"], issuer=back.get("iss", "")
    )


def _who(access: Access, came: CameIn) -> str:
    with access.database.transaction() as connection:
        identity = sessions.of_session(connection, came.cookie)
    assert identity is not None
    return identity.name


async def test_a_user_an_admin_named_by_address_is_linked_and_known_by_their_id_from_then_on(
    ways: SignIn, access: Access, issuer: Issuer, history: History
) -> None:
    provider = _provider(issuer)
    came = await _through(ways, provider, "/agent/calls")
    assert (came.finished, came.wanted, _who(access, came)) == (True, "/agent/calls", "eva")
    issuer.person = {"sub": "42", "email": "married@x.cu", "email_verified": True}
    assert _who(access, await _through(ways, provider)) == "eva"
    linked = [fact for fact in history() if isinstance(fact, ProviderLinked)]
    assert [(fact.name, fact.issuer) for fact in linked] == [("eva", issuer.url)]
    assert [fact.method for fact in history() if isinstance(fact, SignedIn)] == ["provider", "provider"]


@pytest.mark.parametrize(
    "person",
    [
        {"sub": "1", "email": "eva@x.cu", "email_verified": False},
        {"sub": "1", "email": "eva@x.cu"},
        {"sub": "1", "email": "eva@x.cu", "email_verified": "false"},
        {"sub": "1", "email": "somebody@x.cu", "email_verified": True},
        {"sub": "1", "preferred_username": "eva"},
    ],
)
async def test_whoever_is_not_ours_stays_outside_and_that_is_written_down(
    ways: SignIn, issuer: Issuer, history: History, person: dict[str, Any]
) -> None:
    issuer.person = person
    with pytest.raises(UnauthenticatedError):
        await _through(ways, _provider(issuer))
    assert [fact.reason for fact in history() if isinstance(fact, SignInFailed)] == [Refusal.NOT_OURS]
    assert not [fact for fact in history() if isinstance(fact, ProviderLinked)]


async def test_somebody_elses_account_is_not_taken_over_by_a_second_identity(
    ways: SignIn, access: Access, issuer: Issuer
) -> None:
    provider = _provider(issuer)
    await _through(ways, provider)
    issuer.person = {"sub": "another", "email": "eva@x.cu", "email_verified": True}
    with pytest.raises(UnauthenticatedError):
        await _through(ways, provider)


async def test_a_role_lets_in_people_nobody_entered_under_a_name_that_is_free(
    ways: SignIn, access: Access, issuer: Issuer, history: History
) -> None:
    provider = _provider(issuer, "analyst")
    names = []
    for sub, wanted, email in (
        ("1", "Luis P", "luis@x.cu"),
        ("2", "eva", "eva.b@x.cu"),
        ("3", "", ""),
        ("4", "", "mallory@x.cu"),
    ):
        issuer.person = {"sub": sub, "preferred_username": wanted, "email": email, "email_verified": bool(email)}
        names.append(_who(access, await _through(ways, provider)))
    assert names[:2] == ["luis-p", "eva.b@x.cu"]
    assert names[2].startswith("user-")
    assert names[3] == "mallory@x.cu"
    made = [fact for fact in history() if isinstance(fact, UserCreated)][1:]
    assert {fact.role for fact in made} == {"analyst"}


async def test_a_disabled_user_is_not_let_in_by_anybody(ways: SignIn, access: Access, issuer: Issuer) -> None:
    provider = _provider(issuer, "agent")
    await _through(ways, provider)
    with access.desk("admin") as desk:
        users.disable_user(desk, "eva")
    with pytest.raises(UnauthenticatedError):
        await _through(ways, provider)


@pytest.mark.parametrize("role", ["", "agent"])
async def test_what_was_unlinked_opens_nothing_until_another_mail_address_is_entered(
    ways: SignIn, access: Access, issuer: Issuer, history: History, role: str
) -> None:
    provider = _provider(issuer, role)
    came = await _through(ways, provider)
    with access.desk("boss") as desk:
        linking.unlink(desk, "eva")
        assert sessions.of_session(desk.connection, came.cookie) is None
        assert not users.get(desk.connection, "eva").provider
        with pytest.raises(ConflictError):
            linking.unlink(desk, "eva")
    with pytest.raises(UnauthenticatedError):
        await _through(ways, provider)
    with access.desk("boss") as desk:
        users.set_email(desk, "eva", "other@x.cu")
    issuer.person = issuer.person | {"email": "other@x.cu"}
    assert _who(access, await _through(ways, provider)) == "eva"
    told = [fact for fact in history() if isinstance(fact, ProviderLinked | ProviderUnlinked)]
    assert [(type(fact), fact.name, fact.issuer, fact.by) for fact in told] == [
        (ProviderLinked, "eva", issuer.url, "eva"),
        (ProviderUnlinked, "eva", issuer.url, "boss"),
        (ProviderLinked, "eva", issuer.url, "eva"),
    ]


async def test_a_second_factor_is_asked_for_all_the_same(ways: SignIn, access: Access, issuer: Issuer) -> None:
    with access.desk("eva") as desk:
        totp.begin(desk, access.secret, "eva")
        desk.connection.execute("UPDATE totp SET confirmed_at = now()")
    came = await _through(ways, _provider(issuer))
    assert not came.finished
    with access.database.transaction() as connection:
        assert sessions.of_session(connection, came.cookie) is None


@pytest.mark.parametrize(
    "forged",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"azp": "another client"},
        {"aud": [CLIENT, "another"]},
    ],
)
async def test_a_statement_that_does_not_hold_is_not_believed(
    ways: SignIn, issuer: Issuer, forged: dict[str, Any]
) -> None:
    issuer.forge = forged
    with pytest.raises(ProviderError):
        await _through(ways, _provider(issuer, "agent"))


async def test_a_strangers_signature_is_not_believed(ways: SignIn, issuer: Issuer) -> None:
    issuer.signing = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    with pytest.raises(ProviderError):
        await _through(ways, _provider(issuer))
    issuer.signing, issuer.algorithm = OctKey.import_key(SECRET), "HS256"  # type: ignore[assignment]
    with pytest.raises(ProviderError):
        await _through(ways, _provider(issuer))


async def test_new_keys_of_the_provider_are_fetched_when_the_old_ones_do_not_fit(
    ways: SignIn, access: Access, issuer: Issuer
) -> None:
    provider = _provider(issuer)
    await _through(ways, provider)
    issuer.keys.keys[0] = RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)
    assert _who(access, await _through(ways, provider)) == "eva"


async def test_what_comes_back_must_be_what_was_sent_by_this_browser_and_once(ways: SignIn, issuer: Issuer) -> None:
    provider = _provider(issuer)
    with pytest.raises(ProviderError):
        await _through(ways, provider, state="another")
    with pytest.raises(ProviderError):
        await _through(ways, provider, code="another")
    with pytest.raises(ProviderError):
        await _through(ways, provider, iss="https://evil.example")
    address, cookie = await ways.to_provider(provider)
    async with httpx.AsyncClient() as browser:
        back = parse_qs(urlsplit((await browser.get(address)).headers["location"]).query)
    for wrong in ("", "another"):
        with pytest.raises(UnauthenticatedError):
            await ways.with_provider(provider, wrong, HERE, state=back["state"][0], code=back["code"][0])
    await ways.with_provider(provider, cookie, HERE, state=back["state"][0], code=back["code"][0])
    with pytest.raises(UnauthenticatedError) as again:
        await ways.with_provider(provider, cookie, HERE, state=back["state"][0], code=back["code"][0])
    assert again.type is UnauthenticatedError, "the provider must not even be asked"


async def test_a_provider_that_is_away_is_said_to_be(ways: SignIn, issuer: Issuer) -> None:
    issuer.down = True
    with pytest.raises(ProviderError):
        await ways.to_provider(_provider(issuer))
    gone = Provider(ProviderSettings("http://127.0.0.1:9", CLIENT, SECRET, "Gone", ""), BACK)
    with pytest.raises(ProviderError):
        await ways.to_provider(gone)
