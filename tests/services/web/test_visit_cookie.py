"""Which visit a request is of: by the cookie alone, whoever made it up."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.knowledge.visits import Kind
from services.web.pages.visit_cookie import DAY_SECONDS, STILL_SECONDS, Kept, visit_of

BEGAN = 1_780_000_000
KEPT = Kept(UUID(int=7), BEGAN, BEGAN + 100)


@pytest.mark.parametrize(
    ("kind", "later", "same"),
    [
        (Kind.OPENED, STILL_SECONDS, True),
        (Kind.OPENED, STILL_SECONDS + 1, False),
        (Kind.SEARCHED, STILL_SECONDS + 1, False),
        (Kind.VOTED, STILL_SECONDS + 1, True),
        (Kind.CONTACT_STARTED, 20 * 3600, True),
        (Kind.CONTACT_SENT, DAY_SECONDS - 101, True),
        (Kind.CONTACT_SENT, DAY_SECONDS - 100, False),
        (Kind.OPENED, -60, True),
    ],
)
def test_a_visit_ends_when_it_is_still_and_contact_goes_on_with_it_for_a_day(
    kind: Kind, later: int, same: bool
) -> None:
    now = KEPT.last + later
    found = visit_of(str(KEPT), kind, now)
    assert (found == Kept(KEPT.visit, BEGAN, now)) is same
    if not same:
        assert (found.began, found.last) == (now, now)
        assert found.visit != KEPT.visit


@pytest.mark.parametrize(
    "made_up", ["", "x", f"{KEPT.visit}", f"{KEPT.visit}.1", f"{KEPT.visit}.a.b", f"x.{BEGAN}.{BEGAN}", f"{KEPT}.1"]
)
def test_a_cookie_that_is_none_of_ours_begins_a_visit(made_up: str) -> None:
    assert visit_of(made_up, Kind.CONTACT_SENT, BEGAN).visit != KEPT.visit


def test_a_visit_said_to_begin_in_the_future_or_for_ever_is_none() -> None:
    for began in (BEGAN + 10**6, 0):
        assert visit_of(f"{KEPT.visit}.{began}.{BEGAN}", Kind.OPENED, BEGAN).visit != KEPT.visit
