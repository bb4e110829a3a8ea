"""Call-me-back over real HTTP: durable before it is acknowledged, and nothing that makes no sense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schemas.interaction import Channel, Interaction, Party, Window
from tests.channels.desk import Desk

URL = "/api/v1/callbacks"
_TOMORROW = (datetime.now(ZoneInfo("America/Havana")) + timedelta(days=1)).replace(microsecond=0)
SINCE, UNTIL = _TOMORROW.replace(hour=10, minute=0, second=0), _TOMORROW.replace(hour=12, minute=0, second=0)
WISH = {
    "name": "Ana",
    "phone": "00 53 5551-2345",
    "since": SINCE.isoformat(),
    "until": UNTIL.isoformat(),
    "time_zone": "Europe/Madrid",
    "about": "La factura sale dos veces",
    "locale": "es-CU",
}


async def wishes(desk: Desk) -> list[Interaction]:
    return [item for item in await desk.taken() if isinstance(item, Interaction)]


async def test_a_wish_is_on_the_log_when_it_is_acknowledged(desk: Desk):
    came = await desk.http.post(URL, json=WISH)
    assert came.status_code == 202
    (taken,) = await wishes(desk)
    receipt = came.json()
    assert receipt["callback"] == receipt["interaction_id"] == str(taken.id)
    assert desk.tokens.verify(receipt["status_url"].rpartition("/")[2]) == taken.id
    assert (taken.channel, taken.sender) == (Channel.PHONE, Party(address="phone:+5355512345", name="Ana"))
    assert taken.hints.callback == Window(SINCE.astimezone(UTC), UNTIL.astimezone(UTC), "Europe/Madrid")
    assert (taken.text, taken.language) == ("La factura sale dos veces", "es")
    shown = SINCE.astimezone(ZoneInfo("Europe/Madrid"))
    assert taken.subject.startswith(f"Llámenme: {shown:%Y-%m-%d %H:%M}-")


async def test_without_a_zone_it_is_the_one_of_the_opening_hours_and_the_subject_stands_for_words(desk: Desk):
    wish = {name: value for name, value in WISH.items() if name not in {"time_zone", "about"}} | {"locale": "en"}
    assert (await desk.http.post(URL, json=wish)).status_code == 202
    (taken,) = await wishes(desk)
    assert taken.text == taken.subject == f"Call me back: {SINCE:%Y-%m-%d} 10:00-12:00 (America/Havana)"


async def test_an_email_is_a_claim_beside_the_number(desk: Desk):
    assert (await desk.http.post(URL, json=WISH | {"email": "Ana@X.cu"})).status_code == 202
    (taken,) = await wishes(desk)
    assert taken.claims == (Party(address="email:ana@x.cu", name="Ana"),)


async def test_pressing_the_button_twice_is_one_wish(desk: Desk):
    ids = {
        (await desk.http.post(URL, json=WISH, headers={"Idempotency-Key": "k1"})).json()["callback"] for _ in range(2)
    }
    other = (await desk.http.post(URL, json=WISH, headers={"Idempotency-Key": "k2"})).json()["callback"]
    assert len(ids) == 1
    assert other not in ids


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"phone": "none"}, "phone"),
        ({"phone": ""}, "phone"),
        ({"name": " "}, "name"),
        ({"email": "no es correo"}, "email"),
        ({"until": SINCE.isoformat()}, "until"),
        ({"since": UNTIL.isoformat(), "until": SINCE.isoformat()}, "until"),
        ({"since": "2020-01-06T10:00:00Z", "until": "2020-01-06T12:00:00Z"}, "until"),
        ({"since": "2099-01-05T15:00:00Z", "until": "2099-01-05T16:00:00Z"}, "since"),
        ({"since": SINCE.replace(hour=22).isoformat(), "until": (SINCE + timedelta(days=1)).isoformat()}, "since"),
        ({"since": SINCE.replace(tzinfo=None).isoformat()}, "since"),
        ({"since": "tomorrow"}, "since"),
        ({"time_zone": "Nowhere/City"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"website": "http://spam.example"}, "website"),
        ({"about": "x" * 2001}, "about"),
        ({"unknown": 1}, "unknown"),
    ],
)
async def test_what_makes_no_sense_is_named_and_nothing_is_kept(desk: Desk, changed, field):
    came = await desk.http.post(URL, json=WISH | changed)
    assert came.status_code == 422, came.text
    assert [each["field"] for each in came.json()["errors"]] == [field]
    assert await wishes(desk) == []


async def test_one_number_is_not_rung_up_by_a_program(limited_desk: Desk):
    came = [(await limited_desk.http.post(URL, json=WISH)).status_code for _ in range(7)]
    assert came == [202] * 5 + [429] * 2
    other = await limited_desk.http.post(URL, json=WISH | {"phone": "+5355599999"})
    assert other.status_code == 202
