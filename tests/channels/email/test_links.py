r"""Where a link leads, as browsers read addresses; and what its words say of it."""

from __future__ import annotations

import pytest

from channels.email.words.links import Leads, host_of, leads


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://www.Example.org:8443/a?b#c", "www.example.org"),
        ("https:evil.example", "evil.example"),
        ("https:///evil.example/x", "evil.example"),
        ("https:\\\\evil.example\\@banco.example/", "evil.example"),
        ("https://banco.example@evil.example/", "evil.example"),
        ("https://banco.example:443@evil.example?x", "evil.example"),
        ("https://evil.exa\tmple\n/x", "evil.example"),
        ("https://evil%2eexample/", "evil.example"),
        ("https://evil\u3002example/", "evil.example"),
        ("https://\u0430pple.com", "xn--pple-43d.com"),
        ("https://elpmaxe\u202e.com", "elpmaxe\\u202e.com"),
        ("https://3232235777/", "3232235777"),
        ("https://[2001:db8::1]:80/", "[2001:db8::1]"),
        ("mailto:Ana@X.cu?subject=x", "Ana@x.cu"),
        ("tel:+53555", ""),
        ("", ""),
    ],
)
def test_the_host_is_the_one_a_browser_would_ask(address, host):
    assert host_of(address) == host


@pytest.mark.parametrize(
    ("words", "address", "verdict"),
    [
        ("aquí", "https://example.org/", Leads.UNSAID),
        ("", "https://example.org/", Leads.UNSAID),
        ("example.org", "https://www.example.org/x", Leads.THERE),
        ("https://example.org/x", "https://example.org/y", Leads.THERE),
        ("vea www.example.org hoy", "https://sub.example.org", Leads.THERE),
        ("www.banco.example", "https://evil.example", Leads.ELSEWHERE),
        ("https://banco.example.", "https://evil.example", Leads.ELSEWHERE),
        ("banco.example/entrar", "https://evil.example", Leads.ELSEWHERE),
        ("banco.example.evil.example", "https://evil.example", Leads.THERE),
        ("evil.example", "https://notevil.example", Leads.ELSEWHERE),
        ("informe.pdf", "https://files.example.org/1", Leads.UNSAID),
        ("Example S.A. de C.V.", "https://example.org", Leads.UNSAID),
        ("3.14", "https://example.org", Leads.UNSAID),
        ("ana@x.cu", "mailto:ana@x.cu", Leads.THERE),
        ("ana@x.cu", "mailto:ana@evil.example", Leads.ELSEWHERE),
        ("llame", "tel:+53555", Leads.THERE),
    ],
)
def test_words_are_held_against_where_it_leads(words, address, verdict):
    assert leads(words, address) is verdict
