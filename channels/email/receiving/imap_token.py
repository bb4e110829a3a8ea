"""Access tokens for mailboxes that want OAuth2: fetched with a refresh token, kept until they end. Below imap.py."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass

import httpx
import msgspec
import structlog

from channels.email.receiving.imap_account import OAuth2, one_word
from channels.email.receiving.imap_responses import LoginRefusedError, MailboxError

log = structlog.get_logger()

_ANSWER_SECONDS = 20.0
_EARLY_SECONDS = 60.0
_USUAL_SECONDS = 300


class _Granted(msgspec.Struct, frozen=True):
    """RFC 6749 §5.1. `refresh_token`: the old one is then no longer good, as some providers have it."""

    access_token: str
    expires_in: int = _USUAL_SECONDS
    refresh_token: str = ""


@dataclass
class AccessTokens:
    """One account's."""

    oauth2: OAuth2
    _token: str = ""
    _good_until: float = 0.0

    async def current(self) -> str:
        """Raises LoginRefusedError when the refresh token isn't good, MailboxError when nobody answers, OSError."""
        if time.monotonic() >= self._good_until:
            granted = await self._ask()
            self._token = granted.access_token
            self._good_until = time.monotonic() + granted.expires_in - _EARLY_SECONDS
            if granted.refresh_token:
                await asyncio.to_thread(self._keep, granted.refresh_token)
        return self._token

    def forget(self) -> None:
        """The server doesn't take it, whatever its time."""
        self._good_until = 0.0

    async def _ask(self) -> _Granted:
        asked = {
            "grant_type": "refresh_token",
            "client_id": self.oauth2.client,
            "refresh_token": one_word(self.oauth2.refresh_file),
        }
        if self.oauth2.secret_file is not None:
            asked["client_secret"] = one_word(self.oauth2.secret_file)
        try:
            async with httpx.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False) as client:
                answer = await client.post(self.oauth2.endpoint, data=asked)
        except httpx.HTTPError as error:
            raise MailboxError(f"the token endpoint doesn't answer: {type(error).__name__}") from error
        if answer.is_client_error:
            raise LoginRefusedError(f"the token endpoint refuses the refresh token ({answer.status_code})")
        try:
            return msgspec.json.decode(answer.raise_for_status().content, type=_Granted)
        except (httpx.HTTPStatusError, msgspec.MsgspecError) as error:
            raise MailboxError(f"the token endpoint answers {answer.status_code}, but no token") from error

    def _keep(self, refresh_token: str) -> None:
        file = self.oauth2.refresh_file
        if one_word(file) == refresh_token:
            return
        newer = file.with_name(f".{file.name}.new")
        try:
            descriptor = os.open(newer, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(refresh_token)
                out.flush()
                os.fsync(out.fileno())
            newer.replace(file)
        except OSError as error:
            log.warning("imap_refresh_token_not_kept", file=str(file), error=type(error).__name__)
