"""What a demo hub has beside its history: teams, targets, companies, and work that is given, snoozed, or nobody's."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta

import msgspec

from channels.email.mailboxes import Mailboxes
from eventstore.database import Connection
from schemas.errors import ConflictError
from schemas.facts.incident import Priority
from services.access import team_mail, teams
from services.access.desk import Access, AccessDesk
from services.access.identity import Role
from services.access.team_mail import TeamMail
from services.bulk import Bulk
from services.commands import Commands
from services.demo import answering, companies, held
from services.demo.staff import CLOSED
from services.demo.story import Plan
from services.demo.tending import tend
from services.incidents.requests import Assign, IncidentRequest, Snooze
from services.incidents.state import Incident
from services.targets import SetTarget
from services.wiring import Hub

_HOUR = 3600
_TEAMS = {"soporte": "Soporte", "facturacion": "Facturación"}
_WRITING = "facturacion"
_WRITES = TeamMail(
    sender="Facturación de Cauce",
    signature_es="{agent}\n{team} · Cauce\nLunes a viernes, de 9 a 17",
    signature_en="{agent}\n{team} · Cauce\nMonday to Friday, 9 to 17",
)
_TARGETS = {
    Priority.URGENT: (_HOUR // 2, 8 * _HOUR),
    Priority.HIGH: (2 * _HOUR, 24 * _HOUR),
    Priority.NORMAL: (8 * _HOUR, 72 * _HOUR),
    Priority.LOW: (24 * _HOUR, 168 * _HOUR),
}
_LATEST = 400
_CLOSED_ONE = 3
"""Its place among the latest."""
_BILLING = frozenset({"factura", "facturación", "facturacion", "billing", "pago", "licencia"})


async def furnish(hub: Hub, plan: Plan) -> None:
    """Once, after the history."""
    with contextlib.suppress(ConflictError):  # somebody has made teams of these names already
        await Access(hub.database, hub.ledger, hub.secret).run("cauce demo", _make_teams, hub.settings.mail_addresses)
    await hub.database.run(held.hold, hub.settings.mail_addresses[0])
    commands = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    serving = asyncio.create_task(commands.serve(), name="commands")
    try:
        for priority, (first, resolution) in _TARGETS.items():
            target = SetTarget(priority=priority, first_response_seconds=first, resolution_seconds=resolution)
            await commands.run(target, by=Role.ADMIN)
        incidents = await hub.database.run(_open)
        requests = _work_of_today(incidents)
        if requests:
            await commands.run(Bulk(requests=tuple(requests[:200])), by=Role.AGENT)
        await answering.furnish(hub, commands, incidents)
        await companies.furnish(hub, commands, plan.seed, plan.cases)
        await tend(hub, plan.seed, plan.until, [incident.id for incident in incidents])
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


def _make_teams(desk: AccessDesk, ours: tuple[str, ...]) -> None:
    for name, title in _TEAMS.items():
        teams.create_team(desk, name, title)
        teams.set_members(desk, name, (Role.AGENT, Role.ADMIN))
    team_mail.set_mail(desk, _WRITING, _WRITES, Mailboxes(ours))


def _open(connection: Connection) -> list[Incident]:
    rows = connection.execute("SELECT state FROM incident_state ORDER BY number DESC LIMIT %s", (_LATEST,)).fetchall()
    decoder = msgspec.msgpack.Decoder(Incident)
    found = [decoder.decode(state) for (state,) in rows]
    return [incident for incident in found if incident.is_open and incident.merged_into is None]


def _work_of_today(incidents: list[Incident]) -> list[IncidentRequest]:
    found: list[IncidentRequest] = []
    for place, incident in enumerate(incidents):
        number = incident.number
        team = "facturacion" if incident.tags & _BILLING else "soporte"
        if place % 5 == 0:
            found.append(Assign(incident=number, to=Role.AGENT, team=team))
        elif place % 5 == 1:
            found.append(Assign(incident=number, to=None, team=team))
        elif place == _CLOSED_ONE:
            found.append(Assign(incident=number, to=None, team=CLOSED))
        elif place % 5 == 2:  # noqa: PLR2004 -- a fifth
            request = Snooze(incident=number, until=None)
            until = None if place % 2 else request.now + timedelta(hours=3 + place)
            found.append(msgspec.structs.replace(request, until=until))
    return found
