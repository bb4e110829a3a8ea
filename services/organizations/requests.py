"""What an agent can ask of an organization. Made by the API and the pages, run by `services/commands.py`.

Who belongs to one is asked of the customer: `SetOrganization` in services/customers/requests.py.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from msgspec import UNSET, UnsetType

from services.request import Request


class RegisterOrganization(Request, frozen=True, kw_only=True):
    """Enter a company; its id is this request's. `customer`: who belongs to it from the beginning."""

    name: str
    domains: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    level: str = ""
    until: date | None = None
    customer: UUID | None = None


class ChangeOrganization(Request, frozen=True, kw_only=True):
    """What is given is so from now on. `version`: only while nobody has changed it since; what undoes it asks that."""

    organization: UUID
    name: str | UnsetType = UNSET
    domains: tuple[str, ...] | UnsetType = UNSET
    products: tuple[str, ...] | UnsetType = UNSET
    level: str | UnsetType = UNSET
    until: date | UnsetType | None = UNSET
    version: int | UnsetType = UNSET


class RetireOrganization(Request, frozen=True, kw_only=True):
    """It is none any more. 409 while somebody belongs to it."""

    organization: UUID


class RestoreOrganization(Request, frozen=True, kw_only=True):
    """It is one after all."""

    organization: UUID


OrganizationRequest = RegisterOrganization | ChangeOrganization | RetireOrganization | RestoreOrganization
