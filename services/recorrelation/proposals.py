"""What would move: the decisions of a replay against where the mails are now. Pure; third step, before mend.py."""

from __future__ import annotations

from uuid import UUID

import msgspec

from services.incidents.known import Known
from services.recorrelation.replay import Decision, Replay

LEFT_BY_HAND = "a person decided"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """`kind`: `merge` (the whole incident goes, it was opened by this mail), `move` (this mail alone), `split`.

    Numbers as they are read now; `to` 0: a new one. `left`: why it stays where it is.
    """

    kind: str
    interaction: UUID
    origin: int
    to: int
    reason: str
    subject: str = ""
    left: str = ""


class _Wholes:
    """Which incidents are read as one, and would be with what is proposed."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._into: dict[UUID, UUID] = {}

    def of(self, incident: UUID) -> UUID:
        found = self._known.root(incident)
        while found in self._into:
            found = self._known.root(self._into[found])
        return found

    def join(self, one: UUID, other: UUID) -> None:
        high, low = sorted((one, other), key=lambda each: self._known.incidents[each].number, reverse=True)
        self._into[high] = low


def propose(replay: Replay) -> list[Proposal]:
    """In the order of history. Where a person merged, un-merged, split or moved, everything stays."""
    wholes = _Wholes(replay.known)
    found: list[Proposal] = []
    for decision in replay.decisions:
        proposal = _of(decision, replay, wholes)
        if proposal is not None:
            found.append(proposal)
        for other in decision.joins:
            ours, theirs = wholes.of(decision.decided), wholes.of(other)
            if ours != theirs:
                found.append(_merge(decision, theirs, ours, replay, wholes))
    return found


def _of(decision: Decision, replay: Replay, wholes: _Wholes) -> Proposal | None:
    place = replay.now[decision.interaction]
    origin, to = wholes.of(place), wholes.of(decision.decided)
    if origin == to or (decision.interaction in replay.by_hand and place != decision.linked):
        return None  # it is there, or was brought elsewhere on purpose
    if decision.linked == decision.own:
        return _merge(decision, origin, to, replay, wholes)
    fresh = decision.decided in replay.subjects
    return Proposal(
        kind="split" if fresh else "move",
        interaction=decision.interaction,
        origin=replay.known.incidents[origin].number,
        to=0 if fresh else replay.known.incidents[to].number,
        reason=decision.reason,
        subject=replay.subjects.get(decision.decided, ""),
        left=_left(replay, decision.interaction, place, decision.decided),
    )


def _merge(decision: Decision, one: UUID, other: UUID, replay: Replay, wholes: _Wholes) -> Proposal:
    left = _left(replay, decision.interaction, one, other)
    if not left:
        wholes.join(one, other)
    high, low = sorted((replay.known.incidents[each].number for each in (one, other)), reverse=True)
    return Proposal(
        kind="merge", interaction=decision.interaction, origin=high, to=low, reason=decision.reason, left=left
    )


def _left(replay: Replay, interaction: UUID, *incidents: UUID) -> str:
    families = (member.id for incident in incidents for member in replay.known.family(incident))
    return LEFT_BY_HAND if interaction in replay.by_hand or not replay.by_hand.isdisjoint(families) else ""
