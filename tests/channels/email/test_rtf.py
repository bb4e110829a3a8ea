"""Compressed RTF: the example of MS-OXRTFCP §4.1, whose text repeats itself, and what is none."""

from __future__ import annotations

from channels.email.mime.rtf import decompressed, text_of_rtf

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
