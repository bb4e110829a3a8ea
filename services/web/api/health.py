"""Is it alive, can it take work, how does it do: `/healthz`, `/readyz`, `/metrics`; what it speaks: `/asyncapi`."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from starlette.responses import Response

from projections import reading
from schemas import asyncapi
from services.web import figures
from services.web.api.shapes import answers, json
from services.web.parts import Parts
from services.web.routing import Router

log = structlog.get_logger()

_CHECK_SECONDS = 6.0  # more than the five within which a log must answer


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str


class Lag(msgspec.Struct, frozen=True):
    """Positions a projection is behind."""

    lag: int


class Checks(msgspec.Struct, frozen=True):
    """`ok`, or what is wrong in a word."""

    database: str
    log: str
    blobs: str
    projections: dict[str, Lag]


class Readiness(msgspec.Struct, frozen=True):
    """`ready` when database, log and blobs are and every projection was made; a lagging one makes nothing unready."""

    status: str
    checks: Checks


def router(parts: Parts) -> Router:
    """Beside the API: no prefix, no sign-in."""
    routes = Router(tags=["health"])

    @routes.get("/healthz", responses=answers(Alive))
    async def healthz() -> Response:
        """The process answers."""
        return json(Alive("ok"))

    @routes.get("/readyz", responses=answers(Readiness))
    async def readyz() -> Response:
        """It can take work."""
        readiness = await check(parts)
        return json(readiness, 200 if readiness.status == "ready" else 503)

    @routes.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """For Prometheus: this process's counters and the hub's figures."""
        return Response(await _metrics(parts), headers={"Content-Type": CONTENT_TYPE_LATEST})

    @routes.get("/asyncapi")
    async def asyncapi_document() -> Response:
        """The topics and what they carry, as AsyncAPI."""
        return json(asyncapi.document())

    return routes


async def check(parts: Parts) -> Readiness:
    """Ask all parts at once."""
    hub = parts.hub
    views: list[reading.Lag] = []

    async def database() -> None:
        views.extend(await hub.database.run(reading.states))

    answered = await asyncio.gather(
        _word(database()), _word(hub.log.check()), _word(asyncio.to_thread(hub.blobs.check))
    )
    shown = {each.name: Lag(each.lag) for each in views}
    made = all(each.version for each in views)  # a page of one that never was would be an error
    status = "ready" if set(answered) == {"ok"} and made else "unready"
    return Readiness(status, Checks(*answered, projections=shown))


async def _word(work: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await work
    except TimeoutError:
        return "slow"
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with a part, the answer is that it isn't ready
        log.warning("not_ready", error=type(error).__name__)
        return "unavailable"
    return "ok"


async def _metrics(parts: Parts) -> bytes:
    registry = CollectorRegistry()
    up = Gauge("cauce_database_up", "1 when the database answers", registry=registry)
    try:
        found = await parts.hub.database.run(figures.read)
    except Exception as error:  # noqa: BLE001 -- a scrape must show that it is down, not fail
        log.warning("figures_unavailable", error=type(error).__name__)
        up.set(0)
    else:
        up.set(1)
        _fill(registry, found)
    Gauge("cauce_live_connections", "Open live connections", registry=registry).set(parts.live.listeners)
    return generate_latest() + generate_latest(registry)


def _fill(registry: CollectorRegistry, found: figures.Figures) -> None:
    Gauge("cauce_store_position", "Newest position of the store", registry=registry).set(found.position)
    Gauge("cauce_quarantine_held", "Items in quarantine", registry=registry).set(found.quarantined)
    received = Gauge("cauce_received", "What the hub has handled, by channel", ("channel",), registry=registry)
    for channel, count in found.received.items():
        received.labels(channel).set(count)
    lag = Gauge("cauce_projection_lag", "Positions a projection is behind", ("projection",), registry=registry)
    parked = Gauge("cauce_projection_parked", "Streams it could not fold", ("projection",), registry=registry)
    for each in found.projections:
        lag.labels(each.name).set(each.lag)
        parked.labels(each.name).set(each.parked_streams)
    deliveries = Gauge("cauce_deliveries", "Deliveries not sent, by state", ("state",), registry=registry)
    for state, count in found.deliveries.items():
        deliveries.labels(state).set(count)
    Gauge("cauce_relay_position", "Position the relay has come to", registry=registry).set(found.relay)
