"""Mail domains where anybody can have an address: they say nothing of who somebody works for."""

from __future__ import annotations

from collections.abc import Iterator

_PROVIDERS = (
    "aol daum excite fastmail gmail gmx googlemail hotmail icloud laposte libero mailbox mailfence msn naver nauta"
    " orange outlook posteo proton protonmail rambler rediffmail rocketmail sapo seznam sina t-online terra tiscali"
    " tuta tutanota uol virgilio wanadoo yahoo yandex ymail zoho zohomail"
)
"""Names that are providers under any ending."""
_OTHERS = (
    "126.com 163.com aim.com bol.com.br btinternet.com comcast.net cox.net free.fr freenet.de hey.com hushmail.com"
    " ig.com.br inbox.lv live.com live.cl live.com.ar live.com.mx live.co.uk live.fr live.it live.nl mac.com mail.com"
    " mail.ru mail.de me.com movistar.es ono.com op.pl pm.me qq.com sbcglobal.net sfr.fr telefonica.net verizon.net"
    " web.de ya.com ya.ru"
)
_ENDINGS = (
    "ar at be br ca ch cl cn co com cu cz de dk es eu fi fm fr ie in it jp kr lt lv me mx net nl no org pe pl pt ru se"
    " to tw uk us uy ve vn"
)
_provider_names, _domains, _endings = (frozenset(words.split()) for words in (_PROVIDERS, _OTHERS, _ENDINGS))


def is_public(domain: str) -> bool:
    """Is this, or what it is a part of, a provider's domain for everybody?"""
    return any(within in _domains or _is_provider(within) for within in domains_of(domain))


def domains_of(domain: str) -> Iterator[str]:
    """The domain and those it is a part of, the longest first; no bare ending."""
    labels = domain.split(".")
    return (".".join(labels[start:]) for start in range(len(labels) - 1))


def _is_provider(domain: str) -> bool:
    """`yahoo.es`, `yahoo.com.mx`, `hotmail.co.uk`, `gmail.com`: one name under many endings."""
    name, *endings = domain.split(".")
    return name in _provider_names and all(ending in _endings for ending in endings)
