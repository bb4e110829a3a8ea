"""What a page's form sent: its fields, and how a refusal is shown beside them instead of on a page of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request

from channels import http_body
from channels.text import clean
from schemas.errors import InvalidError, RefusedError, RetryableError
from services.web import problems
from services.web.pages.refusal_words import told
from services.web.pages.words import PROBLEM
from services.web.problems import FieldError

Position = Annotated[int, Query(ge=0, le=2**62)]
"""`?min_position=` of a page: wait until what was done is in the read models."""

FIELDS_MAX_BYTES = 512 * 1024

Refusal = RefusedError | RetryableError | RequestValidationError
"""What a person can do something about: shown beside the form, with all that was typed."""

REFUSALS = (RefusedError, RetryableError, RequestValidationError)


async def fields(request: Request) -> dict[str, str]:
    """An urlencoded form; the marks of several boxes (`chosen`) stand between commas.

    Raises UnsupportedMediaTypeError, MalformedError, TooLargeError.
    """
    if request.headers.get("content-length") == "0":
        return {}  # a form of nothing but its button
    http_body.media_type(request, http_body.URLENCODED)
    body = await http_body.read(request, FIELDS_MAX_BYTES)
    pairs = [(name, clean(value).replace("\r\n", "\n")) for name, value in http_body.parse_urlencoded(body)]
    found = dict(pairs)
    if "chosen" in found:
        found["chosen"] = ",".join(value for name, value in pairs if name == "chosen")
    return found


def refusal(error: Exception) -> tuple[int, Mapping[str, str], dict[str, object]]:
    """Status, headers, and what the template shows."""
    problem, headers = problems.describe(error)
    wrong = problem.errors or [FieldError("", problem.detail)]
    errors = [told(each.field, each.message) for each in wrong]
    return problem.status, headers, {"problem": PROBLEM.get(problem.status, PROBLEM[500]), "errors": errors}


def outcome(error: Exception | None) -> tuple[int, Mapping[str, str], dict[str, object]]:
    """The same for a form that may have been refused, or not sent yet."""
    return refusal(error) if error else (200, {}, {"problem": "", "errors": ()})


def number(text: str) -> int | None:
    """An incident's number as people write it, `#7` or `7`; None for nothing. Raises InvalidError."""
    bare = text.strip().removeprefix("#")
    if not bare:
        return None
    if not bare.isdecimal() or len(bare) > 9:  # noqa: PLR2004 -- below the greatest number
        raise InvalidError("a number like #7", field="incident")
    return int(bare)


def local(address: str) -> str:
    """The address if it is one of ours; else nothing: a form leads to no other site."""
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and "\\" not in address
    return address[:2000] if ours and address.isprintable() else ""


def uuid(text: str, field: str) -> UUID:
    """An id in a form's hidden field. Raises InvalidError."""
    try:
        return UUID(text)
    except ValueError as error:
        raise InvalidError("no such thing", field=field) from error
