"""How many contacts and messages each channel took in: counted once they are durable. Shown by `/metrics`."""

from __future__ import annotations

from prometheus_client import Counter

ACCEPTED = Counter("cauce_intake_accepted", "Contacts and messages this process acknowledged, by channel", ("channel",))
