from uuid import UUID, uuid4

import pytest

from eventstore.kafka_places import Place, after, place_of, with_gap
from eventstore.log import LogRecord
from eventstore.positions import Position
from schemas.errors import PositionMismatchError

LAST = uuid4()


def record(offset: int, id_: UUID | None = None) -> LogRecord:
    return LogRecord(id_ or uuid4(), 0, offset, b"", {})


@pytest.mark.parametrize(
    ("stored", "begin", "end", "place"),
    [
        (None, 0, 0, Place(next=0, stored=0)),
        (None, 40, 90, Place(next=40, stored=0)),  # never read, its beginning trimmed
        (Position(50, LAST), 40, 90, Place(next=50, stored=50, last_id=LAST)),
        (Position(90, LAST), 40, 90, Place(next=90, stored=90, last_id=LAST)),
        (Position(40, LAST), 40, 90, Place(next=40, stored=40)),  # the record before it is trimmed
    ],
)
def test_reading_begins_at_the_stored_position(stored, begin, end, place):
    assert place_of("here", stored, begin, end) == place


@pytest.mark.parametrize(("begin", "end"), [(51, 90), (0, 49)])
def test_a_position_outside_of_what_the_topic_holds_is_refused(begin, end):
    with pytest.raises(PositionMismatchError, match="position is 50"):
        place_of("here", Position(50, LAST), begin, end)


def test_the_record_before_the_position_is_read_to_know_it_again():
    place = Place(next=50, stored=50, last_id=LAST)
    known, fresh = record(49, LAST), [record(50), record(51)]
    assert place.start == 49
    assert after("here", place, [record(48), known, *fresh]) == (Place(next=50, stored=50), fresh)
    with pytest.raises(PositionMismatchError, match="another record"):
        after("here", place, [record(49), *fresh])


def test_records_that_were_handled_are_dropped():
    fresh = [record(52)]
    assert after("here", Place(next=52, stored=52), [record(50), record(51), *fresh]) == (Place(52, 52), fresh)


def test_a_gap_is_asked_for_again_and_then_said():
    once = with_gap("here", Place(next=5, stored=5), 9)
    twice = with_gap("here", once, 9)
    assert (once, twice) == (Place(5, 5, gaps=1), Place(5, 5, gaps=2))
    with pytest.raises(PositionMismatchError, match="after 4 comes 9"):
        with_gap("here", twice, 9)
