"""Signatures that we check ourselves: mails signed here, keys served by a name server of the test."""

from __future__ import annotations

import base64
from functools import cache

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.email.mime.headers import Headers
from channels.email.mime.tree import read_tree
from channels.email.origin.dns import Resolver
from channels.email.origin.verification import questions_of, verify
from schemas.errors import SettingsError
from schemas.interaction import Authentication
from tests.channels.email.dns_server import serving

MAIL = b"From: Ana <ana@x.cu>\r\nTo: support@cauce.example\r\nSubject: Hola\r\n\r\nNo imprime.\r\n"
REFUSE = "v=DMARC1; p=reject"


@cache
def key():
    made = rsa.generate_private_key(65537, 2048)
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    der = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem, f"v=DKIM1; k=rsa; p={base64.b64encode(der).decode()}"


def signed(mail=MAIL, domain="x.cu", *, length=False):
    return dkim.sign(mail, b"s1", domain.encode(), key()[0], length=length) + mail


def records(domain="x.cu", *, key_record=..., **policies):
    """`x_cu="…"`: the policy of x.cu."""
    found = {f"s1._domainkey.{domain}": [key()[1]] if key_record is ... else key_record}
    found |= {f"_dmarc.{name.replace('_', '.')}": policy for name, policy in policies.items()}
    return {"_dmarc.x.cu": [], "_dmarc.mail.x.cu": []} | found


def judged(content, found, sender="x.cu"):
    verdict = verify(content, sender, found)
    return verdict.authentication, verdict.checks.dkim, verdict.checks.dmarc, verdict.checks.aligned


BROKEN = signed().replace(b"No imprime", b"Paga ya")


@pytest.mark.parametrize(
    ("content", "found", "expected"),
    [
        (signed(), records(x_cu=[REFUSE]), (Authentication.PASS, "pass", "pass", True)),
        (signed(), records(), (Authentication.PASS, "pass", "none", True)),
        (BROKEN, records(x_cu=[REFUSE]), (Authentication.FAIL, "fail", "fail", False)),
        (BROKEN, records(x_cu=["v=DMARC1; p=quarantine"]), (Authentication.FAIL, "fail", "fail", False)),
        (BROKEN, records(x_cu=["v=DMARC1; p=none"]), (Authentication.NONE, "fail", "", False)),
        (BROKEN, records(), (Authentication.NONE, "fail", "none", False)),
        (BROKEN, records(x_cu=[REFUSE, REFUSE]), (Authentication.NONE, "fail", "none", False)),
        (signed(), records(key_record=None), (Authentication.TEMPERROR, "temperror", "temperror", False)),
        (BROKEN, records(x_cu=None), (Authentication.TEMPERROR, "fail", "temperror", False)),
        (signed(), records(key_record=[], x_cu=[REFUSE]), (Authentication.NONE, "permerror", "", False)),
        (signed(), records(key_record=["v=DKIM1; p="], x_cu=[REFUSE]), (Authentication.NONE, "permerror", "", False)),
        (signed(), records(key_record=["ñ" * 300], x_cu=[REFUSE]), (Authentication.NONE, "permerror", "", False)),
        (signed(length=True) + b"Paga ya\r\n", records(x_cu=[REFUSE]), (Authentication.NONE, "policy", "", False)),
        # the other organization's own signature holds
        (signed(domain="evil.cu"), records("evil.cu", x_cu=[REFUSE]), (Authentication.NONE, "pass", "", False)),
        (signed(domain="mail.x.cu"), records("mail.x.cu", x_cu=[REFUSE]), (Authentication.PASS, "pass", "pass", True)),
        (
            signed(domain="mail.x.cu"),
            records("mail.x.cu", x_cu=["v=DMARC1; p=reject; adkim=s"]),
            (Authentication.NONE, "pass", "", False),
        ),
    ],
    ids=lambda value: "" if isinstance(value, bytes | dict) else "-".join(map(str, value)),
)  # fmt: skip
def test_a_signature_shows_what_it_can(content, found, expected):
    assert judged(content, found) == expected


def test_a_subdomain_without_a_policy_has_that_of_its_organization():
    mail = signed(MAIL.replace(b"ana@x.cu", b"ana@mail.x.cu"), "mail.x.cu").replace(b"No imprime", b"Paga ya")
    for policy, expected in (("p=none; sp=reject", Authentication.FAIL), ("p=reject; sp=none", Authentication.NONE)):
        found = records("mail.x.cu", x_cu=[f"v=DMARC1; {policy}"])
        assert judged(mail, found, "mail.x.cu")[0] is expected


def test_a_second_from_above_a_signed_one_is_not_what_was_signed():
    doubled = signed().replace(b"From: Ana", b"From: Eva <eva@x.cu>\r\nFrom: Ana", 1)
    assert judged(doubled, records(x_cu=[REFUSE]))[0] is Authentication.FAIL


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        (b"DKIM-Signature: v=1; d=X.CU; s=S1; b=x", ("s1._domainkey.x.cu", "_dmarc.x.cu")),
        (b"DKIM-Signature: v=1; d=bulk.example; s=a", ("a._domainkey.bulk.example", "_dmarc.x.cu")),
        (b"DKIM-Signature: v=1; d=x.cu", ()),
        (b"DKIM-Signature: v=1; d=x.cu; s=a b/..;", ()),
        (b"X-Other: y", ()),
    ],
)
def test_only_what_decides_is_asked(header, asked):
    message, _ = read_tree(header + b"\r\n" + MAIL)
    assert questions_of(Headers(message), "x.cu") == asked


def test_a_mail_full_of_signatures_asks_for_few():
    many = b"".join(b"DKIM-Signature: v=1; d=d%d.example; s=s; b=x\r\n" % number for number in range(500))
    message, _ = read_tree(many + MAIL)
    assert len(questions_of(Headers(message), "x.cu")) == 5


async def test_a_resolver_answers_and_remembers():
    with serving() as zone:
        zone.texts["_dmarc.x.cu"] = REFUSE
        zone.texts["s1._domainkey.x.cu"] = key()[1]
        resolver = Resolver(zone.address)
        wanted = ("_dmarc.x.cu", "s1._domainkey.x.cu", "_dmarc.nobody.example")
        for _ in range(3):
            assert await resolver.texts(wanted) == {
                "_dmarc.x.cu": [REFUSE],
                "s1._domainkey.x.cu": [key()[1]],
                "_dmarc.nobody.example": [],
            }
        assert set(zone.asked.values()) == {1}


async def test_a_resolver_that_is_away_says_that_nobody_knows_and_rests():
    with serving() as zone:
        zone.silent = True
        resolver = Resolver(zone.address, seconds=0.2)
        names = [f"n{number}.x.cu" for number in range(5)]
        assert await resolver.texts(names) == dict.fromkeys(names)
        assert await resolver.texts(["later.x.cu"]) == {"later.x.cu": None}
        assert "later.x.cu" not in zone.asked


async def test_one_slow_name_stops_nobody_elses():
    with serving() as zone:
        zone.silent = True
        resolver = Resolver(zone.address, seconds=1.5)
        assert await resolver.texts(["slow.example"]) == {"slow.example": None}
        zone.silent = False
        zone.texts["_dmarc.x.cu"] = REFUSE
        assert await resolver.texts(["_dmarc.x.cu"]) == {"_dmarc.x.cu": [REFUSE]}


def test_a_wrong_resolver_is_named():
    with pytest.raises(SettingsError):
        Resolver("nonsense:53")
