"""`/admin/targets`: how soon incidents of each priority shall be answered and solved."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from projections import incidents
from schemas.errors import InvalidError
from schemas.facts.incident import Priority
from services.targets import SetTarget
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

UNITS: Mapping[str, int] = {"minutes": 60, "hours": 3600, "days": 24 * 3600}
_DIGITS_MAX = 6


def router(parts: Parts, screen: Screen) -> Router:
    """One page."""
    routes = Router(include_in_schema=False)
    database = parts.hub.database

    async def page(request: Request, shown: Mapping[str, object], fields: Mapping[str, str], status: int) -> Response:
        found = await database.run(incidents.targets)
        rows = [
            (
                each.priority,
                _parted(each.first_response_seconds, fields, f"first_{each.priority}"),
                _parted(each.resolution_seconds, fields, f"resolution_{each.priority}"),
            )
            for each in found
        ]
        context = {"rows": rows, "units": UNITS, "problem": "", "errors": (), **shown}
        return screen.render(request, "admin/targets.html", context, status=status)

    @routes.get("/admin/targets")
    async def show(request: Request, min_position: int = 0) -> Response:
        if min_position:
            await parts.wait_for(min_position, "incidents")
        return await page(request, {}, {}, 200)

    @routes.post("/admin/targets")
    async def keep(request: Request) -> Response:
        fields = await posted.fields(request)
        position = 0
        try:
            for each in Priority:
                wanted = SetTarget(
                    priority=each,
                    first_response_seconds=_seconds(fields, f"first_{each}"),
                    resolution_seconds=_seconds(fields, f"resolution_{each}"),
                )
                out = await parts.commands.run(wanted, by=caller(request).name)
                position = max(position, out.position)
        except posted.REFUSALS as error:
            status, _, shown = posted.refusal(error)
            return await page(request, shown, fields, status)
        return redirect(request, "/admin/targets", min_position=position, done="saved")

    return routes


def _seconds(fields: Mapping[str, str], name: str) -> int | None:
    count, unit = fields.get(name, "").strip(), UNITS.get(fields.get(f"{name}_unit", ""), 60)
    if not count:
        return None
    if not count.isdecimal() or len(count) > _DIGITS_MAX:
        raise InvalidError("a number, or nothing", field=name)
    return int(count) * unit


def _parted(seconds: int | None, fields: Mapping[str, str], name: str) -> tuple[str, str]:
    """As it was typed, or the largest unit that leaves a whole number."""
    if name in fields:
        return fields[name], fields.get(f"{name}_unit", "minutes")
    if seconds is None:
        return "", "hours"
    unit = next((each for each, size in reversed(list(UNITS.items())) if seconds % size == 0), "minutes")
    return str(seconds // UNITS[unit]), unit
