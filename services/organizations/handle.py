"""Organization requests: load, decide, into the working set. Called by `services/commands.py`."""

from __future__ import annotations

from typing import assert_never

from msgspec import UNSET

from eventstore.ledger import Cause
from schemas.errors import ConflictError
from services.customers import handle as customers
from services.customers.requests import SetOrganization
from services.desk import Desk, Done, Inverse
from services.organizations import decide, loading
from services.organizations.requests import (
    ChangeOrganization,
    OrganizationRequest,
    RegisterOrganization,
    RestoreOrganization,
    RetireOrganization,
)
from services.organizations.state import Organization


def handle(desk: Desk, request: OrganizationRequest) -> Done:
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    if isinstance(request, RegisterOrganization):
        return _register(desk, request)
    before = loading.find(desk.connection, desk.known, request.organization)
    inverse: Inverse
    match request:
        case ChangeOrganization():
            if request.version not in {UNSET, desk.known.version("organization", before.id)}:
                raise ConflictError("this organization was changed since")
            facts = decide.change(before, request)
            inverse = _back(before, desk.known.version("organization", before.id) + len(facts))
        case RetireOrganization():
            peopled = loading.is_peopled(desk.connection, desk.known, before.id)
            facts = decide.retire(before, request, peopled=peopled)
            inverse = RestoreOrganization(organization=before.id)
        case RestoreOrganization():
            facts = decide.restore(before, request)
            inverse = RetireOrganization(organization=before.id)
        case _:
            assert_never(request)
    desk.known.record(facts, Cause(request.id))
    return Done(subject=before.id, inverse=(inverse,) if facts else ())


def _register(desk: Desk, request: RegisterOrganization) -> Done:
    desk.known.record(decide.register(request), Cause(request.id))
    gone = RetireOrganization(organization=request.id)
    if request.customer is None:
        return Done(subject=request.id, inverse=(gone,))
    joining = SetOrganization(by=request.by, now=request.now, customer=request.customer, organization=request.id)
    joined = customers.handle(desk, joining)
    return Done(subject=request.id, inverse=(*joined.inverse, gone))


def _back(before: Organization, version: int) -> ChangeOrganization:
    return ChangeOrganization(
        organization=before.id,
        name=before.name,
        domains=before.domains,
        products=before.products,
        level=before.level,
        until=before.until,
        version=version,
    )
