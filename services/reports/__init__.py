"""Reports: pure reducers over the event history, one file each, replayed in a process of their own."""

from services.reports.child import Replay, Replayed, ReplayFailedError, replay_in_child
from services.reports.report_file import ReportFile, check, load

__all__ = ["Replay", "ReplayFailedError", "Replayed", "ReportFile", "check", "load", "replay_in_child"]
