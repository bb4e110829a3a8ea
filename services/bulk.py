"""One command for many incidents: in one transaction, each on its own; who can't is named, the others change."""

from __future__ import annotations

import msgspec

from schemas.errors import InvalidError, RefusedError
from services import undo
from services.desk import Desk, Done, Inverse, Refusal
from services.incidents.requests import IncidentRequest
from services.request import Request

AT_ONCE = 200


class Bulk(Request, frozen=True, kw_only=True):
    """These requests, as a rule the same one for each incident. At most `AT_ONCE`."""

    requests: tuple[IncidentRequest, ...]


def handle(desk: Desk, request: Bulk) -> Done:
    """Do what can be done; `changed` counts it. Raises InvalidError where it is asked wrongly for all of them."""
    if not 0 < len(request.requests) <= AT_ONCE:
        raise InvalidError(f"1 to {AT_ONCE} incidents at once", field="incidents")
    inverse: list[Inverse] = []
    refused: list[Refusal] = []
    last: Done | None = None
    invalid: InvalidError | None = None
    changed = 0
    for one in request.requests:
        try:
            facts = len(desk.known.facts)
            last = undo.done(desk, msgspec.structs.replace(one, by=request.by, now=request.now))
            changed += len(desk.known.facts) > facts
            inverse += last.inverse
        except RefusedError as error:
            refused.append(Refusal(one.incident, str(error)))
            invalid = invalid or (error if isinstance(error, InvalidError) else None)
    if last is None and invalid is not None:
        raise invalid
    subject = last.subject if last else request.id
    return Done(subject=subject, inverse=tuple(inverse), refused=tuple(refused), changed=changed)
