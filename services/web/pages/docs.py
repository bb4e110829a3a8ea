"""`/docs`: the API for reading, made of the OpenAPI document; no script from elsewhere."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from services.web.pages.screen import Screen
from services.web.routing import Router


def router(app: FastAPI, screen: Screen) -> Router:
    """The API's page."""
    routes = Router(include_in_schema=False)

    @routes.get("/docs")
    async def docs(request: Request) -> Response:
        return screen.render(request, "docs.html", {"groups": list(_grouped(app.openapi()).items())})

    return routes


def _grouped(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            shown = {
                "method": method,
                "path": path,
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "parameters": operation.get("parameters", []),
                "body": _body(document, operation),
            }
            groups.setdefault(operation.get("tags", ["other"])[0], []).append(shown)
    return groups


def _body(document: dict[str, Any], operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return ""
    schema = next(iter(content.values())).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    found = document["components"]["schemas"].get(name, schema)
    return json.dumps({key: found[key] for key in ("properties", "required") if key in found}, indent=1)
