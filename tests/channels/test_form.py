"""Forms over real HTTP: taken once they are on the log, refused clearly, never twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import msgspec
import pytest

from channels.form import FROM_ONE_PLACE
from schemas.interaction import Attachment, Channel, Hints, Interaction, Party
from tests.channels.desk import Desk

FORM = {"name": "Ana Pérez", "email": "Ana@X.cu", "subject": "No arranca", "body": "Desde ayer.\nGracias."}


def _interaction(item: object) -> Interaction:
    assert isinstance(item, Interaction)
    return item


def _browser_parts(parts: list[tuple[str, str | None, str, bytes]]) -> bytes:
    """(name, file name, media type, value) as a browser writes them: no file is an empty name."""
    written = b""
    for name, file, kind, value in parts:
        head = f'--b0undary\r\nContent-Disposition: form-data; name="{name}"'
        if file is not None:
            head += f'; filename="{file}"\r\nContent-Type: {kind}'
        written += head.encode() + b"\r\n\r\n" + value + b"\r\n"
    return written + b"--b0undary--\r\n"


async def test_a_form_is_on_the_log_when_its_sender_gets_the_link(desk: Desk):
    answer = await desk.http.post("/api/v1/forms", json=FORM | {"product": "Cauce", "locale": "es-CU"})

    assert answer.status_code == 202
    interaction = UUID(answer.json()["interaction_id"])
    assert answer.json() == {
        "interaction_id": str(interaction),
        "status_url": f"{desk.base}/status/{desk.tokens.sign(interaction)}",
    }
    taken = _interaction((await desk.taken())[0])
    assert taken == Interaction(
        id=interaction,
        channel=Channel.FORM,
        sender=Party(address="email:ana@x.cu", name="Ana Pérez"),
        subject="No arranca",
        text="Desde ayer.\nGracias.",
        thread=interaction,
        contact=interaction,
        occurred_at=taken.received_at,
        received_at=taken.received_at,
        language="es",
        hints=Hints(product="Cauce"),
    )


async def test_a_repeat_with_the_same_key_is_the_same_contact_and_link(desk: Desk):
    first = await desk.http.post("/api/v1/forms", json=FORM, headers={"Idempotency-Key": "k1"})
    again = await desk.http.post("/api/v1/forms", json=FORM, headers={"Idempotency-Key": "k1"})
    assert first.json() == again.json()
    assert len({item.id for item in await desk.taken()}) == 1


async def test_another_key_another_body_or_no_key_is_another_contact(desk: Desk):
    answers = [
        await desk.http.post("/api/v1/forms", json=body, headers=headers)
        for body, headers in [
            (FORM, {"Idempotency-Key": "k1"}),
            (FORM, {"Idempotency-Key": "k2"}),
            (FORM | {"body": "otra"}, {"Idempotency-Key": "k1"}),
            (FORM, {}),
            (FORM, {}),
        ]
    ]
    assert len({answer.json()["interaction_id"] for answer in answers}) == 5


async def test_no_key_on_the_log_shows_the_address(desk: Desk):
    await desk.http.post("/api/v1/forms", json=FORM)
    await desk.http.post("/api/v1/forms", json=FORM | {"body": "otra"})
    one, other = await desk.keys()
    assert one == other
    assert len(one) == 16
    assert b"ana" not in one


@pytest.mark.parametrize(
    ("content", "kind", "status", "fields"),
    [
        (b'{"name":', "application/json", 400, []),
        (b"", "application/json", 400, []),
        (b"\xff\xfe", "application/json", 400, []),
        (b'{"name": "\\ud800"}', "application/json", 400, []),
        (b"[" * 100_000, "application/json", 400, []),
        (b"[1]", "application/json", 422, ["body"]),
        (b"{}", "application/json", 422, ["name", "email", "subject", "body"]),
        (msgspec.json.encode(FORM | {"admin": True}), "application/json", 422, ["admin"]),
        (msgspec.json.encode(FORM | {"name": 7, "body": None}), "application/json", 422, ["name", "body"]),
        (msgspec.json.encode(FORM | {"name": "x" * 201}), "application/json", 422, ["name"]),
        (msgspec.json.encode(FORM | {"subject": "x" * 301}), "application/json", 422, ["subject"]),
        (msgspec.json.encode(FORM | {"body": "x" * 50_001}), "application/json", 422, ["body"]),
        (
            msgspec.json.encode(FORM | {"body": " \n ", "name": " ", "subject": "\t"}),
            "application/json",
            422,
            ["name", "subject", "body"],
        ),
        (msgspec.json.encode(FORM | {"email": "ana"}), "application/json", 422, ["email"]),
        (msgspec.json.encode(FORM | {"email": "a\x00@x.cu"}), "application/json", 422, ["email"]),
        (msgspec.json.encode(FORM | {"locale": "../.."}), "application/json", 422, ["locale"]),
        (msgspec.json.encode(FORM | {"body": "x" * 600_000}), "application/json", 413, []),
        (msgspec.json.encode(FORM), "text/plain", 415, []),
        (msgspec.json.encode(FORM), "", 415, []),
    ],
)
async def test_what_is_wrong_is_said_and_not_kept(
    desk: Desk, content: bytes, kind: str, status: int, fields: list[str]
):
    answer = await desk.http.post("/api/v1/forms", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == fields
    assert await desk.taken() == []


async def test_a_body_without_a_stated_length_is_cut_off_when_it_is_too_long(desk: Desk):
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 64 * 1024 * 1024:
            sent += 65536
            yield b"x" * 65536

    answer = await desk.http.post("/api/v1/forms", content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_nul_is_replaced_before_it_reaches_the_log(desk: Desk):
    answer = await desk.http.post("/api/v1/forms", json=FORM | {"name": "A\x00na", "body": "a\x00b"})
    assert answer.status_code == 202
    taken = _interaction((await desk.taken())[0])
    assert (taken.sender.name, taken.text) == ("A\ufffdna", "a\ufffdb")


async def test_the_longest_form_of_the_widest_characters_is_taken(desk: Desk):
    answer = await desk.http.post(
        "/api/v1/forms", json=FORM | {"body": "🌊" * 50_000, "subject": "🌊" * 300, "name": "🌊" * 200}
    )
    assert answer.status_code == 202
    assert _interaction((await desk.taken())[0]).text == "🌊" * 50_000


async def test_a_page_s_form_brings_its_files_into_the_blob_store(desk: Desk):
    parts = _browser_parts(
        [
            (name, None, "", value.encode())
            for name, value in (FORM | {"product": "", "idempotency_key": "once"}).items()
        ]
        + [
            ("files", "..\\..\\etc/informe\x07 ñ.pdf", "application/pdf; x=y", b"%PDF-1.7"),
            ("files", "", "application/octet-stream", b""),
            ("files", "b.bin", "<script>", b"\x00" * 3_000_000),
        ]
    )
    answer = await desk.http.post(
        "/contact", content=parts, headers={"Content-Type": "multipart/form-data; boundary=b0undary"}
    )

    assert answer.status_code == 200, answer.text
    pdf, binary = _interaction((await desk.taken())[0]).attachments
    assert pdf == Attachment(name="informe ñ.pdf", bytes=8, media_type="application/pdf", blob=pdf.blob)
    assert binary == Attachment(name="b.bin", bytes=3_000_000, media_type="application/octet-stream", blob=binary.blob)
    assert (desk.blobs.get(pdf.blob), desk.blobs.get(binary.blob)) == (b"%PDF-1.7", b"\x00" * 3_000_000)


async def test_pressing_a_page_s_button_twice_is_one_contact(desk: Desk):
    async def press(data: bytes) -> str:
        files = [("files", ("a.txt", data, "text/plain"))]
        answer = await desk.http.post("/contact", data=FORM | {"idempotency_key": "once"}, files=files)
        found: str = answer.json()["interaction_id"]
        return found

    assert await press(b"one") == await press(b"one")
    assert await press(b"one") != await press(b"two")


async def test_a_page_s_form_without_files_may_come_urlencoded(desk: Desk):
    answer = await desk.http.post("/contact", data=FORM | {"body": "Uno\r\ndos", "locale": ""})
    assert answer.status_code == 200
    assert _interaction((await desk.taken())[0]).text == "Uno\ndos"


async def test_a_file_or_form_that_is_too_large_leaves_nothing(desk: Desk):
    for size in (10 * 1024 * 1024 + 1, 26 * 1024 * 1024):
        answer = await desk.http.post("/contact", data=FORM, files=[("files", ("a", b"x" * size, "text/plain"))])
        assert answer.status_code == 413
    assert await desk.taken() == []


async def test_what_is_wrong_is_not_said_without_end(desk: Desk):
    fields = {"x" * 100_000: 1} | {f"x{number}": 1 for number in range(20_000)}
    answer = await desk.http.post("/api/v1/forms", json=FORM | fields)
    assert (answer.status_code, len(answer.json()["errors"])) == (422, 100)
    assert len(answer.content) < 20_000


async def test_many_fields_are_bounded_together(desk: Desk):
    fields = {f"field{number}": (None, "x" * 60_000) for number in range(10)}
    answer = await desk.http.post("/contact", files=fields)
    assert (answer.status_code, "at most 524288 bytes" in answer.text) == (400, True)


async def test_a_broken_multipart_form_is_malformed(desk: Desk):
    for content in (b"garbage", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"):
        answer = await desk.http.post(
            "/contact", content=content, headers={"Content-Type": "multipart/form-data; boundary=b"}
        )
        assert answer.status_code in {400, 422}
    whole = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nAna\r\n--b--\r\n'
    answer = await desk.http.post("/contact", content=whole, headers={"Content-Type": "multipart/form-data"})
    assert answer.status_code == 400


def _naming(charset: str, *, of: str) -> tuple[str, bytes]:
    """A form whose content type, parts or field `_charset_` name a charset: its content type, and its bytes."""
    said = f"; charset={charset}"
    content = f"Content-Type: text/plain{said}\r\n" if of == "parts" else ""
    fields = FORM | ({"_charset_": charset} if of == "field" else {})
    parts = [
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n{content}\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return f"multipart/form-data; boundary=b{said if of == 'form' else ''}", f"{''.join(parts)}--b--\r\n".encode()


@pytest.mark.parametrize("of", ["form", "parts", "field"])
async def test_a_form_may_say_that_it_is_in_utf8_and_nothing_else(desk: Desk, of: str):
    for charset in ("utf-8", "UTF-8", "us-ascii", '"utf-8"' if of != "field" else "utf8"):
        kind, content = _naming(charset, of=of)
        answer = await desk.http.post("/contact", content=content, headers={"Content-Type": kind})
        assert answer.status_code == 200, charset
    assert {_interaction(item).sender.name for item in await desk.taken()} == {"Ana Pérez"}
    for charset in ("iso-8859-1", "undefined", "é"):
        kind, content = _naming(charset, of=of)
        answer = await desk.http.post("/contact", content=content, headers=[(b"Content-Type", kind.encode())])
        assert (answer.status_code, "words are UTF-8" in answer.text) == (415, True), charset


async def test_a_page_s_urlencoded_form_may_name_its_charset(desk: Desk):
    assert (await desk.http.post("/contact", data=FORM | {"_charset_": "UTF-8"})).status_code == 200
    assert (await desk.http.post("/contact", data=FORM | {"_charset_": "cp1252"})).status_code == 415


async def test_a_text_file_of_a_form_is_written_in_whatever_it_says(desk: Desk):
    files = [("files", ("notas.txt", "Año".encode("latin-1"), "text/plain; charset=iso-8859-1"))]
    assert (await desk.http.post("/contact", data=FORM, files=files)).status_code == 200


async def test_who_holds_the_link_writes_on_in_its_thread_without_proving_who_they_are(desk: Desk):
    form = (await desk.http.post("/api/v1/forms", json=FORM)).json()
    thread = UUID(form["interaction_id"])
    desk.outside.senders[thread] = Party(address="email:ana@x.cu", name="Ana Pérez", proven=True)

    answer = await desk.http.post(form["status_url"] + "/messages", json={"body": "Sigue igual."})

    assert answer.status_code == 202
    interaction = UUID(answer.json()["interaction_id"])
    taken = _interaction((await desk.taken())[1])
    assert taken == Interaction(
        id=interaction,
        channel=Channel.FORM,
        sender=Party(address="email:ana@x.cu", name="Ana Pérez"),
        text="Sigue igual.",
        thread=thread,
        contact=interaction,
        occurred_at=taken.received_at,
        received_at=taken.received_at,
        hints=Hints(thread_signed=True),
    )


async def test_a_link_used_before_its_thread_is_known_speaks_for_itself(desk: Desk):
    thread = uuid4()
    await desk.http.post(f"/status/{desk.tokens.sign(thread)}/messages", json={"body": "hola"})
    assert _interaction((await desk.taken())[0]).sender == Party(address=f"chat:{thread}")


async def test_a_link_that_nobody_signed_is_not_found(desk: Desk):
    token = desk.tokens.sign(uuid4())
    forged = ("b" if token[0] == "a" else "a") + token[1:]
    for wrong in (forged, "x", "%00", "a" * 5000):
        answer = await desk.http.post(f"/status/{wrong}/messages", json={"body": "hola"})
        assert answer.status_code == 404
    assert await desk.taken() == []


async def test_a_follow_up_is_as_strict_as_a_form(desk: Desk):
    url = f"/status/{desk.tokens.sign(uuid4())}/messages"
    assert (await desk.http.post(url, json={"body": ""})).status_code == 422
    assert (await desk.http.post(url, json={"body": "a", "x": 1})).status_code == 422
    assert (await desk.http.post(url, content=b"{", headers={"Content-Type": "application/json"})).status_code == 400
    assert (await desk.http.post(url, data={"body": "a"})).status_code == 415


async def test_one_place_can_not_crowd_out_the_others(limited_desk: Desk):
    answers = await asyncio.gather(
        *(limited_desk.http.post("/api/v1/forms", json=FORM | {"email": f"{number}@x.cu"}) for number in range(100))
    )
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 100 - FROM_ONE_PLACE.burst
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert len(await limited_desk.taken()) == 100 - len(refused)


async def test_one_address_is_not_flooded_with_our_confirmations(limited_desk: Desk):
    answers = [await limited_desk.http.post("/api/v1/forms", json=FORM) for _ in range(25)]
    assert [answer.status_code for answer in answers[:20]] == [202] * 20
    assert {answer.status_code for answer in answers[20:]} == {429}


async def test_without_the_log_a_form_is_told_to_come_back_within_five_seconds(
    breakable_desk: tuple[Desk, Callable[[], None], Callable[[], None]],
):
    desk, stop, start = breakable_desk
    assert (await desk.http.post("/api/v1/forms", json=FORM)).status_code == 202
    await asyncio.to_thread(stop)

    began = time.monotonic()
    answers = await asyncio.gather(*(desk.http.post("/api/v1/forms", json=FORM) for _ in range(5)))
    assert time.monotonic() - began < 5
    assert {answer.status_code for answer in answers} == {503}
    assert {int(answer.headers["Retry-After"]) for answer in answers} == {5}

    await asyncio.to_thread(start)
    deadline = time.monotonic() + 60
    while (await desk.http.post("/api/v1/forms", json=FORM)).status_code != 202:
        assert time.monotonic() < deadline
