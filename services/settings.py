"""Every setting of Cauce: the only place that reads the environment (`CAUCE_*`). docs/settings.md explains each."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from channels.opening_hours import OpeningHours
from eventstore import kafka_address
from schemas.errors import InvalidError, SettingsError
from services.knowledge.meaning.address import Address, read_address

_HOLD_MAX_SECONDS = 120


@dataclass(frozen=True)
class Endpoint:
    """Where to listen."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class ProviderSettings:
    """An identity provider, and who we are there. `role`: of people nobody made a user for; empty: they are refused."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    role: str


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. Empty `database_url`: the embedded PostgreSQL; empty `kafka`: no Kafka."""

    data: Path
    http: Endpoint
    smtp: Endpoint
    lmtp: Endpoint | None
    smtp_certificate: str
    smtp_key: str
    smtp_tls_required: bool
    database_url: str
    kafka: str
    kafka_prefix: str
    blobs: str
    mail_out: str
    mail_addresses: tuple[str, ...]
    dkim: Path
    imap: tuple[str, ...]
    trusted_authserv: tuple[str, ...]
    dns: str
    public_url: str
    rate_limit: bool
    correlation_hours: int
    reopen_days: int
    automatic_mails: int
    automatic_hours: int
    chat_wait_seconds: int
    locale: str
    send_hold_seconds: int
    metrics_port: int | None
    opening_hours: OpeningHours
    support_phone: str
    contact_after_search: bool
    article_review: bool = False
    embeddings: Address | None = None
    mail_staff: tuple[str, ...] = ()
    oidc: ProviderSettings | None = None

    @property
    def mail_domain(self) -> str:
        """The domain of our Message-IDs."""
        return self.mail_addresses[0].rpartition("@")[2]


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `CAUCE_*`. Raises SettingsError naming the one that is wrong, and for unknown ones."""
    given = {
        name.removeprefix("CAUCE_"): value.strip()
        for name, value in (os.environ if environment is None else environment).items()
        if name.startswith("CAUCE_")
    }
    http = _endpoint(given, "HTTP", "127.0.0.1:8000")
    data = Path(given.pop("DATA", "") or ".cauce").absolute()
    settings = Settings(
        data=data,
        http=http,
        smtp=_endpoint(given, "SMTP", "127.0.0.1:2525"),
        lmtp=_endpoint(given, "LMTP", "127.0.0.1:2524") if given.get("LMTP") else None,
        smtp_certificate=given.pop("SMTP_CERTIFICATE", ""),
        smtp_key=given.pop("SMTP_KEY", ""),
        smtp_tls_required=_one_of(given, "SMTP_TLS", "offered", "required") == "required",
        database_url=given.pop("DATABASE_URL", ""),
        kafka=given.pop("KAFKA", ""),
        kafka_prefix=given.pop("KAFKA_PREFIX", "cauce."),
        blobs=given.pop("BLOBS", ""),
        mail_out=given.pop("MAIL_OUT", ""),
        mail_addresses=_words(given.pop("MAIL_ADDRESSES", "") or "support@cauce.example"),
        mail_staff=_words(given.pop("MAIL_STAFF", "")),
        dkim=Path(given.pop("DKIM", "") or data / "dkim").absolute(),
        imap=tuple(given.pop("IMAP", "").split()),
        dns=_resolver(given.pop("DNS", "")),
        trusted_authserv=_words(given.pop("TRUSTED_AUTHSERV", "")),
        public_url=(given.pop("PUBLIC_URL", "") or f"http://{http}").rstrip("/"),
        rate_limit=_switch(given, "RATE_LIMIT", default=True),
        reopen_days=_number(given, "REOPEN_DAYS", 30),
        correlation_hours=_number(given, "CORRELATION_HOURS", 168),
        automatic_mails=_number(given, "AUTOMATIC_MAILS", 10),
        automatic_hours=_number(given, "AUTOMATIC_HOURS", 24),
        chat_wait_seconds=_number(given, "CHAT_WAIT_SECONDS", 120),
        locale=given.pop("LOCALE", "") or "es",
        send_hold_seconds=_number(given, "SEND_HOLD_SECONDS", 10),
        metrics_port=_number(given, "METRICS_PORT", 0) or None,
        opening_hours=_hours(given.pop("OPENING_HOURS", "") or "Mon-Fri 09:00-17:00 UTC"),
        support_phone=given.pop("SUPPORT_PHONE", ""),
        contact_after_search=_switch(given, "CONTACT_AFTER_SEARCH", default=False),
        article_review=_switch(given, "ARTICLE_REVIEW", default=False),
        embeddings=_embeddings(given.pop("EMBEDDINGS", "")),
    )
    given.pop("LMTP", None)
    settings = dataclasses.replace(settings, oidc=_provider(given))
    if given:
        names = ", ".join(f"CAUCE_{name}" for name in sorted(given))
        raise SettingsError(f"unknown setting {names}; docs/settings.md lists them all")
    _check(settings)
    return settings


def _provider(given: dict[str, str]) -> ProviderSettings | None:
    """The identity provider, when one is named."""
    provider = ProviderSettings(
        issuer=given.pop("OIDC_ISSUER", ""),
        client_id=given.pop("OIDC_CLIENT", ""),
        client_secret=given.pop("OIDC_SECRET", ""),
        name=given.pop("OIDC_NAME", "") or "OpenID",
        role=given.pop("OIDC_ROLE", "").lower(),
    )
    if provider.role not in {"", "agent", "analyst"}:
        raise SettingsError("CAUCE_OIDC_ROLE is agent or analyst; who is to be admin, an admin makes one")
    if not provider.issuer:
        return None
    _check_scheme("OIDC_ISSUER", provider.issuer, ("https", "http"))
    if not provider.client_id:
        raise SettingsError("CAUCE_OIDC_CLIENT is missing: what the identity provider calls this hub")
    return provider


def _check(settings: Settings) -> None:
    if settings.locale not in {"es", "en"}:
        raise SettingsError("CAUCE_LOCALE is es or en")
    if settings.send_hold_seconds > _HOLD_MAX_SECONDS:
        raise SettingsError(f"CAUCE_SEND_HOLD_SECONDS is 0 to {_HOLD_MAX_SECONDS}")
    for address in settings.mail_addresses:
        mailbox, at, domain = address.rpartition("@")
        if not mailbox or not at or not domain:
            raise SettingsError(f"CAUCE_MAIL_ADDRESSES holds {address!r}, which is no mail address")
    if not settings.smtp_certificate and (settings.smtp_key or settings.smtp_tls_required):
        raise SettingsError("CAUCE_SMTP_CERTIFICATE is missing: CAUCE_SMTP_KEY and CAUCE_SMTP_TLS say more of it")
    if settings.kafka:
        kafka_address.read(settings.kafka)
    _check_scheme("DATABASE_URL", settings.database_url, ("postgresql", "postgres"))
    _check_scheme("MAIL_OUT", settings.mail_out, ("smtp", "smtps"))
    _check_scheme("PUBLIC_URL", settings.public_url, ("http", "https"))


def _check_scheme(name: str, url: str, schemes: tuple[str, ...]) -> None:
    scheme, separator, rest = url.partition("://")
    if url and (scheme not in schemes or not separator or not rest):
        # not the value: it may hold a password
        raise SettingsError(f"CAUCE_{name} is a URL that begins with {' or '.join(f'{each}://' for each in schemes)}")


def _embeddings(text: str) -> Address | None:
    return None if text.lower() in {"", "off"} else read_address(text)


def _resolver(text: str) -> str:
    """Empty: nobody is asked."""
    asked = text.lower()
    if asked in {"", "off"}:
        return ""
    host, colon, port = asked.rpartition(":")
    if asked != "system" and not (colon and host and _is_number(port)):
        raise SettingsError("CAUCE_DNS is off, system, or host:port of a resolver")
    return asked


def _hours(text: str) -> OpeningHours:
    try:
        return OpeningHours.read(text)
    except InvalidError as error:
        raise SettingsError(f"CAUCE_OPENING_HOURS: {error}") from error


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in text.replace(",", " ").split())


def _endpoint(given: dict[str, str], name: str, default: str) -> Endpoint:
    text = given.pop(name, "") or default
    host, colon, port = text.rpartition(":")
    if not colon or not host or not _is_number(port) or int(port) > 65535:  # noqa: PLR2004 -- the last port
        raise SettingsError(f"CAUCE_{name} is host:port, not {text!r}")
    return Endpoint(host.strip("[]"), int(port))


def _switch(given: dict[str, str], name: str, *, default: bool) -> bool:
    text = given.pop(name, "").lower()
    if text in {"on", "1", "yes", "true"}:
        return True
    if text in {"off", "0", "no", "false"}:
        return False
    if text:
        raise SettingsError(f"CAUCE_{name} is on or off, not {text!r}")
    return default


def _one_of(given: dict[str, str], name: str, *words: str) -> str:
    """The first one when nothing is said."""
    text = given.pop(name, "").lower() or words[0]
    if text not in words:
        raise SettingsError(f"CAUCE_{name} is {' or '.join(words)}, not {text!r}")
    return text


def _number(given: dict[str, str], name: str, default: int) -> int:
    text = given.pop(name, "")
    if not text:
        return default
    if not _is_number(text):
        raise SettingsError(f"CAUCE_{name} is a number, not {text!r}")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
