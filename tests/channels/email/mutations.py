"""Mails as damage and malice make them: those of the corpus, changed by chance. The same number, the same mail.

`generated.py` has mails made from nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from random import Random

MUTATIONS_MAX = 6
_MAIL_MAX_BYTES = 256 * 1024
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_CHARSET = re.compile(rb"charset=\"?[A-Za-z0-9_-]+", re.IGNORECASE)
_BOUNDARY = re.compile(rb"boundary=\"?([^\s\";]+)", re.IGNORECASE)
_ENCODING = re.compile(rb"Content-Transfer-Encoding: *[A-Za-z0-9-]+", re.IGNORECASE)
_TYPE = re.compile(rb"Content-Type: *[A-Za-z0-9/+.-]+", re.IGNORECASE)
_NUMBER = re.compile(rb"\d+")

_CHARSETS = (
    *b"utf-8 utf-7 utf-16 utf-32 iso-2022-jp iso-2022-kr hz-gb-2312 shift_jis big5 gb18030 koi8-r windows-1252".split(),
    *b"cp037 idna punycode rot13 base64 unicode_escape undefined zip x utf-8-sig \xff".split(),
    b"",
)
_ENCODINGS = (*b"base64 quoted-printable x-uuencode 8bit binary 7bit nothing \xff".split(), b"")
_TYPES = (
    *b"text/plain text/html text/calendar text/vcard text/enriched message/rfc822 message/delivery-status".split(),
    *b"message/partial message/external-body multipart/mixed multipart/alternative multipart/report".split(),
    *b"multipart/related multipart/signed multipart/encrypted multipart/digest application/ms-tnef image/png".split(),
    *b"application/pkcs7-mime multipart/ / text".split(),
    b"x" * 300,
    b"",
)
_HEADERS = (
    b"From: ",
    b"From: <>",
    b"To: undisclosed-recipients:;",
    b"Subject: =?utf-8?b?4pyT?=",
    b"Subject: =?x?q?=?=",
    b"Date: 0",
    b"Message-ID: <\xff@\xfe>",
    b"References: " + b"<a@b> " * 200,
    b"Content-Type: message/rfc822",
    b"Content-Length: -1",
    b"Content-Disposition: attachment; filename*0*=utf-8''%; filename*9=x",
    b"Return-Path: <>",
    b"Auto-Submitted: auto-replied",
    b"Content-Type: multipart/mixed; boundary=",
    b"MIME-Version: 9",
    b"\x00: \x00",
    b"X" * 2000,
    b" folded",
    b"Sender: a@b, c@d",
)

Mutation = Callable[[bytes, Random], bytes]


def mutated(corpus: Sequence[bytes], number: int) -> bytes:
    """One mail of the corpus, or pieces of two, changed one to six times."""
    random = Random(number)  # noqa: S311 -- it has to be the same again
    mail = random.choice(corpus)
    for _ in range(random.randint(1, MUTATIONS_MAX)):
        mail = random.choice(MUTATIONS)(mail, random)[:_MAIL_MAX_BYTES]
    return mail if random.random() < 0.95 else _spliced(mail, random.choice(corpus), random)


def _somewhere(mail: bytes, random: Random) -> int:
    return random.randint(0, len(mail))


def _spliced(mail: bytes, other: bytes, random: Random) -> bytes:
    return mail[: _somewhere(mail, random)] + other[_somewhere(other, random) :]


def flip_bytes(mail: bytes, random: Random) -> bytes:
    """A few bytes become others."""
    changed = bytearray(mail)
    for _ in range(random.randint(1, 20) if changed else 0):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def cut(mail: bytes, random: Random) -> bytes:
    """It ends too early."""
    return mail[: _somewhere(mail, random)]


def cut_out(mail: bytes, random: Random) -> bytes:
    """A piece is missing."""
    begin, end = sorted((_somewhere(mail, random), _somewhere(mail, random)))
    return mail[:begin] + mail[end:]


def repeat_a_piece(mail: bytes, random: Random) -> bytes:
    """A piece comes again, up to fifty times."""
    begin, end = sorted((_somewhere(mail, random), _somewhere(mail, random)))
    return mail[:end] + mail[begin:end] * random.randint(1, 50) + mail[end:]


def insert_noise(mail: bytes, random: Random) -> bytes:
    """Bytes that have no business there."""
    at = _somewhere(mail, random)
    return mail[:at] + random.randbytes(random.randint(1, 60)) + mail[at:]


def insert_marks(mail: bytes, random: Random) -> bytes:
    """What means something to a parser, where it means something else."""
    marks = (
        b"\r\n\r\n",
        b"\r",
        b"\n",
        b"\x00",
        b"--",
        b"=?utf-8?q?",
        b"?=",
        b"=",
        b"<",
        b'"',
        b"(",
        b";",
        b"\\",
        b"*0*=",
        b"''%",
        b"\x1b$B",
    )
    at = _somewhere(mail, random)
    return mail[:at] + random.choice(marks) * random.randint(1, 30) + mail[at:]


def swap_charset(mail: bytes, random: Random) -> bytes:
    """Each part says another charset."""
    return _CHARSET.sub(lambda _: b"charset=" + random.choice(_CHARSETS), mail)


def swap_encoding(mail: bytes, random: Random) -> bytes:
    """Each part says another transfer encoding."""
    return _ENCODING.sub(lambda _: b"Content-Transfer-Encoding: " + random.choice(_ENCODINGS), mail)


def swap_types(mail: bytes, random: Random) -> bytes:
    """Some parts say they are something else."""
    return _TYPE.sub(lambda found: b"Content-Type: " + random.choice((*_TYPES, found.group()[14:])), mail)


def swap_numbers(mail: bytes, random: Random) -> bytes:
    """Numbers become absurd."""
    absurd = (b"0", b"-1", b"99999999999999999999", b"4294967296", b"1e309")
    return _NUMBER.sub(lambda found: random.choice((*absurd, *[found.group()] * 8)), mail)


def add_headers(mail: bytes, random: Random) -> bytes:
    """Headers that are there already, or should not be."""
    chosen = b"".join(random.choice(_HEADERS) + b"\r\n" for _ in range(random.randint(1, 8)))
    return chosen + mail


def repeat_headers(mail: bytes, random: Random) -> bytes:
    """All of them once more, before or after."""
    head = _BLANK_LINE.split(mail, maxsplit=1)[0]
    lines = head.splitlines(keepends=True)
    random.shuffle(lines)
    return b"".join(lines).rstrip(b"\r\n") + b"\r\n" + mail


def operate_on_boundaries(mail: bytes, random: Random) -> bytes:
    """A delimiter is lost, doubled, ended early, or another's."""
    named = _BOUNDARY.findall(mail)
    if not named:
        return mail
    delimiter = b"--" + random.choice(named)
    others = (
        b"",
        delimiter + b"--",
        delimiter + b"\r\n" + delimiter,
        b"--" + random.choice(named),
        delimiter[:-1],
        b" " + delimiter,
    )
    pieces = mail.split(delimiter)
    return (
        b"".join(piece + (delimiter if random.random() < 0.6 else random.choice(others)) for piece in pieces[:-1])
        + pieces[-1]
    )


def enclose(mail: bytes, random: Random) -> bytes:
    """It becomes a part of another, once or many times."""
    for level in range(random.choice((1, 1, 2, 5, 40))):
        if random.random() < 0.5:
            mail = b"Content-Type: message/rfc822\r\n\r\n" + mail
        else:
            boundary = b"e%d" % level
            kind = random.choice((b"mixed", b"alternative", b"related", b"digest", b"signed", b"report"))
            mail = b"Content-Type: multipart/%s; boundary=%s\r\n\r\n--%s\r\n%s\r\n--%s--\r\n" % (
                kind,
                boundary,
                boundary,
                mail,
                boundary,
            )
    return mail


def encode(mail: bytes, random: Random) -> bytes:
    """Its body in base64, and it may not say so."""
    head, blank, body = mail.partition(b"\r\n\r\n")
    said = b"\r\nContent-Transfer-Encoding: base64" if random.random() < 0.7 else b""
    return head + said + blank + base64.encodebytes(body)


def other_line_ends(mail: bytes, random: Random) -> bytes:
    """LF, CR, CR CR LF, or some of each."""
    return (
        b"".join(line + random.choice((b"\n", b"\r", b"\r\n", b"\r\r\n")) for line in mail.splitlines())
        if random.random() < 0.5
        else mail.replace(b"\r\n", random.choice((b"\n", b"\r", b"\r\r\n")))
    )


MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes,
    cut,
    cut_out,
    repeat_a_piece,
    insert_noise,
    insert_marks,
    swap_charset,
    swap_encoding,
    swap_types,
    swap_numbers,
    add_headers,
    repeat_headers,
    operate_on_boundaries,
    enclose,
    encode,
    other_line_ends,
)
