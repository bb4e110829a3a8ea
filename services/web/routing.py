"""One flat list of routes: FastAPI nests included routers, and a flat list is guarded, measured and matched at once.

A route is analysed when it is first asked for, or documented: to FastAPI each is 1.5 ms of work, and we have 300.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send


class LateRoute(Route):
    """Knows where it is; FastAPI's own, which knows what it reads and answers, is made when it is needed."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods = set(options["methods"] or {"GET"})
        super().__init__(
            path,
            endpoint,
            methods=methods,
            name=options["name"],
            include_in_schema=options["include_in_schema"],
        )
        self.methods = methods  # Starlette adds HEAD, FastAPI doesn't
        self.app = self._serve
        self._options = options

    @cached_property
    def whole(self) -> APIRoute:
        """FastAPI's own."""
        return APIRoute(self.path, self.endpoint, **self._options)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.whole.app(scope, receive, send)


class Router(APIRouter):
    """FastAPI's, of late routes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=LateRoute, **options)  # type: ignore[arg-type]  # -- it only calls it


def whole(route: BaseRoute) -> BaseRoute:
    """A route as FastAPI has it."""
    return route.whole if isinstance(route, LateRoute) else route


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
