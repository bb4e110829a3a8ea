"""The OpenAPI document: FastAPI's, with the msgspec structs that routes answer with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from services.access.identity import Role
from services.access.policy import EVERYBODY, POLICY
from services.web.api.shapes import DOCUMENTED, PROBLEM
from services.web.routing import whole

_METHODS = frozenset({"get", "post", "put", "patch", "delete"})


def documented(app: FastAPI, version: str) -> Callable[[], dict[str, Any]]:
    """Makes the document on the first request for it."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _build(app, version)
        return app.openapi_schema

    return document


def _build(app: FastAPI, version: str) -> dict[str, Any]:
    found = get_openapi(
        title="Cauce",
        version=version,
        description="Every contact on any channel, one timeline per incident. Errors are application/problem+json.",
        routes=[whole(route) for route in app.routes],
    )
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.update(DOCUMENTED.schemas())
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "`cauce token create --role …`"}
    }
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            if method in _METHODS:
                _describe(operation, POLICY.get(f"{method.upper()} {path}", EVERYBODY))
    return found


def _describe(operation: dict[str, Any], allowed: frozenset[Role]) -> None:
    operation["responses"].pop("422", None)  # FastAPI's own shape; ours are problems
    operation["responses"].setdefault("default", PROBLEM)
    if allowed is not EVERYBODY:
        operation["security"] = [{"bearer": []}]
        operation["description"] = (
            operation.get("description", "") + f"\n\nFor: {', '.join(sorted(allowed))}."
        ).strip()
