"""Bodies of HTTP requests, bounded while they stream in. In front of every HTTP channel.

Frameworks read first and ask later (their part limits don't count files): here too much is refused as it comes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TypeVar
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from schemas.errors import MalformedError, TooLargeError, UnsupportedMediaTypeError

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
IDEMPOTENCY_KEY_MAX = 255
_FIELDS_MAX = 100

M = TypeVar("M", bound=BaseModel)


def media_type(request: Request, *allowed: str) -> str:
    """The request's content type without parameters. Raises UnsupportedMediaTypeError unless it is allowed."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in allowed:
        raise UnsupportedMediaTypeError(f"send {' or '.join(allowed)}, not {given or 'an unnamed content type'}")
    return given


async def chunks(request: Request, max_bytes: int) -> AsyncGenerator[bytes]:
    """The body as it arrives. Raises TooLargeError as soon as it is over."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise TooLargeError(f"{declared} bytes are over the limit of {max_bytes}")
    received = 0
    try:
        async for chunk in request.stream():
            received += len(chunk)
            if received > max_bytes:
                raise TooLargeError(f"over the limit of {max_bytes} bytes")
            yield chunk
    except ClientDisconnect as error:
        raise MalformedError("the body ended before its time") from error


async def read(request: Request, max_bytes: int) -> bytes:
    """The whole body. Raises TooLargeError."""
    return b"".join([chunk async for chunk in chunks(request, max_bytes)])


def parse_json(model: type[M], body: bytes) -> M:
    """A validated model. Raises MalformedError for what isn't JSON, RequestValidationError for what isn't the model."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if found[0]["type"] == "json_invalid":
            raise MalformedError(found[0]["msg"]) from error
        raise _refusal(error) from error


def validate(model: type[M], found: object) -> M:
    """A validated model. Raises RequestValidationError, with every field that is wrong."""
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> RequestValidationError:
    # without the input: an error never repeats what a customer wrote, nor carries an exception into JSON
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return RequestValidationError([{**detail, "loc": ("body", *detail["loc"])} for detail in found])


def parse_urlencoded(body: bytes) -> list[tuple[str, str]]:
    """The pairs of an urlencoded form. Raises MalformedError."""
    try:
        return parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except ValueError as error:
        raise MalformedError(f"not an urlencoded form: {error}") from error


class _Parser(MultiPartParser):
    """Bounds what lies in memory: `max_part_size` is that of all fields together, and of a file's beginning little."""

    spool_max_size = 64 * 1024
    _fields_size = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Some bytes of a part."""
        if self._current_part.file is None:
            self._fields_size += end - start
            if self._fields_size > self.max_part_size:
                raise MultiPartException(f"the fields of this form take at most {self.max_part_size} bytes")
        super().on_part_data(data, start, end)


async def parse_multipart(request: Request, max_bytes: int, *, max_files: int, max_fields_bytes: int) -> FormData:
    """The parts of a multipart form; close it. Large files lie on disk. Raises TooLargeError, MalformedError."""
    if ";charset=" in request.headers["content-type"].replace(" ", "").lower():
        # no browser says one, and some of Python's fail, or are kept in memory by their names for good
        raise MalformedError("a form's parts are UTF-8: leave the charset out of its content type")
    parser = _Parser(
        request.headers,
        chunks(request, max_bytes),
        max_files=max_files,
        max_fields=_FIELDS_MAX,
        max_part_size=max_fields_bytes,
    )
    try:
        return await parser.parse()
    except MultiPartException as error:
        raise MalformedError(error.message) from error


def idempotency_key(request: Request) -> str:
    """What the caller sent, or nothing. Raises MalformedError for one that is too long."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > IDEMPOTENCY_KEY_MAX:
        raise MalformedError(f"Idempotency-Key takes at most {IDEMPOTENCY_KEY_MAX} characters")
    return key


def peer(request: Request) -> str:
    """Where the request comes from; behind a proxy, what the server was told to trust."""
    return request.client.host if request.client else ""
