"""What we send is signed: any receiver can verify it by the record we print, and nothing of it can be changed."""

from __future__ import annotations

import re
import stat
from datetime import UTC, datetime

import dkim
import pytest

from channels.email.sending.outgoing import OutgoingMail, compose
from channels.email.sending.signing import Signer, create, read_keys
from schemas.errors import ConflictError, SettingsError

MAIL = OutgoingMail(
    mailbox="support@cauce.example",
    answers_to="support+token@cauce.example",
    name="Soporte",
    recipient="ana@x.cu",
    recipient_name="Ana Pérez",
    subject="Re: Factura",
    text="Señora:\n\n.una línea con punto\n\n" + "palabra " * 300,
    language="es",
    message_id="one@cauce.example",
    references=("a@x.cu",),
    loop="mark",
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
)


def zone(*records: str):
    """The DNS, as these zone-file lines would have it."""
    known = {line.split(" ")[0].encode(): "".join(re.findall(r'"([^"]*)"', line)).encode() for line in records}
    return lambda name, timeout=5: known.get(name)  # noqa: ARG005 -- dkimpy's shape


def test_what_is_signed_is_verified_by_the_record_that_was_printed(tmp_path):
    key = create(tmp_path, "cauce.example", "cauce")
    signed = Signer(read_keys(tmp_path)).sign(MAIL.mailbox, compose(MAIL))
    assert dkim.verify(signed, dnsfunc=zone(key.record()))
    assert all(len(piece) <= 255 for piece in re.findall(r'"([^"]*)"', key.record()))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"ana@x.cu", b"eva@x.cu"),
        (b"Factura", b"Fortuna"),
        (b"punto", b"coma"),
        (b"From: ", b"From: eva@x.cu\r\nFrom: "),
    ],
)
def test_nothing_of_it_can_be_changed(tmp_path, was, becomes):
    key = create(tmp_path, "cauce.example", "cauce")
    signature, _, mail = Signer(read_keys(tmp_path)).sign(MAIL.mailbox, compose(MAIL)).partition(b"From: ")
    changed = signature + (b"From: " + mail).replace(was, becomes, 1)
    assert not dkim.verify(changed, dnsfunc=zone(key.record()))


def test_two_keys_sign_while_one_takes_the_others_place(tmp_path):
    old, new = create(tmp_path, "cauce.example", "old"), create(tmp_path, "cauce.example", "new")
    signed = Signer(read_keys(tmp_path)).sign(MAIL.mailbox, compose(MAIL))
    assert signed.count(b"DKIM-Signature:") == 2
    for place, key in ((1, old), (0, new)):
        verifier = dkim.DKIM(signed)
        assert verifier.verify(place, dnsfunc=zone(key.record())), key.selector


def test_mail_of_a_domain_without_a_key_stays_as_it_is(tmp_path):
    create(tmp_path, "other.example", "cauce")
    mail = compose(MAIL)
    assert Signer(read_keys(tmp_path)).sign(MAIL.mailbox, mail) == mail


def test_a_key_is_its_owners_alone_and_never_written_over(tmp_path):
    create(tmp_path, "Cauce.example", "cauce")
    path = tmp_path / "cauce.example" / "cauce.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConflictError):
        create(tmp_path, "cauce.example", "cauce")
    with pytest.raises(SettingsError):
        create(tmp_path, "../cauce.example", "cauce")


def test_a_file_that_is_no_key_stops_the_start(tmp_path):
    create(tmp_path, "cauce.example", "cauce")
    (tmp_path / "cauce.example" / "cauce.pem").write_text("-----BEGIN NOTHING-----")
    with pytest.raises(SettingsError, match=r"cauce\.pem"):
        read_keys(tmp_path)


def test_every_line_is_short_and_ascii_so_that_no_relay_rewrites_it():
    lines = compose(MAIL).split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert all(line.isascii() for line in lines)
