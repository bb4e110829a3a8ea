"""A guide is read from its Markdown, checked on saving, and walked by answers."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidError
from services.knowledge.guide import Fault, check, read, told, walk, way_of

RESET = UUID("6f2c7a4e-0d53-4a6b-9a35-0f6d0a4c2b11")
PRINTER = f"""Two minutes, and you know.

## ¿Se enciende la impresora?
Look at the **green** light.

- Yes -> #paper
- No -> article:{RESET}

### Is there paper? {{#paper}}
```
- not an answer -> #nowhere
```
* Yes, there is -> contact
* I want to begin again -> #se-enciende-la-impresora
"""


def test_headings_are_questions_and_items_with_an_arrow_are_answers() -> None:
    guide, problems = read(PRINTER)
    assert problems == []
    assert guide.opening == "Two minutes, and you know."
    assert [(each.name, each.words) for each in guide.questions] == [
        ("se-enciende-la-impresora", "¿Se enciende la impresora?"),
        ("paper", "Is there paper?"),
    ]
    assert guide.questions[0].text == "Look at the **green** light."
    assert [each.words for each in guide.questions[1].answers] == ["Yes, there is", "I want to begin again"]
    named = [answer.article for question in guide.questions for answer in question.answers if answer.article]
    assert named == [RESET]
    check(PRINTER)


def test_answers_lead_from_question_to_question_to_an_article_or_to_a_person() -> None:
    guide, _ = read(PRINTER)
    assert walk(guide, ()).question == guide.questions[0]
    assert walk(guide, (0,)).question == guide.questions[1]
    at_article, at_person = walk(guide, (1,)), walk(guide, way_of("0.1.0.0"))
    assert (at_article.question, at_article.article) == (None, RESET)
    assert (at_person.question, at_person.article) == (None, None)
    assert told(at_person.taken).splitlines() == [
        "¿Se enciende la impresora? Yes",
        "Is there paper? I want to begin again",
        "¿Se enciende la impresora? Yes",
        "Is there paper? Yes, there is",
    ]


def test_a_way_of_another_edition_leads_as_far_as_it_can() -> None:
    guide, _ = read(PRINTER)
    assert walk(guide, (0, 7, 1)).question == guide.questions[1]
    assert way_of("0.x.-1.999.2") == (0, 2)


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ("Only words.", [(1, Fault.NO_QUESTION)]),
        ("# Well?\nNothing.", [(1, Fault.NO_ANSWERS)]),
        ("# A?\n- x -> #b\n- y -> #b\n# B?\n- -> contact", [(5, Fault.NO_WORDS)]),
        ("# A?\n- x -> nowhere\n- y ->\n- z -> article:7", [(line, Fault.NO_TARGET) for line in (2, 3, 4)]),
        ("# A?\n- x -> contact\n- y -> #b\n# {#b}\n- z -> contact", [(4, Fault.NO_WORDS)]),
        ("# A?\n- x -> #c\n- y -> contact", [(2, Fault.NO_SUCH_QUESTION)]),
        ("# A?\n- x -> contact\n# A?\n- y -> contact", [(3, Fault.NAME_TWICE)]),
        ("# A?\n- x -> contact\n# B?\n- y -> contact", [(3, Fault.UNREACHED)]),
        ("# A?\n- x -> #b\n- y -> contact\n# B?\n- z -> #b", [(4, Fault.ENDLESS)]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(body: str, faults: list[tuple[int, Fault]]) -> None:
    _, problems = read(body)
    assert [(each.line, each.fault) for each in problems] == faults
    with pytest.raises(InvalidError, match=f"line {faults[0][0]}: "):
        check(body)


@given(
    st.text(alphabet="#- >{}ab\n`:" + "\N{LATIN SMALL LETTER N WITH TILDE}", max_size=80), st.lists(st.integers(0, 3))
)
def test_any_text_can_be_read_and_walked(body: str, way: list[int]) -> None:
    guide, _ = read(body)
    assert len(walk(guide, way).taken) <= len(way)


def test_no_line_is_too_long_to_be_read() -> None:
    """Each took minutes."""
    guide, problems = read(f"# A{' ' * 100_000}?\n- {'->' * 100_000} x y\n- {' ' * 100_000}x\n- y -> contact")
    assert problems == []
    assert [each.words for each in guide.questions[0].answers] == ["y"]


def test_what_looks_like_the_end_of_a_name_is_no_name() -> None:
    guide, _ = read("# abc}\n- x -> contact")
    assert (guide.questions[0].name, guide.questions[0].words) == ("abc", "abc}")
