"""What the routes work with, made once by `create_app` and handed to each router. Between wiring and the routes."""

from __future__ import annotations

from dataclasses import dataclass

from channels.callback import Callbacks
from channels.email.parser_pool import ParserPool
from channels.form import Forms
from channels.in_person import Visits
from channels.limits import Limit, Rate
from eventstore.database import Connection
from projections import reading
from services.commands import Commands
from services.knowledge.library import Library
from services.knowledge.meaning.questions import Questions
from services.knowledge.visit_writer import VisitWriter
from services.mail_jobs import AskedMailJobs
from services.rebuild.asked import AskedRebuilds
from services.signals import Signals
from services.web.charts import Charts
from services.web.guard import Guard
from services.web.live import Live
from services.wiring import Hub

VISITS_FROM_ONE_PLACE = Rate(burst=120, per_second=2.0)
"""What all pages together note of one network's visits; more is shown as ever, and not counted."""


@dataclass(frozen=True)
class Parts:
    """One process's web edge."""

    hub: Hub
    commands: Commands
    library: Library
    visits: VisitWriter
    visit_places: Limit
    live: Live
    signals: Signals
    guard: Guard
    forms: Forms
    callbacks: Callbacks
    in_person: Visits
    charts: Charts
    rebuilds: AskedRebuilds
    mail_jobs: AskedMailJobs
    previews: ParserPool
    questions: Questions

    async def wait_for(self, position: int, *names: str) -> bool:
        """Until these projections have folded the position, at most 2 s; False: they have not."""
        return await reading.wait_for(self.hub.database, position, names)

    async def folded(self, *names: str) -> int:
        """How far these projections have come: a page read afterwards shows at least that, live updates do the rest."""
        return await self.hub.database.run(_folded, names)


def _folded(connection: Connection, names: tuple[str, ...]) -> int:
    return min(each.position for each in reading.states(connection) if each.name in names)
