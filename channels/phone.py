"""Phone: a telephone system's web hook, in the names of sipgate.io's push API, onto the log `interactions`.

Each line (telephone system) has its own URL with its own key; ids of calls are scoped by the line.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import quote
from uuid import UUID
from xml.sax.saxutils import quoteattr

from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from channels import http_body
from channels.intake import Intake, in_time
from channels.text import one_line
from schemas.address import anonymous_phone, phone_address
from schemas.errors import ForbiddenError, InvalidError
from schemas.ids import call_id, signal_id
from schemas.interaction import CallSignal, CallSignalKind, Direction, Party

BODY_MAX_BYTES = 16 * 1024
_HIDDEN = frozenset({"anonymous", "unknown", "restricted", "private", "unavailable", "withheld"})
_XML = "application/xml"

_CAUSE = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")

IsLineKey = Callable[[str, str], Awaitable[bool]]
"""May who shows this key (second) speak for this line (first)? Compares in constant time."""


def _number(text: str) -> str:
    if text.lower() not in _HIDDEN:
        try:
            phone_address(text)
        except InvalidError as error:
            raise ValueError(str(error)) from error
    return text


Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64), AfterValidator(_number)]
Word = Annotated[str, AfterValidator(one_line), Field(max_length=200)]


class Push(StrEnum):
    """What the telephone system says."""

    NEW_CALL = "newCall"
    ANSWER = "answer"
    HANGUP = "hangup"


_SIGNALS = {
    Push.NEW_CALL: CallSignalKind.STARTED,
    Push.ANSWER: CallSignalKind.ANSWERED,
    Push.HANGUP: CallSignalKind.ENDED,
}


class CallPush(BaseModel):
    """The fields we use; a telephone system may send more. `user`: who calls, or whom it rings at, or who answered."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    event: Push
    call: Annotated[str, Field(alias="callId", min_length=1, max_length=250)]
    caller: Annotated[Number, Field(alias="from")]
    called: Annotated[Number, Field(alias="to")]
    direction: Direction
    user: tuple[Word, ...] = ()
    cause: Word = ""


def read_push(body: bytes) -> CallPush:
    """The push in a urlencoded body. Raises MalformedError, RequestValidationError."""
    pairs = http_body.parse_urlencoded(body)
    fields: dict[str, object] = {name: value for name, value in pairs if name not in {"user", "user[]"}}
    fields["user"] = tuple(value for name, value in pairs if name in {"user", "user[]"})
    return http_body.validate(CallPush, fields)


def signal_of(line: str, push: CallPush, now: datetime) -> CallSignal:
    """The push as a signal. The same push is the same signal: its id comes from line, call and event."""
    call = call_id(line, push.call)
    kind = _SIGNALS[push.event]
    other = push.caller if push.direction is Direction.IN else push.called
    # an incoming call rings at several: whose it is shows when one of them answers
    rings = push.event is Push.NEW_CALL and push.direction is Direction.IN
    return CallSignal(
        id=signal_id(call, kind),
        call=call,
        signal=kind,
        line=line,
        direction=push.direction,
        party=_party(other, call),
        agent="" if rings or not push.user else push.user[0],
        rings_at=tuple(dict.fromkeys(user.strip().lower() for user in push.user if user.strip())) if rings else (),
        # it stands in the clear for good: the system's own words (normalClearing, busy), nothing else
        outcome=push.cause if push.event is Push.HANGUP and _CAUSE.fullmatch(push.cause) else "",
        occurred_at=now,
        received_at=now,
    )


def _party(number: str, call: UUID) -> Party:
    if number.lower() in _HIDDEN:
        return Party(address=anonymous_phone(call))
    # a number shown can be forged, but the network vouches for it as a mail's sender is vouched for
    return Party(address=phone_address(number), proven=True)


def router(intake: Intake, is_line_key: IsLineKey, *, public_url: str) -> APIRouter:
    """`POST /cti/{line}`, to be mounted under `/api/v1` of `public_url`."""
    routes = APIRouter(tags=["phone"])

    @routes.post("/cti/{line}", openapi_extra=_form_body(), response_class=Response)
    async def post_push(line: str, request: Request, key: str = "") -> Response:  # pyright: ignore[reportUnusedFunction]  # -- a route
        """Take one push of a telephone system; a repeat is harmless."""
        async with in_time():
            if not await is_line_key(line, key):
                raise ForbiddenError("no such line, or not its key")
            http_body.media_type(request, http_body.URLENCODED)
            push = read_push(await http_body.read(request, BODY_MAX_BYTES))
            await intake.submit(signal_of(line, push, datetime.now(UTC)))
        again = f"{public_url}/api/v1/cti/{quote(line, safe='')}?key={quote(key, safe='')}"
        return Response(_answer(push, again), media_type=_XML)

    return routes


def _answer(push: CallPush, again: str) -> str:
    attributes = f" onAnswer={quoteattr(again)} onHangup={quoteattr(again)}" if push.event is Push.NEW_CALL else ""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Response{attributes}/>\n'


def _form_body() -> dict[str, object]:
    content = {http_body.URLENCODED: {"schema": CallPush.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}
