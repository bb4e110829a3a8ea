"""Where a reply would go, before it is written: the same decision, without deciding. For the composer."""

from __future__ import annotations

import msgspec

from eventstore.database import Connection
from eventstore.ledger import Ledger
from schemas.errors import ConflictError, RefusedError
from schemas.interaction import Channel
from services.desk import Desk
from services.incidents import answer
from services.incidents.batch import Rules
from services.incidents.handle import whom
from services.incidents.known import Known
from services.incidents.lookup import working
from services.incidents.requests import Reply


class Way(msgspec.Struct, frozen=True):
    """Where a reply with this `channel` and `to` goes. `to` empty: whoever wrote last on that channel."""

    channel: str
    to: str
    name: str = ""


def ways(connection: Connection, ledger: Ledger, rules: Rules, number: int) -> list[Way]:
    """The way a reply without `channel` and `to` goes, first; then the others. Empty where none leads anywhere."""
    desk = Desk(connection, ledger, Known(), rules)
    try:
        incident = working(desk, number)
    except ConflictError:  # read as part of another: work is done there
        return []
    family = desk.known.family(incident.id)
    here = whom(desk, family, Reply(incident=number, text=""))
    asked = [Reply(incident=number, text="")]
    asked += [Reply(incident=number, text="", channel=channel) for channel in Channel]
    found: list[Way] = []
    for request in asked:
        try:
            to = answer.target(family, here, request)
        except RefusedError:
            continue
        found.append(Way(to.channel.value, to.written_as if to.channel is Channel.EMAIL else ""))
    addresses = {here.written_as.get(address, "") for member in family for address in member.participants}
    found += [Way(Channel.EMAIL.value, address) for address in sorted(addresses) if address.startswith("email:")]
    return list(dict.fromkeys(found))
