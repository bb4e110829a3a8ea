"""The unified incident database: one row an incident, filtered and searched, read through its merges."""

from projections.incidents.fold import INCIDENTS
from projections.incidents.read import existing, find, get
from projections.incidents.roots import number_of, places, roots, sealed_by, statuses
from projections.incidents.shape import Clock, Incident, IncidentDetail, Suggestion, Who
from projections.incidents.targets import Target, targets
from projections.incidents.views import COUNT_MAX, LastWords, View, counts, last_words

__all__ = [
    "COUNT_MAX",
    "INCIDENTS",
    "Clock",
    "Incident",
    "IncidentDetail",
    "LastWords",
    "Suggestion",
    "Target",
    "View",
    "Who",
    "counts",
    "existing",
    "find",
    "get",
    "last_words",
    "number_of",
    "places",
    "roots",
    "sealed_by",
    "statuses",
    "targets",
]
