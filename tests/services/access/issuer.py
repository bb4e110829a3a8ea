"""An identity provider on loopback: OpenID Connect's discovery, keys, authorization and token endpoints, for real."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests import ports

CLIENT, SECRET = "cauce hub", "a secret/with+odd letters"


class Issuer:
    """Vouches for `person`, as it is told to; checks what a provider must check."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.person: dict[str, Any] = {"sub": "42", "email": "eva@x.cu", "email_verified": True}
        self.keys = KeySet([RSAKey.generate_key(2048, {"kid": "one"}, auto_kid=False)])
        self.forge: dict[str, Any] = {}
        self.signing: RSAKey | None = None
        self.algorithm = "RS256"
        self.down = False
        self.asked: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.show_keys),
            ]
        )

    async def discovery(self, _: Request) -> Response:
        if self.down:
            return Response(status_code=503)
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = f"code-{len(self.asked)}"
        self.asked[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.url})
        return RedirectResponse(f"{asked['redirect_uri']}?{back}", 303)

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.asked.pop(form["code"], None)
        expected = base64.b64encode(f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if (
            asked is None
            or request.headers["authorization"] != f"Basic {expected}"
            or challenge.decode() != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **self.person,
            **self.forge,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signing or self.keys.keys[0]
        signed = jwt.encode({"alg": self.algorithm, "kid": "one"}, claims, key, algorithms=[self.algorithm])
        return JSONResponse({"access_token": "opaque", "token_type": "Bearer", "id_token": signed})

    async def show_keys(self, _: Request) -> Response:
        return JSONResponse(self.keys.as_dict(private=False))


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    listening = ports.listening()
    issuer = Issuer(f"http://127.0.0.1:{listening.getsockname()[1]}")
    server = uvicorn.Server(uvicorn.Config(issuer.app, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve([listening]))
    while not server.started:  # noqa: ASYNC110 -- uvicorn has no other word for it
        await asyncio.sleep(0.01)
    yield issuer
    server.should_exit = True
    await running
