"""A telephone system's pushes over real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest

from schemas.address import anonymous_phone, is_anonymous
from schemas.ids import call_id, signal_id
from schemas.interaction import CallSignal, CallSignalKind, Direction, Party
from tests.channels.desk import LINE, LINE_KEY, Desk

URL = f"/api/v1/cti/{LINE}?key={LINE_KEY}"
CALL = call_id(LINE, "123")
RING = {
    "event": "newCall",
    "callId": "123",
    "from": "5355512345",
    "to": "5370000000",
    "direction": "in",
    "user[]": ["Alice", "Bob"],
    "userId[]": ["w0", "w1"],
    "fullUserId[]": ["1w0", "1w1"],
}
ANSWER = RING | {"event": "answer", "user": "Bob", "user[]": [], "answeringNumber": "5370000001"}
HANGUP = RING | {"event": "hangup", "cause": "normalClearing", "user[]": []}


def signal(kind: CallSignalKind, taken: CallSignal, **fields: object) -> CallSignal:
    expected = {
        "id": signal_id(CALL, kind),
        "call": CALL,
        "signal": kind,
        "line": LINE,
        "direction": Direction.IN,
        "party": Party(address="phone:+5355512345", proven=True),
        "occurred_at": taken.received_at,
        "received_at": taken.received_at,
    }
    return CallSignal(**{**expected, **fields})  # type: ignore[arg-type]  # -- fields of a test


async def signals(desk: Desk) -> list[CallSignal]:
    return [item for item in await desk.taken() if isinstance(item, CallSignal)]


async def test_a_call_s_three_pushes_are_three_signals_in_order_under_one_key(desk: Desk):
    for push in (RING, ANSWER, HANGUP):
        assert (await desk.http.post(URL, data=push)).status_code == 200
    started, answered, ended = await signals(desk)
    assert started == signal(CallSignalKind.STARTED, started, rings_at=("alice", "bob"))
    assert answered == signal(CallSignalKind.ANSWERED, answered, agent="Bob")
    assert ended == signal(CallSignalKind.ENDED, ended, outcome="normalClearing")
    assert len(set(await desk.keys())) == 1


async def test_a_new_call_is_answered_with_where_to_push_next(desk: Desk):
    answer = await desk.http.post(URL, data=RING)
    assert answer.headers["content-type"].partition(";")[0] == "application/xml"
    root = ET.fromstring(answer.content)  # noqa: S314 -- our own answer
    assert (root.tag, root.attrib) == ("Response", {"onAnswer": desk.base + URL, "onHangup": desk.base + URL})
    assert (await desk.http.post(root.attrib["onAnswer"], data=ANSWER)).status_code == 200
    quiet = ET.fromstring((await desk.http.post(URL, data=HANGUP)).content)  # noqa: S314 -- our own answer
    assert (quiet.tag, quiet.attrib) == ("Response", {})


async def test_a_repeated_push_is_the_same_signal(desk: Desk):
    for _ in range(3):
        assert (await desk.http.post(URL, data=RING)).status_code == 200
    assert {item.id for item in await signals(desk)} == {signal_id(CALL, CallSignalKind.STARTED)}


async def test_an_outgoing_call_is_the_called_person_s_and_the_caller_s_agent(desk: Desk):
    await desk.http.post(URL, data=RING | {"direction": "out", "from": "5370000000", "to": "005355512345"})
    (taken,) = await signals(desk)
    assert taken == signal(CallSignalKind.STARTED, taken, direction=Direction.OUT, agent="Alice")


@pytest.mark.parametrize("hidden", ["anonymous", "Anonymous", "unknown"])
async def test_two_callers_who_hide_their_number_are_two_people(desk: Desk, hidden: str):
    for call in ("1", "2"):
        assert (await desk.http.post(URL, data=RING | {"callId": call, "from": hidden})).status_code == 200
    one, other = await signals(desk)
    assert one.party == Party(address=anonymous_phone(call_id(LINE, "1")))
    assert other.party == Party(address=anonymous_phone(call_id(LINE, "2")))
    assert is_anonymous(one.party.address)


def test_equal_call_ids_of_two_lines_and_signals_of_two_calls_never_collide():
    pairs = [("a", "b:1"), ("a:b", "1"), ("a", "1"), ("b", "1"), ("", "a1"), ("a1", "")]
    calls = {call_id(line, call) for line, call in pairs}
    assert len(calls) == len(pairs)
    assert len({signal_id(call, kind) for call in calls for kind in CallSignalKind}) == 3 * len(pairs)


@pytest.mark.parametrize(
    "url", [f"/api/v1/cti/{LINE}?key=wrong", f"/api/v1/cti/{LINE}", "/api/v1/cti/other?key=line-key"]
)
async def test_without_the_line_s_key_nothing_is_taken(desk: Desk, url: str):
    answer = await desk.http.post(url, data=RING)
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert await desk.taken() == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 422),
        (b"event", "application/x-www-form-urlencoded", 400),
        (b"event=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"a=1&" * 200 + b"b=1", "application/x-www-form-urlencoded", 400),
        (b"event=dtmf&callId=1&from=5355512345&to=5370000000&direction=in", "application/x-www-form-urlencoded", 422),
        (b"event=newCall&callId=1&from=x&to=5370000000&direction=in", "application/x-www-form-urlencoded", 422),
        (
            b"event=newCall&callId=1&from=5355512345&to=5370000000&direction=up",
            "application/x-www-form-urlencoded",
            422,
        ),
        (b"event=newCall&callId=&from=5355512345&to=5370000000&direction=in", "application/x-www-form-urlencoded", 422),
        (b"event=newCall&from=5355512345&to=5370000000&direction=in", "application/x-www-form-urlencoded", 422),
        (b"a=" + b"x" * 20_000, "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
    ],
)
async def test_a_push_that_makes_no_sense_is_refused_and_not_kept(desk: Desk, content: bytes, kind: str, status: int):
    answer = await desk.http.post(URL, content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert await desk.taken() == []


async def test_nul_in_a_user_or_cause_is_kept_out_of_the_log(desk: Desk):
    assert (await desk.http.post(URL, data=ANSWER | {"user": "B\x00b", "callId": "1\x00"})).status_code == 200
    (taken,) = await signals(desk)
    assert taken.agent == "B\ufffdb"


async def test_without_the_log_a_push_is_told_to_come_back_within_five_seconds(
    breakable_desk: tuple[Desk, Callable[[], None], Callable[[], None]],
):
    desk, stop, _ = breakable_desk
    await asyncio.to_thread(stop)
    began = time.monotonic()
    answer = await desk.http.post(URL, data=RING)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("cause", "kept"), [("normalClearing", "normalClearing"), ("busy", "busy"), ("Ana Pérez", ""), ("5355512345", "")]
)
async def test_only_a_systems_own_word_is_kept_as_the_outcome(desk: Desk, cause: str, kept: str):
    assert (await desk.http.post(URL, data=HANGUP | {"cause": cause})).status_code == 200
    (taken,) = await signals(desk)
    assert taken.outcome == kept
