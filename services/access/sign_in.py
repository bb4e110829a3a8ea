"""Signing in: a password, then a code where one was set up; or what an identity provider says, likewise.

Every way in goes through `_admit`, every refusal through `_refuse`: both are recorded with what they change.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from uuid import UUID

from eventstore.database import Connection
from schemas.errors import InvalidError, NotFoundError, UnauthenticatedError
from schemas.facts.user import Method, Place, Refusal, SignInFailed
from schemas.ids import scoped_id
from services.access import linking, passwords, sessions, steps, throttle, totp, users
from services.access.desk import Access, AccessDesk
from services.access.oidc import Provider
from services.access.steps import Step

STRANGER = scoped_id("user", "nobody we know")
"""Whose stream holds what was tried under names that nobody has."""

_HASHING = asyncio.Semaphore(2)


@dataclass(frozen=True, slots=True)
class CameIn:
    """The cookie of a session, or of a step where a code is still asked for. `wanted`: the page to go on to."""

    cookie: str
    finished: bool
    wanted: str = ""


class SignIn:
    """The ways in. `place` says where from; `instead_of` is the session's cookie the browser came with."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def with_password(
        self, name: str, password: str, place: Place, *, instead_of: str = "", wanted: str = ""
    ) -> CameIn:
        """Raises UnauthenticatedError, and TooManySignInsError before looking at the password."""
        folded = name.strip().lower()[:100].replace("\x00", "")
        counters = await self.prove(folded, password, place)
        step = Step(user=folded, method=Method.PASSWORD, wanted=wanted)
        return (await self._access.run(folded, _admit, step, place, instead_of, counters)).value

    async def prove(self, name: str, password: str, place: Place) -> throttle.Counters:
        """Is it their password? Raises UnauthenticatedError, and TooManySignInsError before looking at it."""
        counters = throttle.of_password(name, place.network)

        def look(connection: Connection) -> str | None:
            throttle.refuse_guessing(connection, counters)
            return users.password_hash(connection, name)

        # who is refused waits for nobody, nor lets anybody wait
        await self._access.database.run(throttle.refuse_guessing, counters)
        async with _HASHING:  # what many try at once is counted one after the other
            kept = await self._access.database.run(look)
            # outside any transaction: it takes 50 ms of a core and 64 MiB
            fits = await asyncio.to_thread(passwords.is_right, password, kept)
            if not fits:
                await self._access.run(name, _refuse, name, Refusal.WRONG_PASSWORD, counters, place)
                raise UnauthenticatedError("the name or the password is wrong")
        return counters

    async def with_code(self, step_cookie: str, code: str, place: Place, *, instead_of: str = "") -> CameIn | None:
        """None: the code is wrong, try again. Raises UnauthenticatedError: begin anew, and TooManySignInsError."""
        if not await self._access.database.run(steps.waits_for_code, step_cookie):  # the store waits for no stranger
            raise UnauthenticatedError("begin again")
        return (await self._access.run("", self._check_code, step_cookie, code, place, instead_of)).value

    async def to_provider(self, provider: Provider, wanted: str = "") -> tuple[str, str]:
        """Where to send the browser, and the cookie of the step. Raises ProviderError."""
        address, step = await provider.begin(wanted)
        return address, await self._access.database.run(steps.begin, step)

    async def with_provider(
        self,
        provider: Provider,
        step_cookie: str,
        place: Place,
        *,
        state: str,
        code: str,
        issuer: str = "",
        instead_of: str = "",
    ) -> CameIn:
        """Back from there. Raises UnauthenticatedError (ProviderError) when it can't be believed, or isn't ours."""
        step = await self._access.database.run(_take, step_cookie)
        if step is None or step.user:
            raise UnauthenticatedError("begin again")
        spoken = await provider.finish(step, state=state, code=code, issuer=issuer)

        def admit(desk: AccessDesk) -> CameIn:
            name = linking.user_of(desk, spoken, provider.settings.role)
            known = Step(user=name, method=Method.PROVIDER, wanted=step.wanted)
            return _admit(desk, known, place, instead_of, ())

        try:
            return (await self._access.run("", admit)).value
        except UnauthenticatedError:
            await self._access.run("", _refuse, "", Refusal.NOT_OURS, (), place)
            raise

    async def remove_second_factor(self, name: str, code: str, place: Place) -> None:
        """For whoever has it. Raises InvalidError for a wrong code, and TooManySignInsError."""

        def remove(desk: AccessDesk) -> bool:
            counters = throttle.of_code(name)
            throttle.refuse_guessing(desk.connection, counters)
            if totp.use(desk, self._access.secret, name, code) is None:
                _refuse(desk, name, Refusal.WRONG_CODE, counters, place)
                return False
            totp.remove(desk, name)
            return True

        if not (await self._access.run(name, remove)).value:
            raise InvalidError("this code is not right, or was used already", field="code")

    def _check_code(
        self, desk: AccessDesk, step_cookie: str, code: str, place: Place, instead_of: str
    ) -> CameIn | None:
        step = steps.attempt(desk.connection, step_cookie)
        if step is None or not step.user:
            raise UnauthenticatedError("begin again")
        counters, desk.by = throttle.of_code(step.user), step.user
        throttle.refuse_guessing(desk.connection, counters)
        method = totp.use(desk, self._access.secret, step.user, code)
        if method is None:
            _refuse(desk, step.user, Refusal.WRONG_CODE, counters, place)
            return None
        throttle.forget(desk.connection, counters)
        steps.end(desk.connection, step_cookie)
        cookie = sessions.open_session(desk, step.user, method, place, instead_of=instead_of)
        return CameIn(cookie, finished=True, wanted=step.wanted)


def _take(connection: Connection, cookie: str) -> Step | None:
    """The step, which is thereby used up: an answer of a provider is good once."""
    step = steps.attempt(connection, cookie)
    if step is not None and not step.user:
        steps.end(connection, cookie)
    return step


def _admit(desk: AccessDesk, step: Step, place: Place, instead_of: str, counters: throttle.Counters) -> CameIn:
    """They are who they say. Disabled meanwhile: no."""
    user = users.get(desk.connection, step.user)
    if user.disabled_at is not None:
        raise UnauthenticatedError("the name or the password is wrong")
    if counters:
        throttle.forget(desk.connection, counters)
    if user.second_factor:
        return CameIn(steps.begin(desk.connection, step), finished=False, wanted=step.wanted)
    cookie = sessions.open_session(desk, step.user, step.method, place, instead_of=instead_of)
    return CameIn(cookie, finished=True, wanted=step.wanted)


def _refuse(desk: AccessDesk, name: str, reason: Refusal, counters: throttle.Counters, place: Place) -> None:
    """Count it and write it down; once more when it was one too many."""
    full = bool(counters) and throttle.count_failure(desk.connection, counters)
    user = _known(desk.connection, name)
    if user is None:
        throttle.count_failure(desk.connection, throttle.strangers())
        try:
            throttle.refuse_guessing(desk.connection, throttle.strangers())
        except throttle.TooManySignInsError:
            return
    shown = name if user is not None else ""
    for why in (reason, Refusal.THROTTLED) if full else (reason,):
        who = user or STRANGER
        desk.record(SignInFailed(user=who, name=shown, reason=why, address=who, at=desk.now, personal=place))


def _known(connection: Connection, name: str) -> UUID | None:
    try:
        return users.get(connection, name).id if name else None
    except NotFoundError:
        return None
