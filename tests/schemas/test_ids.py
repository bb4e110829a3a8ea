"""Ids, addresses, tokens and the life cycle."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.tokens import ThreadTokens
from schemas import ids
from schemas.address import email_address, parse_address, phone_address
from schemas.errors import InvalidError
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentReopened,
    IncidentResolved,
    InteractionLinked,
    Reason,
    Status,
)
from schemas.facts.kind import stream_id
from schemas.interaction import Automatic, Channel, Direction
from schemas.lifecycle import next_status
from schemas.threads import mailed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_no_two_lists_of_parts_share_an_id(one: list[str], other: list[str]) -> None:
    assert (ids.scoped_id(*one) == ids.scoped_id(*other)) == (one == other)


@given(st.lists(st.binary(), min_size=1))
def test_an_id_is_the_uuid_that_its_parts_have_had_since_the_first_version(parts: list[bytes]) -> None:
    listed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    scope = uuid5(NAMESPACE_URL, "https://cauce.example/ids/v1")
    assert ids.scoped_id(*parts) == uuid5(scope, hashlib.sha256(listed).hexdigest())


def test_the_same_client_id_in_two_chat_sessions_is_two_interactions() -> None:
    assert ids.chat_id(uuid4(), "1") != ids.chat_id(uuid4(), "1")


def test_the_same_call_id_on_two_lines_is_two_calls() -> None:
    assert ids.call_id("madrid", "7") != ids.call_id("habana", "7")


def test_a_keyed_id_depends_on_the_hub() -> None:
    assert ids.keyed_id(b"a" * 32, "email:ana@x.cu") != ids.keyed_id(b"b" * 32, "email:ana@x.cu")


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Ana@X.cu", "email:ana@x.cu"),
        ("+53 5 551-2345", "phone:+5355512345"),
        ("0053 55512345", "phone:+5355512345"),
        ("4915512345", "phone:+4915512345"),
        ("phone:+5355512345", "phone:+5355512345"),
    ],
)
def test_an_address_is_written_one_way(written: str, normal: str) -> None:
    assert parse_address(written) == normal


@pytest.mark.parametrize("bad", ["", "ana", "ana@", "@x.cu", "a b@x.cu", "email:", "anonymous", "phone:12"])
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(InvalidError):
        parse_address(bad)


@given(st.text(max_size=60))
def test_normalizing_twice_changes_nothing(text: str) -> None:
    for normal in (email_address, phone_address):
        try:
            once = normal(text)
        except InvalidError:
            continue
        assert parse_address(once) == once


@given(st.uuids(), st.binary(min_size=32, max_size=32))
def test_a_token_of_ours_is_recognized_in_any_case_and_no_other(thread, secret) -> None:
    tokens = ThreadTokens(secret)
    token = tokens.sign(thread)
    assert tokens.verify(token.upper()) == thread
    assert ThreadTokens(b"x" + secret[1:] if secret[:1] != b"x" else b"y" + secret[1:]).verify(token) is None


@given(st.uuids(), st.integers(0, 44), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_token_with_one_letter_changed_is_none_of_ours(thread, place, letter) -> None:
    tokens = ThreadTokens(b"s" * 32)
    token = tokens.sign(thread)
    changed = token[:place] + letter + token[place + 1 :]
    assert tokens.verify(changed) == (thread if changed == token else None)


@given(st.uuids(version=4), st.integers(0, 64), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_mailed_link_begins_as_the_form_s_own_and_opens_its_mailed_side_and_no_other(thread, place, letter) -> None:
    tokens = ThreadTokens(b"s" * 32)
    link = tokens.sign_link(mailed(thread))
    assert link.startswith(tokens.sign_link(thread))
    assert tokens.verify(tokens.sign_link(thread)) == thread
    assert tokens.verify(link) == tokens.verify(tokens.sign(mailed(thread))) == mailed(thread)
    changed = link[:place] + letter + link[place + 1 :]
    assert tokens.verify(changed) == (mailed(thread) if changed == link else None)


@given(st.text(max_size=70))
def test_nothing_else_is_a_token(text: str) -> None:
    assert ThreadTokens(b"s" * 32).verify(text) is None


@given(st.uuids(), st.uuids())
def test_our_message_id_names_its_thread_and_interaction(thread, interaction) -> None:
    tokens = ThreadTokens(b"s" * 32)
    assert tokens.read_message_id(f"<{tokens.message_id(thread, interaction, 'x.cu')}>") == (thread, interaction)


def linked(direction: Direction, automatic: Automatic | None = None) -> InteractionLinked:
    return InteractionLinked(
        incident=uuid4(),
        interaction=uuid4(),
        channel=Channel.EMAIL,
        direction=direction,
        thread=uuid4(),
        address=uuid4(),
        automatic=automatic,
        reason=Reason.NEW,
        at=NOW,
    )


@pytest.mark.parametrize(
    ("before", "fact", "after"),
    [
        (Status.NEW, IncidentAssigned(incident=uuid4(), to="eva", by="eva", at=NOW), Status.OPEN),
        (Status.NEW, IncidentAssigned(incident=uuid4(), to=None, by="eva", at=NOW), Status.NEW),
        (Status.NEW, linked(Direction.OUT), Status.WAITING),
        (Status.WAITING, linked(Direction.IN), Status.OPEN),
        (Status.WAITING, linked(Direction.IN, Automatic.REPLY), Status.WAITING),
        (Status.RESOLVED, linked(Direction.OUT), Status.RESOLVED),
        (Status.OPEN, IncidentResolved(incident=uuid4(), address=uuid4(), by="eva", at=NOW), Status.RESOLVED),
        (Status.RESOLVED, IncidentClosed(incident=uuid4(), by="eva", at=NOW), Status.CLOSED),
        (Status.CLOSED, IncidentReopened(incident=uuid4(), by="eva", at=NOW), Status.OPEN),
    ],
)
def test_the_life_cycle(before, fact, after) -> None:
    assert next_status(before, fact) is after


@given(st.binary(max_size=100), st.text())
def test_a_keyed_id_is_the_first_half_of_an_hmac(secret, text):
    assert ids.keyed_id(secret, text).bytes == hmac.digest(secret, text.encode(), "sha256")[:16]


def test_ids_made_the_short_way_are_pythons_own():
    one = uuid4()
    assert ids.uuid_of(one.bytes) == one
    assert repr(ids.uuid_of(one.bytes)) == repr(one)
    assert stream_id("incident", one) == f"incident/{one}"
