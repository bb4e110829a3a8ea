"""The words for what is held in quarantine: why, what to do about it, what was decided. Part of words.py."""

from __future__ import annotations

from collections.abc import Mapping

REASON: Mapping[str, str] = {
    "undecodable": "Can't be read",
    "unparsable": "The mail can't be parsed",
    "raw_missing": "Its bytes are gone",
    "undecidable": "Can't be decided",
    "refused_by_the_database": "The database refuses it",
    "claims_a_customer": "Not from the customer it names",
    "claims_an_incident": "Not genuine, and answers an incident",
}
"""Why something is held in quarantine."""

ADVICE: Mapping[str, str] = {
    "undecodable": "It is damaged, or of another version of Cauce. Try again after an upgrade; else discard it.",
    "unparsable": "It stopped the parser twice. Try again after an upgrade; meanwhile read it here and answer by hand.",
    "raw_missing": "The file it names is not in the store. Bring the store back from a backup and try again.",
    "undecidable": "A rule failed on it: a defect of ours. Try again after the repair.",
    "refused_by_the_database": "Something in it can't be stored, too large for example. Try again after the repair.",
    "claims_a_customer": "The checks of its sender failed. Ask the customer by another way; let it in if it is theirs.",
    "claims_an_incident": "The checks of its sender failed. Let in, it opens an incident of its own, as a claim.",
}
"""What to do about it."""

DECISION: Mapping[str, str] = {
    "HeldReprocessed": "Tried again",
    "HeldReleased": "Let in as it is",
    "HeldDiscarded": "Discarded",
    "HeldRestored": "Put back",
}

GROUPS = (REASON, ADVICE, DECISION)
