"""CAUCE_KAFKA, read: where the brokers are, and how to speak to them. Before eventstore/kafka_client.py.

`host:port,host:port`, or with encryption and a name: `sasl_ssl://user:password@host:port,host:port?ca=/path/ca.pem`.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

from schemas.errors import SettingsError

_SCHEMES = ("ssl", "sasl_ssl", "sasl_plaintext")
_MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
_FILES = ("ca", "cert", "key")


@dataclass(frozen=True, slots=True)
class KafkaAddress:
    """`servers`: what clients connect to, and all of it that may be shown or logged.

    `ca`: a file of certificates to trust instead of the system's. `cert`, `key`: ours, where the brokers ask for one.
    """

    servers: str
    encrypted: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = ""
    ca: str = ""
    cert: str = ""
    key: str = field(default="", repr=False)

    @property
    def protocol(self) -> str:
        """As Kafka calls it."""
        return ("SASL_" if self.user else "") + ("SSL" if self.encrypted else "PLAINTEXT")

    def tls(self) -> ssl.SSLContext | None:
        """For one client; None without encryption. Raises SettingsError when a file can't be used."""
        if not self.encrypted:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
            if self.cert:
                context.load_cert_chain(self.cert, self.key or None)
        except OSError as error:  # SSLError is one
            raise SettingsError(f"CAUCE_KAFKA names a file that can't be used: {error}") from error
        return context


def read(text: str) -> KafkaAddress:
    """Raises SettingsError, without what may be a password in it."""
    scheme, separator, rest = text.partition("://")
    if not separator:
        return KafkaAddress(_servers(text))
    if scheme not in _SCHEMES:
        raise SettingsError(f"CAUCE_KAFKA is host:port,… or begins with {', '.join(f'{each}://' for each in _SCHEMES)}")
    place, _, query = rest.partition("?")
    login, _, servers = place.rpartition("@")
    user, _, password = login.partition(":")
    if scheme.startswith("sasl") != bool(user and password):
        raise SettingsError(
            "CAUCE_KAFKA holds user:password@ with sasl_ssl:// and sasl_plaintext://, and only with them"
        )
    options = dict(parse_qsl(query, keep_blank_values=True))
    mechanism = options.pop("mechanism", _MECHANISMS[0]) if user else ""
    files = {name: options.pop(name, "") for name in _FILES}
    if options:
        raise SettingsError(f"CAUCE_KAFKA takes ca, cert, key and mechanism, not {', '.join(sorted(options))}")
    if mechanism and mechanism not in _MECHANISMS:
        raise SettingsError(f"CAUCE_KAFKA: the mechanism is {', '.join(_MECHANISMS)}")
    encrypted = scheme.endswith("ssl")
    if not encrypted and any(files.values()):
        raise SettingsError("CAUCE_KAFKA: ca, cert and key go with ssl:// and sasl_ssl://")
    return KafkaAddress(_servers(servers), encrypted, unquote(user), unquote(password), mechanism, **files)


def _servers(text: str) -> str:
    servers = [server.strip() for server in text.split(",")]
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()):
            raise SettingsError("CAUCE_KAFKA names its brokers as host:port, separated by commas")
    return ",".join(servers)
