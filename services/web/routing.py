"""One flat list of routes: FastAPI nests included routers, and a flat list is guarded, measured and matched at once."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import WebSocketRoute


def mount(app: FastAPI, router: APIRouter, prefix: str = "") -> None:
    """Put a router's routes among the app's own: as they are (to make one takes a millisecond), under a prefix anew."""
    if not prefix:
        app.router.routes.extend(router.routes)
        return
    for route in router.routes:
        match route:
            case APIRoute():
                app.router.add_api_route(
                    prefix + route.path,
                    route.endpoint,
                    methods=sorted(route.methods or ()),
                    status_code=route.status_code,
                    response_class=route.response_class,
                    responses=route.responses,
                    tags=route.tags,
                    dependencies=route.dependencies,
                    openapi_extra=route.openapi_extra,
                    include_in_schema=route.include_in_schema,
                    name=route.name,
                    summary=route.summary,
                )
            case WebSocketRoute():
                app.router.add_api_websocket_route(prefix + route.path, route.endpoint, route.name)
            case _:
                raise TypeError(f"{route} can't be mounted")
