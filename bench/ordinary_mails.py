"""Mails as people send them: plain, both versions, with a file, with a picture, answers with history. Made up."""

from __future__ import annotations

import base64
import quopri
from random import Random

_WORDS = "la factura de marzo no llega y el pago salió dos veces, según el banco: revisen el pedido".split()  # noqa: SIM905 -- words


def ordinary_mails(count: int) -> list[bytes]:
    """So many, the same each time: five shapes in turn."""
    random = Random(5)  # noqa: S311 -- it has to be the same again
    return [_mail(number, random) for number in range(count)]


def _mail(number: int, random: Random) -> bytes:
    head = (
        "Received: from mx.x.example ([192.0.2.7])\r\n\tby mx.cauce.example; Sun, 1 Mar 2026 11:00:00 +0000"
        f"\r\nFrom: =?utf-8?q?Ana_P=C3=A9rez?= <ana{number}@x.example>\r\nTo: Soporte <support@cauce.example>\r\n"
        f"Subject: =?utf-8?q?Impresi=C3=B3n_{number}?=\r\nDate: Sun, 1 Mar 2026 11:00:00 +0000\r\n"
        f"Message-ID: <{number}@x.example>\r\nReferences: <a{number}@x.example> <b{number}@x.example>\r\n"
        "X-Mailer: Mail 16.0\r\nMIME-Version: 1.0\r\n"
    ).encode()
    text = _text(random)
    plain = (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring(text.encode())
    )
    paragraphs = text.replace("\n", "</p>\r\n<p>")
    html = b"Content-Type: text/html; charset=utf-8\r\n\r\n" + f"<html><body><p>{paragraphs}</p></body></html>".encode()
    match number % 5:
        case 0:
            return head + plain
        case 1:
            return head + _multipart("alternative", "a", plain, html)
        case 2:
            return head + _multipart(
                "mixed",
                "m",
                _multipart("alternative", "a", plain, html),
                _file("application/pdf", "factura.pdf", random, 60_000),
            )
        case 3:
            return head + _multipart("related", "r", html, _file("image/png", "image001.png", random, 20_000))
        case _:
            history = "".join(f"> {line}\r\n" for line in _text(random).split("\n"))
            return (
                head
                + b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
                + f"{text}\r\n\r\nEl lun, 2 mar 2026, Soporte <s@c.example> escribió:\r\n{history}".encode()
            )


def _text(random: Random) -> str:
    return "\n".join(" ".join(random.choices(_WORDS, k=random.randint(6, 14))) for _ in range(random.randint(5, 40)))


def _multipart(kind: str, boundary: str, *parts: bytes) -> bytes:
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return (
        f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
        + body
        + f"--{boundary}--\r\n".encode()
    )


def _file(media_type: str, name: str, random: Random, size: int) -> bytes:
    head = f'Content-Type: {media_type}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{name}>\r\n'
    said = f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    return (head + said).encode() + base64.encodebytes(random.randbytes(size))
