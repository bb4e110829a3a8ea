"""What an article begins with that is made of an answer, and what in it may tell who asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.knowledge.personal import Tells, find, pieces, replaced
from services.knowledge.turning import Made, language_of, made_of, words_of

QUESTION = """Buenos días:

Desde ayer no puedo entrar. ¿Cómo cambio la contraseña si no llega el correo?

Un saludo,
Ana Pérez"""
ANSWER = """Hola, Ana:

Gracias por avisar. Pulse **¿Olvidó la contraseña?** y mire en la carpeta de no deseados.

El enlace vale dos horas.

Atentamente,
Marta

El lun, 2 nov 2026 a las 9:12, Ana Pérez <ana@laespiga.example> escribió:
> Desde ayer no puedo entrar.
"""


def test_question_and_answer_lose_greeting_closing_and_quotes() -> None:
    made = made_of("Re: Acceso [#7]", QUESTION, ANSWER, language="en")
    assert made == Made(
        "¿Cómo cambio la contraseña si no llega el correo?",
        "Pulse **¿Olvidó la contraseña?** y mire en la carpeta de no deseados.\n\nEl enlace vale dos horas.",
        "es",
    )


def test_a_last_paragraph_of_names_is_nobodys_answer() -> None:
    assert words_of("Elija el papel.\n\nCarmen de la Rosa, Ceiba Software") == "Elija el papel."
    assert words_of("Elija el papel.\n\nEva\nSoporte · Cauce") == "Elija el papel."
    assert words_of("Abra\n\nAjustes > Papel").endswith("Papel")
    assert words_of("Eva") == "Eva"


def test_a_subject_that_says_enough_is_the_title_and_a_statement_where_nobody_asks() -> None:
    assert made_of("RE: Where are my backups?", "Well?", "There.", language="en").title == "Where are my backups?"
    assert made_of("Printer [#12]", "It cuts the page.", "Choose A4.", language="en").title == "Printer"
    assert made_of("", "Hi,\nIt cuts the page. Always.", "Choose A4.", language="en").title == "It cuts the page."


def test_what_only_looks_like_a_greeting_stays() -> None:
    assert words_of("Hello World is the name of the first program that anybody writes.").startswith("Hello World")
    assert words_of("Thanks") == "Thanks"


@pytest.mark.parametrize(
    ("text", "otherwise", "language"),
    [
        ("You can find it in the settings of your account.", "es", "en"),
        ("Lo puede encontrar en los ajustes de la cuenta.", "en", "es"),
        ("OK", "es", "es"),
        ("", "en", "en"),
    ],
)
def test_the_language_is_told_by_its_small_words(text: str, otherwise: str, language: str) -> None:
    assert language_of(text, otherwise) == language


def test_what_tells_who_it_was_is_found() -> None:
    text = (
        "Ana, write to ana.perez+x@laespiga.example or call +53 5123-4567. Invoice F2026-0815 of order AB12345678: "
        "https://hub.example/status/eyJ0aHJlYWQiOjF9.Zk3x9Qw8 and https://shop.example/pay?id=3. PEREZ knows."
    )
    found = [(text[each.start : each.end], each.tells) for each in find(text, ["Ana Pérez", "Perez"])]
    assert found == [
        ("Ana", Tells.NAME),
        ("ana.perez+x@laespiga.example", Tells.EMAIL),
        ("+53 5123-4567", Tells.PHONE),
        ("F2026-0815", Tells.NUMBER),
        ("AB12345678", Tells.NUMBER),
        ("https://hub.example/status/eyJ0aHJlYWQiOjF9.Zk3x9Qw8", Tells.LINK),
        ("https://shop.example/pay?id=3", Tells.LINK),
        ("PEREZ", Tells.NAME),
    ]


@pytest.mark.parametrize(
    "number",
    [
        *("12345678Z", "12.345.678-z", "X1234567L", "x-1234567-l", "ES91 2100 0418 4502 0005 1332"),
        *(
            "DE89370400440532013000",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "4222222222222",
            "6304000000000000000",
        ),
    ],
)
def test_numbers_of_people_accounts_and_cards_are_found_whole(number: str) -> None:
    text = f"Con {number}, y nada más."
    assert [text[each.start : each.end] for each in find(text)] == [number]


@pytest.mark.parametrize("said", ["Pérez", "perez", "PÉREZ", "Pe\N{COMBINING ACUTE ACCENT}rez"])
@pytest.mark.parametrize("name", ["Ana Perez", "Ana Pérez"])
def test_names_are_found_with_and_without_accents(said: str, name: str) -> None:
    text = f"La señora {said} llamó."
    assert replaced(text, [name], {Tells.NAME: "X"}) == "La señora X llamó."


def test_what_everybody_may_know_is_left_alone() -> None:
    text = (
        "Since version 8.12.4 of 2026-11-02 (02/11/2026), error C-101 is gone: see https://hub.example/help/printing "
        "or Settings, Banana. It takes 1500 rows."
    )
    assert find(text, ["Ana Li"]) == []


@given(st.text(alphabet="a1@.+- h:/?AB", max_size=60), st.lists(st.text(max_size=5), max_size=2))
def test_the_pieces_are_the_text(text: str, names: list[str]) -> None:
    assert "".join(piece for piece, _ in pieces(text, find(text, names))) == text
