"""Compressed RTF: the example of MS-OXRTFCP §4.1, what is none, and how much of it is read of a mail."""

from __future__ import annotations

import struct
from email.message import EmailMessage

from striprtf import striprtf

from channels.email.mime.rtf import RTF_MAX_BYTES, decompressed, text_of_rtf
from channels.email.mime.tnef import SIGNATURE
from channels.email.parse import parse
from schemas.interaction import Label
from tests.channels.email.mails import OURS, raw_mail

COMPRESSED = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
RTF = rb"{\rtf1\ansi\ansicpg1252\pard hello world}" + b"\r\n"


def test_what_repeats_itself_is_copied_from_what_came_before():
    assert decompressed(COMPRESSED) == RTF
    assert text_of_rtf(RTF) == "hello world"


def test_what_is_stored_is_taken_as_it_is():
    stored = (len(RTF) + 12).to_bytes(4, "little") + len(RTF).to_bytes(4, "little") + b"MELA" + b"\0" * 4 + RTF
    assert decompressed(stored + b"behind it") == RTF


def test_what_is_cut_gives_what_came_and_what_is_none_gives_nothing():
    assert RTF.startswith(decompressed(COMPRESSED[:30]))
    assert decompressed(COMPRESSED[:30]).startswith(rb"{\rtf1\ansi")
    assert (decompressed(b"no"), decompressed(b"\0" * 40), text_of_rtf(b"no")) == (b"", b"", "")


def stored(words: bytes) -> bytes:
    whole = rb"{\rtf1 " + words + b"}"
    return struct.pack("<II4sI", len(whole) + 12, len(whole), b"MELA", 0) + whole


def tnef(level: int, *properties: tuple[int, int, bytes], first: bytes = b"") -> bytes:
    """Attributes of a message, or of its one attachment, below those that came `first`."""
    packed = b"".join(
        struct.pack("<HHII", kind, identity, 1, len(value)) + value + b"\0" * (-len(value) % 4)
        for kind, identity, value in properties
    )
    packed = struct.pack("<I", len(properties)) + packed
    rendered = struct.pack("<BIIH", 2, 0x9002, 0, 0) if level == 2 else b""
    attribute = 0x9003 if level == 1 else 0x9005
    head = first or SIGNATURE + b"\0\0"
    return head + rendered + struct.pack("<BII", level, attribute, len(packed)) + packed + b"\0\0"


def of_rtf(words: bytes) -> bytes:
    return tnef(1, (0x102, 0x1009, stored(words)))


def within(inner: bytes, first: bytes) -> bytes:
    return tnef(2, (0x1E, 0x3001, b"enclosed"), (0x0D, 0x3701, b"\0" * 16 + inner), first=first)


def mail(*files: bytes) -> bytes:
    made = EmailMessage()
    made["From"] = "ana@x.cu"
    for each in files:
        made.add_attachment(each, "application", "ms-tnef", filename="winmail.dat")
    return made.as_bytes()


def read(*files: bytes):
    content = mail(*files)
    return parse(raw_mail(len(content)), content, OURS)


def test_a_mail_has_one_room_for_all_its_rtf_and_what_is_over_it_stays_a_file(monkeypatch):
    given = []
    reader = striprtf.rtf_to_text
    monkeypatch.setattr(striprtf, "rtf_to_text", lambda text, **more: given.append(len(text)) or reader(text, **more))
    large = of_rtf(b"word " * (RTF_MAX_BYTES // 8))  # 5/8 of the room
    found = read(*[within(large, first=large)] * 5)
    assert sum(given) == RTF_MAX_BYTES
    assert found.interaction.labels == (Label.INCOMPLETE,)
    # of the first its own words, and a part of those of the enclosed one
    assert [(each.name, each.data == within(large, large)) for each in found.files] == [
        ("enclosed.txt", False), *[("winmail.dat", True)] * 5,
    ]  # fmt: skip
    assert found.interaction.text.startswith("word word")


def test_what_has_room_is_unpacked_whole():
    found = read(within(of_rtf(b"dentro"), first=of_rtf(b"fuera")), of_rtf(b"otra"))
    assert (found.interaction.text, found.interaction.labels) == ("fuera\notra", ())
    assert [(each.name, each.data) for each in found.files] == [("enclosed.txt", b"dentro")]


LINK = rb'{\field{\*\fldinst{HYPERLINK "https://x.cu/a"}}{\fldrslt{\cf1\ul aqui}}}'
FONTS = rb"{\fonttbl{\f0\fswiss Arial;}{\f1\fnil\fcharset204 Times;}}"


def test_links_are_said_and_fonts_have_their_charset():
    words = rb"{\rtf1\ansi\ansicpg1252" + FONTS + rb"\f0 vea " + LINK + rb" \f1\'ef\'f0 fin}"
    assert text_of_rtf(words) == 'vea aqui("https://x.cu/a") пр fin'


def test_the_library_finds_no_pattern_of_its_own_that_takes_n_times_n_steps(monkeypatch):
    given = []
    monkeypatch.setattr(striprtf, "rtf_to_text", lambda text, **_: given.append(text))
    bomb = rb"{\field{\*\fldinst{" * 99 + b'HYPERLINK "' * 99 + b'"}}{' * 99
    fonts = rb"{\fonttbl" + rb"\f0" * 99 + rb"\fcharset" + b"1" * 99 + b"x" * 99
    text_of_rtf(rb"{\rtf1" + fonts + b"}" + bomb + LINK + fonts)
    (text,) = given
    assert r"\field{" not in text
    first, *listed = striprtf.font_table_group(text).split("\n")
    assert (first, max(map(len, listed)) < 40) == (r"{\fonttbl", True)
    assert text.count(r"\fonttbl") == 1
