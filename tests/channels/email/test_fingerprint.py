"""What tells a mail from others: a Message-ID that says nothing doesn't make two mails of different people one."""

from __future__ import annotations

import pytest

from channels.email.receiving.reception import fingerprint


@pytest.mark.parametrize("said", [b"<>", b"< >", b"", b"<"])
def test_an_empty_message_id_is_none(said):
    ana, leo = (b"Message-ID: %b\r\nFrom: %b\r\n\r\nCall me\r\n" % (said, who) for who in (b"ana@x.cu", b"leo@x.cu"))
    assert fingerprint(ana) != fingerprint(leo)
    assert fingerprint(ana) == fingerprint(ana.replace(b"\r\n", b"\n"))
