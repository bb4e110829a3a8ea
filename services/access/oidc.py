"""Signing in with an identity provider: OpenID Connect, code flow with PKCE, state and nonce. No tables of its own.

What the provider says is believed only when its signature, issuer, audience, time and nonce hold.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# -- authlib brings no types

from __future__ import annotations

import hmac
import time
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from schemas.errors import UnauthenticatedError
from schemas.facts.user import Method
from services.access.digests import new_secret
from services.access.spoken import Spoken
from services.access.steps import Step
from services.settings import ProviderSettings

_SCOPE = "openid email profile"
_ANSWER_SECONDS = 5.0
_ANSWER_MAX_BYTES = 512 * 1024
_KEPT_SECONDS = 3600.0
_LEEWAY_SECONDS = 60
# signatures with the provider's public key only: `none`, or our own secret as a key, would let anybody sign
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class ProviderError(UnauthenticatedError):
    """The identity provider refused, did not answer, or said what can't be believed. Words are for our log."""


class _Discovery(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Answer(msgspec.Struct, frozen=True):
    id_token: str
    access_token: str = ""


class _Claims(msgspec.Struct, frozen=True):
    sub: str
    email: str = ""
    email_verified: bool | str = False
    preferred_username: str = ""


class Provider:
    """One identity provider. `back`: our address it sends people back to."""

    def __init__(self, settings: ProviderSettings, back: str) -> None:
        self.settings = settings
        self._back = back
        self._discovered: tuple[float, _Discovery] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def begin(self, wanted: str) -> tuple[str, Step]:
        """Where to send the browser, and what must hold when it comes back. Raises ProviderError."""
        found = await self._discover()
        step = Step(
            method=Method.PROVIDER, state=new_secret(), nonce=new_secret(), verifier=new_secret(), wanted=wanted
        )
        address: str = prepare_grant_uri(
            found.authorization_endpoint,
            client_id=self.settings.client_id,
            response_type="code",
            redirect_uri=self._back,
            scope=_SCOPE,
            state=step.state,
            nonce=step.nonce,
            code_challenge=create_s256_code_challenge(step.verifier),
            code_challenge_method="S256",
        )
        return str(address), step

    async def finish(self, step: Step, *, state: str, code: str, issuer: str = "") -> Spoken:
        """Whom the provider speaks for. `issuer`: as the answer's address names it (RFC 9207). Raises ProviderError."""
        if not step.state or not hmac.compare_digest(step.state.encode(), state.encode("utf-8", "surrogatepass")):
            raise ProviderError("the state is another")
        if issuer and issuer != self.settings.issuer:
            raise ProviderError("another issuer answered")
        found = await self._discover()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": step.verifier,
        }
        ours: tuple[str, str] | None = None
        if self.settings.client_secret:  # RFC 6749 §2.3.1
            ours = (quote(self.settings.client_id, safe=""), quote(self.settings.client_secret, safe=""))
        else:
            form["client_id"] = self.settings.client_id
        content = await _fetch("POST", found.token_endpoint, data=form, auth=ours)
        try:
            answer = msgspec.json.decode(content, type=_Answer)
            token = await self._read(answer.id_token, found)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {"iss": {"value": self.settings.issuer}, "aud": {"value": self.settings.client_id}},
                {"nonce": step.nonce, "client_id": self.settings.client_id, "access_token": answer.access_token},
            )
            claims.validate(leeway=_LEEWAY_SECONDS)
            said = msgspec.convert(dict(claims), type=_Claims)
        except Exception as error:  # whatever is odd about it, and however the libraries say so: not believed
            raise ProviderError(f"not to be believed: {type(error).__name__}") from error
        verified = said.email_verified in {True, "true"}
        email = said.email.strip().lower() if verified else ""
        return Spoken(self.settings.issuer, said.sub, email, said.preferred_username.strip().lower())

    async def _discover(self) -> _Discovery:
        if self._discovered is None or time.monotonic() - self._discovered[0] > _KEPT_SECONDS:
            address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                found = msgspec.json.decode(await _fetch("GET", address), type=_Discovery)
            except msgspec.MsgspecError as error:
                raise ProviderError("its configuration can't be read") from error
            if found.issuer != self.settings.issuer:
                raise ProviderError("its configuration names another issuer")
            self._discovered = (time.monotonic(), found)
        return self._discovered[1]

    async def _read(self, id_token: str, found: _Discovery) -> jwt.Token:
        """With the keys at hand, or, when they don't fit, with fresh ones: providers change theirs."""
        if self._keys is not None and time.monotonic() - self._keys[0] < _KEPT_SECONDS:
            try:
                return jwt.decode(id_token, self._keys[1], algorithms=_ALGORITHMS)
            except (JoseError, ValueError):
                self._keys = None
        keys = KeySet.import_key_set(msgspec.json.decode(await _fetch("GET", found.jwks_uri)))
        self._keys = (time.monotonic(), keys)
        return jwt.decode(id_token, keys, algorithms=_ALGORITHMS)


async def _fetch(
    method: str, address: str, *, data: dict[str, str] | None = None, auth: tuple[str, str] | None = None
) -> bytes:
    """The body of an answer that says yes, up to a size. Follows no redirect: secrets go where we were told."""
    if urlsplit(address).scheme not in {"http", "https"}:
        raise ProviderError("an address that is none")
    found = b""
    try:
        async with (
            httpx.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False) as client,
            client.stream(method, address, data=data, auth=auth, headers={"Accept": "application/json"}) as answer,
        ):
            if not answer.is_success:
                raise ProviderError(f"it answered {answer.status_code}")
            async for part in answer.aiter_bytes():
                found += part
                if len(found) > _ANSWER_MAX_BYTES:
                    raise ProviderError("it answers too much")
    except httpx.HTTPError as error:
        raise ProviderError(f"it did not answer: {type(error).__name__}") from error
    return found
