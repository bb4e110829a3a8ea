"""What a statement is given when a person is erased: the addresses whose keys were destroyed. For `Everywhere`."""

from __future__ import annotations

from typing import Any

from schemas.facts.customer import PersonErased


def erased(fact: PersonErased) -> dict[str, Any]:
    """`%(addresses)s`."""
    return {"addresses": list(fact.addresses)}
