"""The only place that builds real things from settings. Everything else gets them as arguments."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from eventstore.blobs import Blobs

from channels.tokens import ThreadTokens
from eventstore.database import Database
from eventstore.feed import EventFeed
from eventstore.keys import Keys
from eventstore.ledger import Ledger
from eventstore.log import Log
from services.settings import Settings


@dataclass(frozen=True)
class Hub:
    """What every process of Cauce has at hand. `secret` makes keyed ids and signatures."""

    settings: Settings
    database: Database
    keys: Keys
    ledger: Ledger
    log: Log
    feed: EventFeed
    blobs: Blobs
    tokens: ThreadTokens
    secret: bytes
    epoch: UUID
