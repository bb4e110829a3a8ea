"""JSON Schema of every fact and of every message on the logs, made from the structs themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.facts import REGISTRY
from schemas.held import Announced
from schemas.interaction import CallSignal, Interaction, RawMail

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def of_fact(type_name: str) -> dict[str, Any]:
    """The schema of one stored type. Raises KeyError for a type there is none of."""
    cls = REGISTRY[type_name]
    schema = msgspec.json.schema(cls)
    return {"$schema": _DIALECT, "$id": f"urn:cauce:{type_name}", **schema}


def components() -> Mapping[str, Any]:
    """One set of schemas for all facts and messages, by class name, for `#/components/schemas`."""
    types = (*REGISTRY.values(), Interaction, CallSignal, RawMail, Announced)
    _, found = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return found
