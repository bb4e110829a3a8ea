"""What rule 5 remembers of a customer: little, and the right ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.incidents.parts import PARTS_MAX, Part, add, keys_of, pack, unpack
from tests.services.incidents.world import uid


def filled(count, *, proven=True, is_open=lambda _: True):
    parts = ()
    for index in range(count):
        parts = add(parts, uid(f"i{index}"), proven=proven, is_open=is_open)
    return parts


def test_the_latest_is_last_and_none_is_there_twice():
    parts = add(filled(3), uid("i0"), proven=False, is_open=lambda _: True)
    assert parts == (Part(uid("i1"), True), Part(uid("i2"), True), Part(uid("i0"), True))  # shown once is shown


def test_the_oldest_goes_first():
    assert filled(PARTS_MAX + 2) == tuple(Part(uid(f"i{index}"), True) for index in range(2, PARTS_MAX + 2))


def test_claims_push_out_claims_and_nothing_that_was_shown():
    parts = filled(PARTS_MAX - 1)
    for index in range(100):
        parts = add(parts, uid(f"claim{index}"), proven=False, is_open=lambda _: True)
    assert parts == (*filled(PARTS_MAX - 1), Part(uid("claim99"), False))


def test_the_closed_go_before_the_open():
    parts = add(filled(PARTS_MAX), uid("new"), proven=True, is_open=lambda incident: incident != uid("i7"))
    assert Part(uid("i7"), True) not in parts
    assert Part(uid("i0"), True) in parts


def test_topics_of_different_customers_have_different_keys():
    keys = {key for customer in ("a", "b") for key in keys_of(uid(customer), [b"t1", b"t2"])}
    assert len(keys) == 4
    assert keys_of(uid("a"), []) == [uid("a").bytes]


@given(st.lists(st.builds(Part, st.uuids(), st.booleans())))
def test_parts_survive_being_stored(parts):
    assert unpack(pack(parts)) == tuple(parts)
