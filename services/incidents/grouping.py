"""Merge, un-merge, split, move: load what the deciders need, decide, and say what undoes it. Beside handle.py."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from msgspec.structs import replace

from eventstore.ledger import Cause
from schemas.errors import ConflictError
from schemas.facts.incident import InteractionLinked, Status
from services.desk import Desk, Done
from services.incidents import links, regroup, restoring
from services.incidents.inverse import returning
from services.incidents.lookup import find, working, written_as
from services.incidents.requests import Merge, Move, Return, Split, Unmerge
from services.incidents.state import Incident, IncidentFact


def merging(desk: Desk, request: Merge | Unmerge) -> Done:
    """Read as one, or apart again."""
    target = working(desk, request.incident)
    if isinstance(request, Merge):
        facts = regroup.merge(target, [find(desk, number) for number in request.sources], request)
    else:
        facts = regroup.unmerge(target, find(desk, request.source), request)
    _record(desk, request, target.id, facts)
    return Done(subject=target.id, number=target.number)


def split(desk: Desk, request: Split) -> Done:
    """Some of it is a new incident."""
    whole = working(desk, request.incident)
    found = links.links_in(desk, request.interactions, whole.id)
    written = written_as(desk, {link.address for link in found.values()})
    customers = {address: owner.customer for address, owner in desk.known.owners.items()}
    number = desk.known.last_number + 1
    product = links.product_of(desk, whole.id)
    chosen = regroup.chosen(found, request.interactions, all_of=links.count(desk, whole.id))
    before = [desk.known.incidents[link.incident] for link in chosen]
    _record(desk, request, whole.id, regroup.split(whole, chosen, customers, written, request, number, product))
    links.follow(desk, chosen, request.id, request.subject)
    # undone, it weighs less than anything that was said in what it was split from
    never = replace(desk.known.incidents[request.id], status=Status.NEW, spoken_at=whole.opened_at)
    return _with_return(desk, request, chosen, [*before, never], Done(subject=request.id, number=number))


def move(desk: Desk, request: Move) -> Done:
    """One interaction goes to another incident."""
    source, target = working(desk, request.incident), working(desk, request.to)
    found = links.links_in(desk, [request.interaction], source.id)
    written = written_as(desk, {link.address for link in found.values()})
    facts = regroup.move(target, found, written, request)
    (link,) = found.values()
    before = [desk.known.incidents[link.incident], target]
    _record(desk, request, source.id, facts)
    links.follow(desk, [link], target.id, "")
    return _with_return(desk, request, [link], before, Done(subject=source.id, number=source.number))


def _with_return(
    desk: Desk, request: Move | Split, moved: list[InteractionLinked], before: list[Incident], did: Done
) -> Done:
    """And what undoes it. `before`: the incidents concerned, last the one where the links went."""
    each = {incident.id: incident for incident in before}
    after = [desk.known.incidents[incident] for incident in each]
    return replace(did, inverse=(returning(request, moved, list(each.values()), after),))


def give_back(desk: Desk, request: Return) -> Done:
    """Undo a move or a split. Raises ConflictError where something of it is elsewhere since."""
    source = find(desk, request.incident)
    targets = [find(desk, link.to) for link in request.links]
    backs = [(find(desk, number), back) for number, back in request.backs]
    found = links.links_in(desk, [link.interaction for link in request.links], source.id)
    moved = [found[link.interaction] for link in request.links if link.interaction in found]
    if len(moved) < len(request.links) or any(link.incident != source.id for link in moved):
        raise ConflictError(f"incident {source.number} was changed since")
    stood = [fact for incident, back in backs for fact in restoring.stood_again(desk, incident, back, request)]
    _record(desk, request, source.id, restoring.give_back(moved, targets, request))
    for link, target in zip(moved, targets, strict=True):
        links.follow(desk, [link], target.id, "")
    if request.merge is not None and source.merged_into is None:
        asked = Merge(incident=request.merge, sources=(source.number,), by=request.by, now=request.now)
        _record(desk, request, source.id, regroup.merge(working(desk, request.merge), [source], asked))
    _record(desk, request, source.id, stood)
    return Done(subject=targets[0].id, number=targets[0].number)


def _record(
    desk: Desk, request: Merge | Unmerge | Split | Move | Return, incident: UUID, facts: Iterable[IncidentFact]
) -> None:
    desk.known.record(facts, Cause(request.id, incident))
