"""The report per channel: contacts, interactions, what was opened and resolved, and how long it took."""

from projections.channel_report.fold import CHANNEL_REPORT
from projections.channel_report.read import contacts, read

__all__ = ["CHANNEL_REPORT", "contacts", "read"]
