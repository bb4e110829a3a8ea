"""What the knowledge figures are measured by: a fact where it changes, nothing where it is so already."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from projections.knowledge_usage import PRESETS
from schemas.errors import InvalidError
from schemas.facts.threshold import ThresholdSet, threshold_id
from services.thresholds import SetThreshold, decide

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _set(name: str, value: int) -> ThresholdSet:
    return ThresholdSet(threshold=threshold_id(name), name=name, value=value, by="ana", at=NOW)


def _asked(name: str, value: int) -> SetThreshold:
    return SetThreshold(name=name, value=value, by="ana", now=NOW)


def test_a_value_is_kept_where_it_changes() -> None:
    name = "self_service_percent"
    assert decide(None, _asked(name, 40)) == [_set(name, 40)]
    assert decide(_set(name, 40), _asked(name, 40)) == []
    assert decide(None, _asked(name, PRESETS[name])) == []  # as nobody set it
    assert decide(_set(name, 40), _asked(name, PRESETS[name])) == [_set(name, PRESETS[name])]


@pytest.mark.parametrize(
    ("name", "value"),
    [("self_service_percent", 101), ("contact_percent", 0), ("zero_searches", 1001), ("weather", 5)],
)
def test_what_makes_no_sense_is_refused(name: str, value: int) -> None:
    with pytest.raises(InvalidError):
        decide(None, _asked(name, value))
