"""What all of the API shares: JSON out, text in, `?min_position=`, and the schemas that OpenAPI shows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import Depends, Header, Path, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from starlette.responses import Response

from channels.http_body import IDEMPOTENCY_KEY_MAX
from channels.text import clean, one_line
from eventstore.database import Database
from projections import reading
from projections.page import LIMIT, LIMIT_MAX
from services.access.identity import Identity
from services.web.guard import caller
from services.web.problems import MEDIA_TYPE, Problem

POSITION_HEADER = "Cauce-Position"
UNDO_HEADER = "Cauce-Undo"
POSITION_MAX = 2**62
NUMBER_MAX = 2**31 - 1
WORDS_MAX_CHARACTERS = 50_000  # 200 kB at the most: the fact made of it stays below the store's limit

_encode = msgspec.json.Encoder().encode

Words = Annotated[
    str, AfterValidator(clean), StringConstraints(min_length=1, max_length=WORDS_MAX_CHARACTERS, pattern=r"\S")
]
Notes = Annotated[str, AfterValidator(clean), StringConstraints(max_length=WORDS_MAX_CHARACTERS)]
Line = Annotated[str, AfterValidator(one_line), StringConstraints(min_length=1, max_length=300, pattern=r"\S")]
MaybeLine = Annotated[str, AfterValidator(one_line), StringConstraints(max_length=300)]

Number = Annotated[int, Path(ge=1, le=NUMBER_MAX, description="The incident's number")]
Cursor = Annotated[str | None, Query(max_length=500, description="`next_cursor` of the page before")]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]
LIMIT_DEFAULT = LIMIT
SearchWords = Annotated[str | None, AfterValidator(lambda text: text and one_line(text)), Query(max_length=300)]

Caller = Annotated[Identity, Depends(caller)]


class Body(BaseModel):
    """A request's JSON: unknown fields are refused, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Documented:
    """The response types of all routes, for OpenAPI."""

    def __init__(self) -> None:
        self.types: list[Any] = [Problem]

    def schemas(self) -> Mapping[str, Any]:
        return self.components()[1]

    def components(self) -> tuple[Mapping[Any, Any], Mapping[str, Any]]:
        unique = list(dict.fromkeys(self.types))
        shown, components = msgspec.json.schema_components(unique, ref_template="#/components/schemas/{name}")
        return dict(zip(unique, shown, strict=True)), components


DOCUMENTED = _Documented()


PROBLEM: Mapping[str, Any] = {
    "description": "A problem (RFC 9457)",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def answers(kind: Any, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """A route's `responses=`: the msgspec type it answers with, and problems."""
    DOCUMENTED.types.append(kind)
    return {
        status: {"description": "Done", "content": {"application/json": {"schema": _schema(kind)}}},
        "default": dict(PROBLEM),
    }


@cache
def _schema(kind: Any) -> Mapping[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template="#/components/schemas/{name}")
    return schema


def json(body: object, status: int = 200, *, position: int | None = None, undo: UUID | None = None) -> Response:
    """The body as JSON: UTC times end in Z. `position`: of the command's effect; `undo`: what takes it back."""
    headers = {POSITION_HEADER: str(position)} if position is not None else {}
    if undo is not None:
        headers[UNDO_HEADER] = str(undo)
    return Response(_encode(body), status, headers, "application/json")


def idempotency_key(
    key: Annotated[str | None, Header(alias="Idempotency-Key", max_length=IDEMPOTENCY_KEY_MAX, min_length=1)] = None,
) -> str | None:
    """The caller's key of a command: the same again is the same command."""
    return None if key is None else clean(key)


Key = Annotated[str | None, Depends(idempotency_key)]


def fresh(database: Database, *names: str) -> Any:
    """A dependency: waits, at most 2 s, until these projections have folded `?min_position=`."""

    async def waited(
        request: Request,
        min_position: Annotated[
            int | None, Query(ge=0, le=POSITION_MAX, description="Wait at most 2 s for this position")
        ] = None,
    ) -> bool:
        reached = True
        if min_position is not None:
            reached = await reading.wait_for(database, min_position, names)
        request.scope.setdefault("state", {})["fresh"] = reached
        return reached

    return Depends(waited)
