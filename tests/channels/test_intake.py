"""What channels hand over: readable again, storable, named by nobody's address, and on the log or refused in time."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.intake import ITEM_MAX_BYTES, Intake, Item, decode_item, encode_item, ordering_key
from channels.limits import Limit, Rate, network_of
from channels.text import clean, one_line, shorten
from eventstore.database import Connection, Database
from eventstore.postgres import PostgresLog
from schemas.errors import DecodeError, RateLimitedError, TooLargeError
from schemas.ids import keyed_id
from schemas.interaction import (
    Attachment,
    CallSignal,
    CallSignalKind,
    Channel,
    Direction,
    Hints,
    Interaction,
    Party,
)

SECRET = b"0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def interaction(**fields: object) -> Interaction:
    made = uuid4()
    plain = Interaction(
        id=made,
        channel=Channel.EMAIL,
        sender=Party(address="email:ana@x.cu", name="Ana"),
        thread=made,
        contact=made,
        occurred_at=NOW,
        received_at=NOW,
    )
    return msgspec.structs.replace(plain, **fields)


def call_signal() -> CallSignal:
    return CallSignal(
        id=uuid4(),
        call=uuid4(),
        signal=CallSignalKind.STARTED,
        line="office",
        direction=Direction.IN,
        party=Party(address="phone:+5355512345", proven=True),
        occurred_at=NOW,
        received_at=NOW,
    )


Row = tuple[UUID, bytes, bytes, dict[str, str]]


def rows(connection: Connection) -> list[Row]:
    return connection.execute('SELECT id, key, value, headers FROM log_interactions ORDER BY "offset"').fetchall()


async def test_items_are_on_the_log_in_order_with_their_keys_and_headers(database: Database):
    log = PostgresLog(database)
    mail, call = interaction(), call_signal()
    await Intake(log, SECRET).submit(mail, call)
    await log.close()
    found: list[Row] = await database.run(rows)
    assert [(name, decode_item(value)) for name, _, value, _ in found] == [(mail.id, mail), (call.id, call)]
    assert [key for _, key, _, _ in found] == [
        keyed_id(SECRET, "email:ana@x.cu").bytes,
        keyed_id(SECRET, f"call:{call.call}").bytes,
    ]
    assert [headers for _, _, _, headers in found] == [
        {
            "ce_specversion": "1.0",
            "ce_id": str(item.id),
            "ce_source": "/cauce",
            "ce_type": name,
            "ce_subject": f"{channel}/{item.id}",
            "ce_time": "2026-01-02T03:04:05.000678Z",
            "channel": channel,
        }
        for item, name, channel in ((mail, "interaction", "email"), (call, "call_signal", "phone"))
    ]


async def test_an_item_the_store_could_not_keep_is_refused_whole(database: Database):
    log = PostgresLog(database)
    with pytest.raises(TooLargeError):
        await Intake(log, SECRET).submit(interaction(), interaction(text="x" * ITEM_MAX_BYTES))
    assert await database.run(rows) == []
    await log.close()


def test_what_belongs_together_has_one_key():
    session, call = uuid4(), uuid4()
    assert ordering_key(interaction(hints=Hints(session=session))) == f"chat:{session}"
    assert ordering_key(interaction(hints=Hints(call=call))) == f"call:{call}"
    assert ordering_key(msgspec.structs.replace(call_signal(), call=call)) == f"call:{call}"
    assert ordering_key(interaction()) == "email:ana@x.cu"


@pytest.mark.parametrize(
    "value",
    [b"", b"\xc1", b"\x80", b"garbage", encode_item(call_signal())[:-3], b"\x81\xa4kind\xa5other", b"\x91" * 5000],
)
def test_what_is_no_item_is_a_decode_error(value: bytes):
    with pytest.raises(DecodeError):
        decode_item(value)


dirty = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)


@given(dirty, dirty, dirty)
def test_any_text_at_all_travels_and_can_be_stored(one: str, two: str, three: str):
    attachment = Attachment(name=one, bytes=1, media_type=two, blob="b")
    party = Party(address=one, name=two)
    item: Item = interaction(
        sender=party, recipients=(party,), claims=(party,), subject=three, text=two, attachments=(attachment,),
        hints=Hints(message_id=one, references=(two,), product=three), details={one: two}, language=three, by=one,
    )  # fmt: skip
    written = msgspec.json.encode(decode_item(encode_item(item)))
    assert b"\\u0000" not in written
    assert decode_item(encode_item(decode_item(encode_item(item)))) == decode_item(encode_item(item))


@given(dirty, st.integers(0, 40))
def test_shortened_text_fits_and_is_a_beginning(text: str, most: int):
    whole = clean(text)
    short = shorten(whole, most)
    assert len(short.encode()) <= most
    assert whole.startswith(short)


def test_one_line_is_one_line():
    assert one_line(" a\r\n\tb\x00 \u2028c ") == "a b\ufffd c"


def test_a_bucket_lets_a_burst_pass_then_its_rate():
    now = [0.0]
    limit = Limit(Rate(burst=2, per_second=0.5), clock=lambda: now[0])
    limit.take("a")
    limit.take("a")
    limit.take("b")
    with pytest.raises(RateLimitedError) as refused:
        limit.take("a")
    assert refused.value.retry_after == 2
    now[0] = 2.0
    limit.take("a")
    with pytest.raises(RateLimitedError):
        limit.take("a")


def test_a_limit_that_is_off_lets_everything_pass():
    limit = Limit(Rate(burst=1, per_second=0.1), on=False)
    for _ in range(100):
        limit.take("a")


def test_a_caller_is_an_address_or_a_network_of_the_new_kind():
    assert network_of("192.0.2.7") == network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9") == "2001:db8:1:2::"
    assert network_of("testclient") == "testclient"
