"""Whom a change concerns, where those are a few users: the others' screens need not ask. Beside live.py."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from eventstore.recorded import Recorded
from schemas import codec
from schemas.facts import Fact
from schemas.facts.call import CallAnswered, CallEnded, CallHeld, CallRang, CallResumed, CallStarted
from schemas.facts.teamwork import AgentsMentioned

_CALLS_MAX = 5000
_MENTIONED = AgentsMentioned.type_name
_OF_CALLS = f"{CallStarted.category}."


class Concerned:
    """Remembers of calls going on whose they are. None: everybody, or nobody knows."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, frozenset[str] | None] = OrderedDict()

    def tell(self, events: Sequence[Recorded]) -> Iterator[tuple[Recorded, frozenset[str] | None]]:
        """Each event with its users. At whom a call rings is told right behind its beginning."""
        rings = {event.stream: event for event in events if event.type == CallRang.type_name}
        for event in events:
            if event.type == _MENTIONED:
                fact = _clear(event)
                yield event, frozenset(fact.agents) if isinstance(fact, AgentsMentioned) else None
            elif event.type.startswith(_OF_CALLS):
                yield event, self._of_call(event, rings.get(event.stream))
            else:
                yield event, None

    def _of_call(self, event: Recorded, rings: Recorded | None) -> frozenset[str] | None:
        known = event.stream in self._calls
        was = self._calls.pop(event.stream, None)
        now, fact = was, _clear(event)
        match fact:
            case CallStarted(agent=str(agent)) if agent:
                was = now = frozenset({agent})
            case CallStarted():
                rang = _clear(rings) if rings is not None else None
                was = now = frozenset(rang.users) if isinstance(rang, CallRang) else None
            case CallRang():
                was = now = frozenset(fact.users)
            case CallAnswered(agent=str(agent)) if agent:
                # whom it rang at sees it go
                was, now = (was | {agent} if known and was is not None else None), frozenset({agent})
            case CallHeld() | CallResumed():
                was = now = frozenset({fact.by}) | (was or frozenset()) if known else None
            case CallEnded():
                return was
            case _:
                pass
        self._calls[event.stream] = now
        if len(self._calls) > _CALLS_MAX:
            self._calls.popitem(last=False)
        return was


def _clear(event: Recorded) -> Fact:
    """A fact without what is sealed of it."""
    return codec.read(event.type, event.stream, codec.parts(event.data), lambda _: None)
