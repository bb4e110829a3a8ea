"""Addresses where our mail doesn't arrive, or isn't wanted: shown beside a customer's addresses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from eventstore.recorded import Recorded
from projections.projection import Projection, Table, changes, on
from schemas.bounces import why_muted
from schemas.facts.address import AddressMuted, AddressUnmuted, MuteReason


class Muted(msgspec.Struct, frozen=True):
    """Why nothing automatic is sent there. `why`: schemas.bounces.why_muted; `status`: RFC 3463."""

    why: str
    status: str
    since: datetime


class MuteRow(msgspec.Struct, frozen=True):
    """A row of `mutes`. `muted`: still."""

    address: UUID
    muted: bool
    reason: str
    status: str
    since: datetime


def _blank(address: UUID) -> MuteRow:
    return MuteRow(address, muted=False, reason="", status="", since=datetime.min.replace(tzinfo=UTC))


_MUTES = Table("mutes", MuteRow, ("address",), _blank)


def _muted(row: MuteRow, fact: AddressMuted, _: Recorded) -> MuteRow:
    return replace(row, muted=True, reason=fact.reason.value, status=fact.status, since=fact.since)


def _unmuted(row: MuteRow, _fact: AddressUnmuted, _: Recorded) -> MuteRow:
    return replace(row, muted=False)


MUTES = Projection(
    "mutes",
    version=1,
    ddl="mutes.sql",
    tables=(_MUTES,),
    on=(
        on(AddressMuted, changes(_MUTES, lambda fact: fact.address, _muted)),
        on(AddressUnmuted, changes(_MUTES, lambda fact: fact.address, _unmuted)),
    ),
)


def shown(row: Mapping[str, Any] | None) -> Muted | None:
    """A row as JSON, where it still counts."""
    if row is None or not row["muted"]:
        return None
    why = why_muted(MuteReason(row["reason"]), row["status"])
    return Muted(why, row["status"], datetime.fromisoformat(row["since"]))
