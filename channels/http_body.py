"""Bodies of HTTP requests, bounded while they stream in. In front of every HTTP channel.

Frameworks read first and ask later (their part limits don't count files): here too much is refused as it comes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TypeVar
from urllib.parse import parse_qsl

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from schemas.errors import MalformedError, TooLargeError, UnsupportedMediaTypeError

JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
IDEMPOTENCY_KEY_MAX = 255
_FIELDS_MAX = 100
_CHARSET_FIELD = "_charset_"
_CHARSETS = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})

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
    """The pairs of an urlencoded form. Raises MalformedError, UnsupportedMediaTypeError."""
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_FIELDS_MAX,
        )
    except ValueError as error:
        raise MalformedError(f"not an urlencoded form: {error}") from error
    for name, value in pairs:
        if name == _CHARSET_FIELD:
            _take_charset(value.encode())
    return [pair for pair in pairs if pair[0] != _CHARSET_FIELD]


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

    def on_part_begin(self) -> None:
        """Another part: in UTF-8, also where the form says ASCII."""
        self._charset = "utf-8"
        super().on_part_begin()

    def on_headers_finished(self) -> None:
        """A part is about to come. What a file is written in is the file's own matter."""
        super().on_headers_finished()
        if self._current_part.file is None:
            for name, value in self._current_part.item_headers:
                if name == b"content-type":
                    _, options = parse_options_header(value)
                    _take_charset(options.get(b"charset", b"utf-8"))

    def on_part_end(self) -> None:
        """A part is whole. `_charset_` speaks of the others (RFC 7578 §4.6), and is none of them."""
        part = self._current_part
        if part.file is None and part.field_name == _CHARSET_FIELD:
            _take_charset(part.data)
        else:
            super().on_part_end()


def _take_charset(name: bytes | bytearray) -> None:
    # of Python's other codecs some fail, and some are kept in memory by their names for good
    if bytes(name).strip().lower() not in _CHARSETS:
        raise UnsupportedMediaTypeError("a form's words are UTF-8: send them in it, or name no charset")


async def parse_multipart(request: Request, max_bytes: int, *, max_files: int, max_fields_bytes: int) -> FormData:
    """The parts of a multipart form; close it. Large files lie on disk.

    Raises TooLargeError, MalformedError, UnsupportedMediaTypeError.
    """
    _, options = parse_options_header(request.headers["content-type"])
    _take_charset(options.get(b"charset", b"utf-8"))
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
