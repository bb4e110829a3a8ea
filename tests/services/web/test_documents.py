"""docs/api.md, the OpenAPI document and the routes say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from services.access.policy import ADMINS, AGENTS, ANALYSTS, EVERYBODY, POLICY, SIGNED_IN
from tests.services.web.serving import Web

_PAGE = Path(__file__).parents[3] / "docs" / "api.md"
_WORDS = {
    "everybody": EVERYBODY,
    "line's key": EVERYBODY,
    "all roles": SIGNED_IN,
    "agent": AGENTS,
    "analyst": ANALYSTS,
    "admin": ADMINS,
}
_ROUTE = re.compile(rf"^(GET|POST|PUT|PATCH|DELETE|WS)\s+(\S+)\s+({'|'.join(_WORDS)})\b", re.MULTILINE)


def _documented() -> dict[str, str]:
    (block,) = re.findall(r"```routes\n(.*?)```", _PAGE.read_text(), re.DOTALL)
    found = {f"{method} {path}": who for method, path, who in _ROUTE.findall(block)}
    assert len(found) == sum(1 for line in block.splitlines() if line.strip())
    return found


@pytest.fixture
async def openapi(web: Web) -> dict[str, Any]:
    async with web.client() as client:
        document: dict[str, Any] = (await client.get("/openapi.json")).json()
        return document


async def test_the_page_and_the_document_have_the_same_routes(openapi: dict[str, Any]) -> None:
    shown = {f"{method.upper()} {path}" for path, found in openapi["paths"].items() for method in found}
    # a page that also speaks JSON, and what OpenAPI can't describe
    assert set(_documented()) - {"GET /status/{token}", "WS /api/v1/chat"} == shown


def test_the_page_says_who_may_use_each_route() -> None:
    assert {rule: _WORDS[who] for rule, who in _documented().items()} == {rule: POLICY[rule] for rule in _documented()}


async def test_every_reference_of_the_document_leads_somewhere(openapi: dict[str, Any]) -> None:
    references = set(re.findall(r"'#/components/schemas/([^']+)'", str(openapi)))
    assert references <= set(openapi["components"]["schemas"])


async def test_every_operation_says_that_errors_are_problems(openapi: dict[str, Any]) -> None:
    described = openapi["components"]["schemas"]["Problem"]["properties"]
    assert set(described) == {"type", "title", "status", "detail", "errors"}
    for path, found in openapi["paths"].items():
        for method, operation in found.items():
            assert "Problem" in str(operation["responses"]["default"]), f"{method} {path}"
            assert "HTTPValidationError" not in str(operation)
