"""Every error as `application/problem+json` (RFC 9457). What a person sees as a page is made of the same `Problem`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
import psycopg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from schemas.errors import CauceError, RateLimitedError, RefusedError, RetryableError

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = 5
_SERVER_ERROR = 500
_ERRORS_MAX = 100  # what is wrong with a body may take many times its bytes to say
_FIELD_MAX_CHARACTERS = 200


class FieldError(msgspec.Struct, frozen=True):
    """One thing that is wrong with the input."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, for programs and people. `type` is an address that is a name, not a page."""

    type: str
    title: str
    status: int
    detail: str
    errors: Sequence[FieldError] = ()


def install(app: FastAPI) -> None:
    """Make every error of the app a problem."""
    for kind in (CauceError, RequestValidationError, HTTPException, psycopg.Error, PoolTimeout, Exception):
        app.add_exception_handler(kind, answer)


async def answer(request: Request, error: Exception) -> Response:
    """The response of an error: a page for whoever reads pages, problem+json for the rest."""
    problem, headers = describe(error)
    if problem.status >= _SERVER_ERROR:
        log.error("request_failed", path=request.scope["path"], status=problem.status, error=type(error).__name__)
    page = getattr(request.app.state, "problem_page", None)
    if page is not None and wants_page(request):
        shown: Response = await page(request, problem, headers)
        return shown
    return respond(problem, headers)


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """As JSON."""
    return Response(msgspec.json.encode(problem), problem.status, headers, MEDIA_TYPE)


def wants_page(request: Request) -> bool:
    """Is it a browser on a page? The API always speaks JSON."""
    return not request.scope["path"].startswith("/api/") and "text/html" in request.headers.get("accept", "")


def describe(error: Exception) -> tuple[Problem, dict[str, str]]:  # noqa: PLR0911 -- one return a kind of error
    """The problem of an error and its headers. Nothing of an unforeseen one leaves the process."""
    match error:
        case RateLimitedError() | RetryableError():
            return _of_cauce(error), {"Retry-After": str(error.retry_after)}
        case RefusedError():
            return _of_cauce(error), {"WWW-Authenticate": "Bearer"} if error.status == HTTPStatus.UNAUTHORIZED else {}
        case CauceError() if error.status < _SERVER_ERROR:
            return _of_cauce(error), {}
        case RequestValidationError():
            return _of_validation(error), {}
        case HTTPException():
            title = HTTPStatus(error.status_code).phrase
            return make(error.status_code, title, str(error.detail)), dict(error.headers or {})
        case psycopg.DataError():
            return make(422, "Invalid", "a value that can't be stored"), {}
        case psycopg.errors.UndefinedTable():  # a hub's first moments: its read models are not made yet
            starting = make(503, "Temporarily unavailable", "the read models are being made; try again in a moment")
            return starting, {"Retry-After": str(_RETRY_SECONDS)}
        case psycopg.OperationalError() | PoolTimeout():
            busy = make(503, "Temporarily unavailable", "try again in a moment")
            return busy, {"Retry-After": str(_RETRY_SECONDS)}
        case _:
            return make(500, "Internal error", "something went wrong here; it was logged"), {}


def make(status: int, title: str, detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    """A problem whose type is named after its title."""
    name = title.lower().replace(" ", "-")
    return Problem(type=f"urn:cauce:problem:{name}", title=title, status=status, detail=detail, errors=errors)


def _of_cauce(error: CauceError) -> Problem:
    field = getattr(error, "field", None)
    # a retryable error's words may name hosts and tables: they are for our log
    detail = "try again in a moment" if isinstance(error, RetryableError) else str(error)
    return make(error.status, error.title, detail, [FieldError(field, str(error))] if field else ())


def _of_validation(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return make(400, "Malformed", "the body is not JSON")
    if any(each["loc"][0] == "path" for each in found):
        return make(404, "Not found", "there is nothing at this address")
    errors = [
        FieldError(".".join(str(part) for part in each["loc"][1:])[:_FIELD_MAX_CHARACTERS] or "body", each["msg"])
        for each in found[:_ERRORS_MAX]
    ]
    return make(422, "Invalid", "; ".join(f"{each.field}: {each.message}" for each in errors)[:500], errors)
