"""Report files are checked before they run, and replayed over real events in a bounded process."""

import csv
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from schemas.errors import InvalidError
from schemas.facts.incident import InteractionLinked
from schemas.facts.visit import Searched
from services.cli import report
from services.reports.child import Replay, ReplayFailedError, replay_in_child
from services.reports.replay import Span, replay
from services.reports.report_file import check, load
from tests.projections.histories import START, Recorder, Story

_EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
_COUNT = """
from schemas.facts.incident import InteractionLinked
NAME, VERSION, COLUMNS, FACTS = "count", 1, ("facts", "what"), (InteractionLinked,)
def initial(): return 0
def reduce(state, fact): return state + 1
def rows(state): return [(state, "=2+3")]
"""


@pytest.fixture
def told(database, keys):
    """What was recorded: each transaction's facts."""
    recorder, story = Recorder(database, keys), Story(5)
    facts = []
    for step in story.steps(150):
        recorder.record(step)
        facts.extend(step)
    return facts


@pytest.fixture
def write(tmp_path):
    def written(text):
        path = tmp_path / "report.py"
        path.write_text(text)
        return path

    return written


def _links(facts):
    return [fact for fact in facts if isinstance(fact, InteractionLinked)]


@pytest.mark.parametrize("path", sorted(_EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_the_examples_answer_over_real_events(database_url, told, path):
    assert check(path) == []
    replayed = replay_in_child(Replay(database_url=database_url, path=str(path)))
    assert replayed.rows
    assert all(len(row) == len(replayed.columns) for row in replayed.rows)
    assert (replayed.position, replayed.unreadable) == (len(told), 0)


def test_a_replay_writes_a_file_and_tells_how_far_it_is(database_url, told, write, tmp_path):
    said = []
    out = tmp_path / "x.csv"
    request = Replay(database_url=database_url, path=str(write(_COUNT)), out=str(out))
    replayed = replay_in_child(request, lambda *progress: said.append(progress))
    count = len(_links(told))
    assert [tuple(row) for row in replayed.rows] == [(count, "=2+3")]
    with out.open(newline="") as file:
        assert list(csv.reader(file)) == [["facts", "what"], [str(count), "'=2+3"]]
    assert said[-1] == (len(told), len(told))


def test_a_file_that_cannot_be_written_leaves_nothing_behind(database_url, told, write, tmp_path):
    (tmp_path / "there").mkdir()
    request = Replay(database_url=database_url, path=str(write(_COUNT)), out=str(tmp_path / "there"))
    with pytest.raises(ReplayFailedError, match="Is a directory"):
        replay_in_child(request)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.py", "there"]


def test_the_slowest_tenth_of_answers_takes_no_less_time_than_half_of_them(database_url, told):
    path = _EXAMPLES / "first_response_by_hour.py"
    waits = [row for row in replay_in_child(Replay(database_url=database_url, path=str(path))).rows if row[1] > 1]
    assert waits
    assert all(p90 >= p50 for _, _, _, p50, p90 in waits)


def test_a_visit_that_looks_twice_for_a_word_counts_once():
    found = load(_EXAMPLES / "words_before_contact.py")
    state = found.initial()
    for query, results in (("printer", 0), ("printer jam", 0), ("jam", 2)):
        state = found.reduce(state, Searched(visit=UUID(int=1), query=query, found=results, at=START))
    assert [row[:3] for row in found.table(state)] == [("jam", 1, 1), ("printer", 1, 1)]


def test_a_span_takes_only_its_facts(database, told, write):
    report = load(write(_COUNT))
    since, until = START + timedelta(hours=3), START + timedelta(hours=9)
    within = [fact for fact in _links(told) if since <= fact.at < until]
    assert 0 < len(within) < len(_links(told))
    assert replay(database, report, Span(since, until)).rows == [(len(within), "=2+3")]
    assert replay(database, report, Span(as_of=40)).rows == [(len(_links(told[:40])), "=2+3")]


def test_whatever_a_report_does_the_parent_goes_on(database_url, told, write):
    def run(body, **bounds):
        path = write(_COUNT.replace("return state + 1", body))
        memory = bounds.pop("memory_bytes", 2 * 1024**3)
        return replay_in_child(Replay(database_url=database_url, path=str(path), memory_bytes=memory), **bounds)

    with pytest.raises(ReplayFailedError, match=r"reduce, at position \d+ .*ZeroDivisionError.*line 5"):
        run("return 1 / 0")
    with pytest.raises(ReplayFailedError, match=r"longer than 2 s"):
        run("\n    while True: pass", seconds=2)
    with pytest.raises(ReplayFailedError, match=r"memory"):
        run("return bytes(10**10)", memory_bytes=10**9)
    with pytest.raises(ReplayFailedError, match=r"ended with 3"):
        run("import os; os._exit(3)")
    assert run("print('noise'); return state + 1").rows


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("NAME = 'x'", "it lacks VERSION, COLUMNS, initial, reduce, rows"),
        ("def (", "can't be loaded: SyntaxError"),
        (_COUNT.replace("(state, fact)", "(state)"), "reduce does not take 2 arguments"),
        (_COUNT.replace('("facts", "what")', "7"), "COLUMNS is not a tuple of names"),
        (_COUNT.replace("(InteractionLinked,)", "(int,)"), "FACTS is not a tuple of fact classes"),
        (_COUNT.replace('[(state, "=2+3")]', "[(1, 2, 3)]"), "not a row of 2 columns"),
        (_COUNT.replace('"count"', '"no name"'), "NAME is not a name"),
        (_COUNT.replace("1,", "0,"), "VERSION is not a number from 1"),
        (f"{_COUNT}raise SystemExit(0)", "can't be loaded: SystemExit"),
        (_COUNT.replace('"=2+3"', "object()"), "a cell is text, a number, a time, an id or None"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(write, text, problem):
    (said,) = check(write(text))
    assert problem in said


def test_options_that_make_no_sense_are_refused_before_anything_runs(tmp_path):
    example = _EXAMPLES / "first_response_by_hour.py"
    with pytest.raises(InvalidError, match="--since must be before --until"):
        report.replay(example, since="2026-02-01", until="2026-01-01")
    with pytest.raises(InvalidError, match="there is no folder"):
        report.replay(example, out=tmp_path / "nowhere" / "x.csv")


def test_a_missing_file_is_told():
    with pytest.raises(InvalidError, match="is not a file"):
        load(Path("nowhere.py"))
