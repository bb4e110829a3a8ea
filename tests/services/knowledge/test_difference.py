"""Word by word: what one text has that another hasn't."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.knowledge.difference import Change, Piece, difference

_TEXTS = st.text(alphabet="ab \n.ñ", max_size=60)


@given(_TEXTS, _TEXTS)
def test_without_what_was_put_in_it_is_the_old_text_and_without_what_was_taken_the_new(before: str, after: str) -> None:
    pieces = difference(before, after)
    assert "".join(each.text for each in pieces if each.change is not Change.PUT) == before
    assert "".join(each.text for each in pieces if each.change is not Change.TAKEN) == after


def test_a_word_changes_and_its_sentence_stays() -> None:
    assert difference("Abra el menú.\nFin\n", "Abra el panel.\nFin\n") == [
        Piece(Change.KEPT, "Abra el "),
        Piece(Change.TAKEN, "menú"),
        Piece(Change.PUT, "panel"),
        Piece(Change.KEPT, ".\nFin\n"),
    ]


def test_what_is_rewritten_at_length_is_shown_whole_in_no_time() -> None:
    before, after = " ".join(f"a{n}" for n in range(9_000)), " ".join(f"b{n}" for n in range(9_000))
    assert difference(before, after) == [Piece(Change.TAKEN, before), Piece(Change.PUT, after)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\n" * 5_000, "b\na\nc\n" * 3_330),
        ("a b " * 5_000, "b a c " * 3_330),
        ("\n" * 50_000, "x" + "\n" * 49_000 + "y"),
        ("\n".join(["a b " * 55] * 200), "\n".join(["b a c " * 37] * 200)),
    ],
)
def test_what_is_the_same_in_many_places_takes_no_time_for_ever(before: str, after: str) -> None:
    pieces = difference(before, after)
    assert "".join(each.text for each in pieces if each.change is not Change.PUT) == before


def test_of_a_table_with_a_column_more_each_row_stays() -> None:
    before = "".join(f"| {row} | red | 12 |\n" for row in range(1_000))
    pieces = difference(before, before.replace(" 12 |", " 12 | new |"))
    assert [each.text for each in pieces if each.change is Change.TAKEN] == []
    assert {each.text.strip() for each in pieces if each.change is Change.PUT} <= {"new |", "| new"}
