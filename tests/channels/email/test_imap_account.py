"""CAUCE_IMAP: every option, and no secret in what is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.email.receiving.imap_account import Account, OAuth2, read_account
from channels.email.receiving.imap_client import mailbox_name
from schemas.errors import SettingsError

OAUTH = "oauth2=https%3A%2F%2Fid.example%2Ftoken&client=cauce&secret-file=/run/secret&refresh-file=/run/refresh"


@pytest.mark.parametrize(
    "url",
    [
        "imap://host/INBOX",
        "http://a:b@host/",
        "imap://a:b@host:port/",
        "nonsense",
        "imap://a:hunter2@host/INBOX?tls=no",
        "imaps://a@host/INBOX?oauth2=https%3A%2F%2Fid.example%2Ftoken",
        "imaps://a@host/INBOX?oauth2=id.example&client=c&refresh-file=f",
    ],
)
def test_a_wrong_one_is_named_without_its_password(url):
    with pytest.raises(SettingsError, match="CAUCE_IMAP") as caught:
        read_account(url)
    assert "hunter2" not in str(caught.value)


def test_everything_is_read():
    account = read_account("imap://ana%40x.cu:p%40ss@mail.x.cu/Support%20Box?starttls&ca=/etc/ca.pem&move=Done")
    assert account == Account(
        host="mail.x.cu", port=143, user="ana@x.cu", folder="Support Box", tls=False, starttls=True,
        ca="/etc/ca.pem", move="Done", password="p@ss",
    )  # fmt: skip
    assert account.name == "imap://ana@x.cu@mail.x.cu:143/Support Box"
    assert "p@ss" not in repr(account)


def test_oauth2_is_read():
    account = read_account(f"imaps://ana@mail.x.cu?{OAUTH}")
    assert (account.port, account.folder) == (993, "INBOX")
    assert account.oauth2 == OAuth2("https://id.example/token", "cauce", Path("/run/secret"), Path("/run/refresh"))


def test_a_password_of_a_file_is_read_each_time(tmp_path):
    file = tmp_path / "password"
    account = read_account(f"imaps://ana@mail.x.cu/?password-file={file}")
    for word in ("first", "second"):
        file.write_text(f"{word}\n")
        assert account.secret() == word


@pytest.mark.parametrize(
    ("folder", "spelled"),
    [
        ("INBOX", "INBOX"),
        ("Técnico & más", "T&AOk-cnico &- m&AOE-s"),
        ("台北", "&U,BTFw-"),  # RFC 3501 §5.1.3's own example
        ("日本語", "&ZeVnLIqe-"),
        ("💬", "&2D3crA-"),
    ],
)
def test_a_folder_is_spelled_as_imap_does(folder, spelled):
    assert mailbox_name(folder) == spelled
