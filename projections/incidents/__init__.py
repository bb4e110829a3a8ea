"""The unified incident database: one row an incident, filtered and searched, read through its merges."""

from projections.incidents.fold import INCIDENTS
from projections.incidents.read import find, get, number_of, places, roots, sealed_by
from projections.incidents.shape import Incident, IncidentDetail, Suggestion, Who

__all__ = [
    "INCIDENTS",
    "Incident",
    "IncidentDetail",
    "Suggestion",
    "Who",
    "find",
    "get",
    "number_of",
    "places",
    "roots",
    "sealed_by",
]
