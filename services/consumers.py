"""The names our consumers keep their positions under. A changed name reads its log again from the start."""

PARSER = "parser"
"""Reads `mail`."""

INCIDENTS = "incidents"
"""Reads `interactions`."""
