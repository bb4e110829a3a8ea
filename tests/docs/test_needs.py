"""What `make test` says where a program is missing and nobody may install it."""

import os
import shutil

from tests import needs


def test_elsewhere_than_on_debian_as_root_one_line_says_what_to_install_and_it_ends_with_2(monkeypatch, capsys):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda *_args, **_more: None)
    assert needs.main() == 2
    assert capsys.readouterr().err == (
        "the tests need maven chromium dovecot-imapd: apt install maven chromium dovecot-imapd\n"
    )
