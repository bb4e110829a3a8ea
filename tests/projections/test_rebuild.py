import gc
import weakref
from uuid import uuid4

import pytest

from projections.incidents import INCIDENTS
from projections.registry import ALL
from projections.rows import Rows
from services.rebuild import CancelledRebuildError, rebuild
from tests.projections.histories import Recorder, Story
from tests.projections.views import fold_all, fold_with_pauses, whole


@pytest.mark.parametrize("seed", range(6))
def test_rebuilt_is_live_row_for_row(database, keys, seed):
    recorder, story = Recorder(database, keys), Story(seed)
    for number, facts in enumerate(story.steps(300)):
        recorder.record(facts)
        if number % 5 == 0:
            fold_with_pauses(database, keys, seed + number)
    fold_all(database, keys, batch=97)
    live = {projection.name: whole(database, projection) for projection in ALL}

    rebuild(database, [projection.name for projection in ALL], page_events=110)

    assert {projection.name: whole(database, projection) for projection in ALL} == live
    tables = [(projection.name, table.name) for projection in ALL for table in projection.tables]
    assert [each for each in tables if not live[each[0]][each[1]]] == []


def test_autovacuum_leaves_a_view_alone_until_it_is_loaded(database, keys):
    recorder, story = Recorder(database, keys), Story(3)
    for facts in story.steps(40):
        recorder.record(facts)

    with pytest.raises(CancelledRebuildError):
        rebuild(database, ["work"], cancelled=lambda: True)
    assert _options(database, "work_next") == {("autovacuum_enabled=off",)}

    rebuild(database, ["work"])
    assert _options(database, "work") == {None}


class Row:
    """Can be asked whether it is still there."""


def test_rows_at_hand_go_without_a_search_for_garbage():
    rows, table, kept = Rows(INCIDENTS, bulk=True), INCIDENTS.tables[0], []
    gc.disable()  # as a rebuild does
    try:
        for _ in range(100):
            slot, row = rows.slot(table, uuid4(), surely_new=True), Row()
            rows.put(table, slot, row)
            kept.append(weakref.ref(row))
        del rows, slot, row
        assert {row() for row in kept} == {None}
    finally:
        gc.enable()


def _options(database, in_schema):
    with database.transaction() as connection:
        return {
            tuple(options) if options else None
            for (options,) in connection.execute(
                "SELECT reloptions FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'", (in_schema,)
            )
        }
