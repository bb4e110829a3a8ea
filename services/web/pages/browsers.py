"""What a browser calls itself, in two words: for the lists of sessions. A guess, and no more is needed."""

from __future__ import annotations

_PROGRAMS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("python-httpx/", "Python"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser(called: str) -> str:
    """`Firefox · Linux`; what nobody knows as it calls itself."""
    found = [name for known in (_PROGRAMS, _SYSTEMS) for name in [_first(known, called)] if name]
    return " · ".join(found) or called


def _first(known: tuple[tuple[str, str], ...], called: str) -> str:
    return next((name for mark, name in known if mark in called), "")
