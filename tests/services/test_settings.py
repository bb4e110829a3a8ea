"""Settings: every wrong one is named, with what it should be."""

from pathlib import Path

import pytest

from channels.opening_hours import OpeningHours
from schemas.errors import SettingsError
from services.settings import Endpoint, ProviderSettings, Settings, read

DEFAULTS = Settings(
    data=Path(".cauce").absolute(),
    http=Endpoint("127.0.0.1", 8000),
    smtp=Endpoint("127.0.0.1", 2525),
    lmtp=None,
    smtp_certificate="",
    smtp_key="",
    smtp_tls_required=False,
    database_url="",
    kafka="",
    kafka_prefix="cauce.",
    blobs="",
    mail_out="",
    mail_addresses=("support@cauce.example",),
    imap=(),
    dkim=Path(".cauce/dkim").absolute(),
    dns="",
    trusted_authserv=(),
    public_url="http://127.0.0.1:8000",
    rate_limit=True,
    correlation_hours=168,
    reopen_days=30,
    automatic_mails=10,
    automatic_hours=24,
    chat_wait_seconds=120,
    locale="es",
    send_hold_seconds=10,
    metrics_port=None,
    opening_hours=OpeningHours.read("Mon-Fri 09:00-17:00 UTC"),
    support_phone="",
    contact_after_search=False,
)


def test_an_empty_environment_gives_the_defaults():
    assert read({}) == DEFAULTS


def test_empty_settings_are_as_none():
    names = "DATA HTTP SMTP LMTP DATABASE_URL MAIL_ADDRESSES PUBLIC_URL RATE_LIMIT CORRELATION_HOURS LOCALE BLOBS"
    assert read({f"CAUCE_{name}": " " for name in names.split()}) == DEFAULTS


def test_the_rest_of_the_environment_is_not_ours():
    assert read({"PATH": "/bin", "HTTP": "nonsense", "cauce_http": "nonsense"}) == DEFAULTS


def test_every_setting_is_read(tmp_path):
    environment = {
        "CAUCE_DATA": str(tmp_path),
        "CAUCE_HTTP": "0.0.0.0:80",
        "CAUCE_SMTP": "[::1]:25",
        "CAUCE_LMTP": "127.0.0.1:24",
        "CAUCE_SMTP_CERTIFICATE": "mx.pem",
        "CAUCE_SMTP_KEY": "mx.key",
        "CAUCE_SMTP_TLS": "Required",
        "CAUCE_DATABASE_URL": "postgresql://db/cauce",
        "CAUCE_KAFKA": "broker:9092",
        "CAUCE_KAFKA_PREFIX": "test.",
        "CAUCE_BLOBS": "s3://bucket/path",
        "CAUCE_MAIL_OUT": "smtp://relay:25",
        "CAUCE_MAIL_ADDRESSES": "Help@Cauce.example, sales@cauce.example",
        "CAUCE_MAIL_STAFF": "@Staff.example boss@cauce.example",
        "CAUCE_IMAP": "imaps://user:secret@mail.example",
        "CAUCE_DNS": "127.0.0.1:5353",
        "CAUCE_TRUSTED_AUTHSERV": "mx.cauce.example",
        "CAUCE_PUBLIC_URL": "https://help.cauce.example/",
        "CAUCE_RATE_LIMIT": "off",
        "CAUCE_CORRELATION_HOURS": "24",
        "CAUCE_REOPEN_DAYS": "90",
        "CAUCE_AUTOMATIC_MAILS": "5",
        "CAUCE_AUTOMATIC_HOURS": "12",
        "CAUCE_CHAT_WAIT_SECONDS": "30",
        "CAUCE_LOCALE": "en",
        "CAUCE_SEND_HOLD_SECONDS": "0",
        "CAUCE_METRICS_PORT": "9100",
        "CAUCE_OPENING_HOURS": "Mon-Sat 08:00-12:30 America/Havana",
        "CAUCE_SUPPORT_PHONE": "+53 7 555 0101",
        "CAUCE_CONTACT_AFTER_SEARCH": "on",
        "CAUCE_ARTICLE_REVIEW": "on",
        "CAUCE_OIDC_ISSUER": "https://id.example",
        "CAUCE_OIDC_CLIENT": "cauce",
        "CAUCE_OIDC_SECRET": "secret",
        "CAUCE_OIDC_NAME": "Our company",
        "CAUCE_OIDC_ROLE": "Agent",
    }
    settings = read(environment)
    assert settings == Settings(
        data=tmp_path,
        http=Endpoint("0.0.0.0", 80),  # noqa: S104 -- only read
        smtp=Endpoint("::1", 25),
        lmtp=Endpoint("127.0.0.1", 24),
        smtp_certificate="mx.pem",
        smtp_key="mx.key",
        smtp_tls_required=True,
        database_url="postgresql://db/cauce",
        kafka="broker:9092",
        kafka_prefix="test.",
        blobs="s3://bucket/path",
        mail_out="smtp://relay:25",
        mail_addresses=("help@cauce.example", "sales@cauce.example"),
        mail_staff=("@staff.example", "boss@cauce.example"),
        imap=("imaps://user:secret@mail.example",),
        dkim=tmp_path / "dkim",
        dns="127.0.0.1:5353",
        trusted_authserv=("mx.cauce.example",),
        public_url="https://help.cauce.example",
        rate_limit=False,
        correlation_hours=24,
        reopen_days=90,
        automatic_mails=5,
        automatic_hours=12,
        chat_wait_seconds=30,
        locale="en",
        send_hold_seconds=0,
        metrics_port=9100,
        opening_hours=OpeningHours.read("Mon-Sat 08:00-12:30 America/Havana"),
        support_phone="+53 7 555 0101",
        contact_after_search=True,
        article_review=True,
        oidc=ProviderSettings("https://id.example", "cauce", "secret", "Our company", "agent"),
    )
    assert "secret" not in str(settings.oidc)
    assert (str(settings.smtp), settings.mail_domain) == ("[::1]:25", "cauce.example")


def test_the_public_url_follows_where_we_listen():
    assert read({"CAUCE_HTTP": "127.0.0.1:8100"}).public_url == "http://127.0.0.1:8100"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP", "8000"),
        ("HTTP", "127.0.0.1:"),
        ("HTTP", ":8000"),
        ("HTTP", "127.0.0.1:http"),
        ("HTTP", "127.0.0.1:65536"),
        ("SMTP", "127.0.0.1:-1"),
        ("SMTP", "127.0.0.1:²"),
        ("LMTP", "nowhere"),
        ("SMTP_TLS", "perhaps"),
        ("SMTP_KEY", "key-without-certificate.pem"),
        ("RATE_LIMIT", "perhaps"),
        ("CORRELATION_HOURS", "-1"),
        ("CORRELATION_HOURS", "1.5"),
        ("CORRELATION_HOURS", "²"),
        ("METRICS_PORT", "many"),
        ("LOCALE", "fr"),
        ("OPENING_HOURS", "always"),
        ("OPENING_HOURS", "Mon-Fri 09:00-17:00"),
        ("OPENING_HOURS", "Mon-Fri 09:00-17:00 Nowhere/City"),
        ("OPENING_HOURS", "Mon-Fri 17:00-09:00 UTC"),
        ("OPENING_HOURS", "Mon-Fri 09:00-25:00 UTC"),
        ("OPENING_HOURS", "Lun-Vie 09:00-17:00 UTC"),
        ("MAIL_ADDRESSES", "support"),
        ("MAIL_ADDRESSES", "support@cauce.example @cauce.example"),
        ("DATABASE_URL", "mysql://db/cauce"),
        ("DATABASE_URL", "localhost"),
        ("MAIL_OUT", "relay:25"),
        ("MAIL_OUT", "smtp://"),
        ("PUBLIC_URL", "help.cauce.example"),
        ("KFAKA", "broker:9092"),
    ],
)
def test_a_wrong_setting_is_named(name, value):
    with pytest.raises(SettingsError, match=f"CAUCE_{name}"):
        read({f"CAUCE_{name}": value})


def test_a_password_in_a_wrong_url_is_not_repeated():
    with pytest.raises(SettingsError) as caught:
        read({"CAUCE_DATABASE_URL": "pg://user:hunter2@db"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"CAUCE_OIDC_ISSUER": "id.example", "CAUCE_OIDC_CLIENT": "x"},
        {"CAUCE_OIDC_ISSUER": "https://id.example"},
        {"CAUCE_OIDC_ISSUER": "https://id.example", "CAUCE_OIDC_CLIENT": "x", "CAUCE_OIDC_ROLE": "admin"},
    ],
)
def test_an_identity_provider_that_cannot_be_is_refused(wrong):
    with pytest.raises(SettingsError, match="CAUCE_OIDC_"):
        read(wrong)
