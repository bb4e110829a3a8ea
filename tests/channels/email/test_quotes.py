"""What no mail of the corpus can show: what telling history apart costs, and that nothing of one's own is lost."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.words.html_text import text_of_html
from channels.email.words.quotes import is_answer, is_forward, reply_of

MEGABYTE = 1024 * 1024
LINES = [
    "On a wrote:",
    "On Mon, 2 Mar 2026 at 10:00, Ana <a@x.cu> wrote:",
    "On Mon, 2 Mar 2026 at 10:00",
    "From: a\nSent: b",
    "From:",
    "> ",
    ">",
    "--",
    "-- ",
    "-----Original Message",
    "---------- Forwarded message",
    "_" * 30,
    "Sent from my iPhone and",
    "a:",
    "<" * 200,
    "On " * 100 + ":",
    " " * 100,
    "",
]


def work(text: str) -> int:
    """How many functions were called, the interpreter's own among them."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        reply_of(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("between", ["\n", "\n> q\n", "\n\n", "\nx\n"])
def test_the_work_grows_with_the_lines_and_no_faster(line, between):
    once = work(f"{line}{between}" * 400)
    assert work(f"{line}{between}" * 1600) <= 4.2 * once + 200


def test_a_megabyte_of_all_of_it_is_read():
    lines = "\n".join(LINES)
    text = f"{lines}\n" * (MEGABYTE // len(lines))
    assert work(text) <= 60 * text.count("\n")


@pytest.mark.parametrize("line", LINES)
def test_a_megabyte_without_an_end_of_line_is_one_line(line):
    flat = line.replace("\n", " ")
    assert work(flat * (MEGABYTE // (len(flat) or 1))) <= 200


WORDS = st.text(alphabet="abc ñ日.,", min_size=1, max_size=30).filter(lambda text: text.strip())


@given(st.lists(WORDS, min_size=1, max_size=8), st.sampled_from(["answers", "says"]))
def test_plain_words_are_all_kept(lines, how):
    text = "\n".join(lines)
    assert reply_of(text, answers=how == "answers") == text.rstrip()


@given(WORDS)
def test_words_below_a_quote_keep_what_they_answer(words):
    text = f"On Mon, 2 Mar 2026 at 10:00, Ana <a@x.cu> wrote:\n> which?\n\n{words}"
    assert reply_of(text) == text.rstrip()


@pytest.mark.parametrize(
    "subject", ["Re: x", "RE: x", "AW: x", "Antw: x", "R: x", "RIF: x", "Res: x", "Re[2]: x", "回复:x", "Отв: x"]
)
def test_an_answer_says_so(subject):
    assert is_answer(subject)
    assert not is_forward(subject)


@pytest.mark.parametrize(
    "subject", ["Fwd: x", "FW: x", "RV: x", "WG: x", "TR: x", "ENC: x", "I: x", "转发:x", "転送: x", "Пересл: x"]
)
def test_a_forward_says_so(subject):
    assert is_forward(subject)
    assert not is_answer(subject)


def test_links_in_text_are_named_as_the_network_knows_them():
    assert text_of_html('<a href="https://аpple.com/x?y">here</a>') == "here <https://xn--pple-43d.com/x?y>"  # noqa: RUF001 -- a look-alike
