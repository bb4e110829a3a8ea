"""A hub on a real database, as the write side's tests have it."""

from tests.services.incidents.conftest import commands, taking

__all__ = ["commands", "taking"]
