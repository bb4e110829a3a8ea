"""The relay: carries the store's facts, in their one order, to the topic `events`. One leads, others stand by."""

from services.relay.checkpoint import relay_position
from services.relay.relay import run_relay

__all__ = ["relay_position", "run_relay"]
