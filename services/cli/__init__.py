"""The command line `cauce`: one module a group of commands; app.py puts them together."""

from services.cli.app import main

__all__ = ["main"]
