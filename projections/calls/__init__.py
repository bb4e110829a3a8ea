"""Call tracking: every call with its start, answer, holds, end, agent and notes; those that ring and go on."""

from projections.calls.fold import CALLS
from projections.calls.read import find, get, going_on, mine, of_interactions
from projections.calls.shape import Call, Who

__all__ = ["CALLS", "Call", "Who", "find", "get", "going_on", "mine", "of_interactions"]
