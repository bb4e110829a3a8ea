"""Visits written down by an agent, over real HTTP."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from schemas.interaction import Channel, Hints, Interaction, Party
from tests.channels.desk import Desk

VISIT = {"name": "Ana", "subject": "Factura", "body": "Vino con la factura."}


async def taken(desk: Desk) -> list[Interaction]:
    return [item for item in await desk.taken() if isinstance(item, Interaction)]


async def test_a_visit_is_the_visitor_s_by_the_agent_s_word(desk: Desk):
    incident = uuid4()
    desk.outside.incidents[7] = incident
    answer = await desk.http.post(
        "/api/v1/in-person", json=VISIT | {"email": "Ana@x.cu", "phone": "+53 555 12345", "incident": 7}
    )
    assert answer.status_code == 202
    interaction = UUID(answer.json()["interaction_id"])
    (item,) = await taken(desk)
    assert item == Interaction(
        id=interaction,
        channel=Channel.IN_PERSON,
        sender=Party(address="email:ana@x.cu", name="Ana", proven=True),
        claims=(Party(address="phone:+5355512345", name="Ana", proven=True),),
        subject="Factura",
        text="Vino con la factura.",
        thread=interaction,
        contact=interaction,
        occurred_at=item.received_at,
        received_at=item.received_at,
        hints=Hints(incident=incident),
        by="ana",
    )


async def test_a_visitor_without_an_address_is_somebody_of_their_own(desk: Desk):
    for _ in range(2):
        await desk.http.post("/api/v1/in-person", json=VISIT)
    assert [item.sender.address for item in await taken(desk)] == [f"in_person:{item.id}" for item in await taken(desk)]
    assert len({item.id for item in await taken(desk)}) == 2


async def test_a_repeat_with_the_same_key_is_the_same_visit(desk: Desk):
    first = await desk.http.post("/api/v1/in-person", json=VISIT, headers={"Idempotency-Key": "k"})
    again = await desk.http.post("/api/v1/in-person", json=VISIT, headers={"Idempotency-Key": "k"})
    assert first.json() == again.json()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"incident": 8}, "incident"),
        ({"incident": "7"}, "incident"),
        ({"incident": 0}, "incident"),
        ({"email": "ana"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"subject": " "}, "subject"),
        ({"by": "somebody"}, "by"),
    ],
)
async def test_what_is_wrong_with_a_visit_is_said_by_field(desk: Desk, change: dict[str, object], field: str):
    answer = await desk.http.post("/api/v1/in-person", json=VISIT | change)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert await desk.taken() == []


async def test_a_key_that_is_too_long_is_malformed(desk: Desk):
    answer = await desk.http.post("/api/v1/in-person", json=VISIT, headers={"Idempotency-Key": "k" * 256})
    assert answer.status_code == 400
