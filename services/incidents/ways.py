"""Where a reply would go, before it is written: the same decision, without deciding. For the composer."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from eventstore.database import Connection
from eventstore.ledger import Ledger
from schemas.errors import ConflictError, RefusedError
from schemas.interaction import Channel
from services.desk import Desk
from services.incidents import answer
from services.incidents.batch import Rules
from services.incidents.handle import received, whom
from services.incidents.known import Known
from services.incidents.lookup import working
from services.incidents.requests import Reply
from services.muting import tables
from services.muting.state import Mute


class Way(msgspec.Struct, frozen=True):
    """Where a reply with this `channel` and `to` goes. `to` empty: whoever wrote last on that channel.

    `muted`: mails to it don't arrive; an agent may write all the same. `nowhere`: nobody can read it.
    """

    channel: str
    to: str
    name: str = ""
    muted: Mute | None = None
    nowhere: bool = False


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
        answered = received(desk, to.voice.interaction) if to.voice is not None else None
        mailed = to.written_as if to.channel is Channel.EMAIL else ""
        found.append(Way(to.channel.value, mailed, nowhere=answer.nowhere(to, answered)))
    addresses = {here.written_as.get(address, "") for member in family for address in member.participants}
    found += [Way(Channel.EMAIL.value, address) for address in sorted(addresses) if address.startswith("email:")]
    return _with_mutes(desk, list(dict.fromkeys(found)))


def _with_mutes(desk: Desk, found: list[Way]) -> list[Way]:
    mailed = {way.to: desk.reader.id_of(way.to) for way in found if way.channel == Channel.EMAIL and way.to}
    mutes = tables.of(desk.connection, mailed.values())
    return [replace(way, muted=mutes.get(mailed[way.to])) if way.to in mailed else way for way in found]
