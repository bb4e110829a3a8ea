"""The timeline: everything that happened to an incident, on whatever channel, in one order."""

from projections.timeline.fold import TIMELINE
from projections.timeline.link import (
    end_of_thread,
    goes_on_by_mail,
    numbers_of_threads,
    of_thread,
    parts_of_thread,
    spoken_for,
    unanswered,
)
from projections.timeline.read import (
    end_of_customer,
    end_of_incident,
    html_blob,
    of_customer,
    of_incident,
    original,
    stored_file,
)
from projections.timeline.shape import Entry, File, Original, StoredFile, Thread

__all__ = [
    "TIMELINE",
    "Entry",
    "File",
    "Original",
    "StoredFile",
    "Thread",
    "end_of_customer",
    "end_of_incident",
    "end_of_thread",
    "goes_on_by_mail",
    "html_blob",
    "numbers_of_threads",
    "of_customer",
    "of_incident",
    "of_thread",
    "original",
    "parts_of_thread",
    "spoken_for",
    "stored_file",
    "unanswered",
]
