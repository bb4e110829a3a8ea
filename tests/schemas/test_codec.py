"""The codec: what is written can be read, personal data only with its key, and a stored type never changes."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.errors import DecodeError, EventTooLargeError
from schemas.facts import REGISTRY, Fact, stream_of
from schemas.facts.call import CallOutcomeSet
from schemas.facts.incident import IncidentClosed, IncidentNoted, IncidentOpened, IncidentReopened, Words
from schemas.interaction import Channel

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Ring:
    """Keys in memory. An erased address reads None, an unknown one raises, as the contract of Keyring says."""

    def __init__(self) -> None:
        self.keys: dict[UUID, AESGCM | None] = {}

    def seal_key(self, address: UUID) -> AESGCM | None:
        return self.keys.setdefault(address, AESGCM(os.urandom(32)))

    def open_key(self, address: UUID) -> AESGCM | None:
        return self.keys[address]


def noted(text: str = "vio la factura de Ana") -> IncidentNoted:
    return IncidentNoted(incident=uuid4(), note=uuid4(), address=uuid4(), by="luis", at=NOW, personal=Words(text=text))


def read(fact: Fact, data: bytes, ring: Ring) -> Fact:
    return codec.decode(fact.type_name, stream_of(fact), data, ring)


@given(st.text())
def test_a_fact_reads_as_it_was_written(text: str) -> None:
    ring, fact = Ring(), noted(text)
    assert read(fact, codec.encode(fact, ring), ring) == fact


def test_personal_words_do_not_stand_in_the_stored_bytes() -> None:
    assert b"factura" not in codec.encode(noted(), Ring())


def test_once_the_key_is_destroyed_the_fact_stays_and_its_personal_part_is_gone() -> None:
    ring, fact = Ring(), noted()
    data = codec.encode(fact, ring)
    ring.keys[fact.address] = None
    assert read(fact, data, ring) == msgspec.structs.replace(fact, personal=None)


def test_what_is_written_for_an_erased_person_has_no_personal_part() -> None:
    ring, fact = Ring(), noted()
    ring.keys[fact.address] = None
    assert read(fact, codec.encode(fact, ring), ring) == msgspec.structs.replace(fact, personal=None)


def test_a_sealed_part_can_not_be_moved_to_another_stream() -> None:
    ring, fact = Ring(), noted()
    data = codec.encode(fact, ring)
    with pytest.raises(DecodeError):
        codec.decode(fact.type_name, f"incident/{uuid4()}", data, ring)


@given(st.binary(max_size=200))
def test_any_bytes_read_or_raise_a_decode_error(data: bytes) -> None:
    try:
        codec.decode("incident.closed.v1", "incident/x", data, Ring())
    except DecodeError:
        return


def test_an_unknown_type_is_a_decode_error() -> None:
    with pytest.raises(DecodeError):
        codec.decode("incident.vanished.v1", "incident/x", b"\x93\x80\xc0\xc0", Ring())


def test_a_fact_over_the_limit_is_refused() -> None:
    with pytest.raises(EventTooLargeError):
        codec.encode(noted("x" * codec.EVENT_MAX_BYTES), Ring())


def test_an_old_version_is_brought_to_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    ring, old = Ring(), IncidentClosed(incident=uuid4(), by="luis", at=NOW)
    newest = noted()
    monkeypatch.setitem(codec.UPCASTERS, IncidentClosed.type_name, lambda _: newest)
    assert read(old, codec.encode(old, ring), ring) == newest


STORED_FIELDS = {
    name: tuple(field.encode_name for field in msgspec.structs.fields(cls)) for name, cls in sorted(REGISTRY.items())
}


def test_each_stored_type_is_named_after_its_stream_and_has_a_version() -> None:
    for name, cls in REGISTRY.items():
        category, _, rest = name.partition(".")
        verb, _, version = rest.partition(".")
        assert (category, bool(verb), version[:1]) == (cls.category, True, "v"), name
        assert cls.subject_field in STORED_FIELDS[name], name


def test_every_fact_with_a_personal_part_says_whose_key_seals_it() -> None:
    for name, fields in STORED_FIELDS.items():
        assert "personal" not in fields or "address" in fields, name


STORED_BEFORE = {
    # bytes that the code before wrote: a class could be changed with its test
    "incident.reopened.v1": (
        ("9384a8696e636964656e74c41000000000000000000000000000000007a26279a3657661a6726561736f6eae73"
        "74696c6c206e6f207061706572a26174d6ff69a42a40c0c0"),
        IncidentReopened(incident=UUID(int=7), by="eva", at=NOW, personal=Words(text="still no paper")),
    ),
    "call.outcome_set.v1": (
        ("9384a463616c6cc41000000000000000000000000000000007a76f7574636f6d65a663616c6d6564a26279a365"
        "7661a26174d6ff69a42a40c0c0"),
        CallOutcomeSet(call=UUID(int=7), by="eva", at=NOW, personal=Words(text="calmed")),
    ),
    "incident.opened.v1": (
        ("9387a8696e636964656e74c41000000000000000000000000000000007a66e756d62657201a8637573746f6d65"
        "72c41000000000000000000000000000000008a761646472657373c41000000000000000000000000000000009"
        "a76368616e6e656ca4666f726da770726f64756374a77072696e746572a26174d6ff69a42a40c0c0"),
        IncidentOpened(
            incident=UUID(int=7), number=1, customer=UUID(int=8), address=UUID(int=9), channel=Channel.FORM,
            product="printer", at=NOW,
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STORED_BEFORE)
def test_a_history_that_yesterdays_code_wrote_still_reads(name: str) -> None:
    data, expected = STORED_BEFORE[name]
    assert codec.decode(name, f"{expected.category}/{UUID(int=7)}", bytes.fromhex(data), Ring()) == expected
