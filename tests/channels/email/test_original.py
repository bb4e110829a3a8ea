"""A mail shown again with what it brought: pictures that came along, as often as there is room for."""

from __future__ import annotations

from base64 import encodebytes

from channels.email import original
from channels.email.words.html import sanitized

PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 100_000


def mail(times: int) -> bytes:
    return (
        b"From: ana@x.cu\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        + b'<img src="cid:a">' * times
        + b"\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <a>\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encodebytes(PICTURE)
        + b"\r\n--b--\r\n"
    )


def test_one_picture_named_ten_thousand_times_does_not_fill_the_memory():
    bomb = mail(10_000)
    for shown in (original.with_pictures(bomb), original.with_carried(sanitized('<img src="cid:a">' * 10_000), bomb)):
        assert 10 < shown.count("data:image/png") < 100
        assert len(shown) < 5 * 1024 * 1024


def test_one_named_a_few_times_is_shown_each_time():
    assert original.with_pictures(mail(5)).count("data:image/png") == 5
