"""Taking back over the API: a command's answer names what undoes it."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from services.desk import Refusal
from services.undo import Undo
from services.web.api.shapes import Body, Caller, Key, answers, json
from services.web.parts import Parts
from services.web.routing import Router


class Undone(msgspec.Struct, frozen=True):
    """Taken back; `refused`: the incidents that somebody changed since, left as they are."""

    position: int
    refused: Sequence[Refusal]


class NothingIn(Body):
    """Nothing to say."""


def router(parts: Parts) -> Router:
    """One route."""
    routes = Router(prefix="/api/v1/undo", tags=["incidents"])

    @routes.post("/{undo}", responses=answers(Undone))
    async def take_back(undo: UUID, who: Caller, key: Key, body: NothingIn | None = None) -> object:  # noqa: ARG001 -- the body may only be empty
        """Take back one's own command, within ten minutes. Twice does it once."""
        out = await parts.commands.run(Undo(undo=undo), by=who.name, idempotency_key=key)
        await parts.wait_for(out.position, "incidents", "customers", "organizations", "mutes")
        return json(Undone(out.position, out.refused), position=out.position)

    return routes
