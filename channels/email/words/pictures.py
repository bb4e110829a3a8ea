"""The pictures of a mail's HTML: which are shown, which only if somebody asks, which never. After the sanitizer.

A picture from elsewhere tells its sender who reads, when, and from which address. One made for nothing else (a dot,
one that is hidden, an address known for it) is left out whoever asks.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from functools import partial
from urllib.parse import unquote

from channels.email.words.links import host_of

_IMG = re.compile(r'<img((?: [a-z-]+="[^"]*")*)>')
_NAMED = re.compile(r'<img alt="([^"]*)">')
_PART = re.compile(r' ([a-z-]+)="([^"]*)"')
_CARRIED = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+", re.IGNORECASE)
_CARRIED_MAX_CHARACTERS = 512 * 1024
_DOT_MAX_PIXELS = 3
_LOOKED_AT_MAX_CHARACTERS = 2000

_HIDDEN = re.compile(
    r"display:\s*none|visibility:\s*hidden|mso-hide:\s*all|opacity:\s*0(?![.\d]*[1-9])"
    r"|(?<![a-z-])(?:max-)?(?:width|height):\s*[01](?:\.0+)?(?:px)?(?![\d.%a-z])",
    re.IGNORECASE,
)
_BEACON = re.compile(
    r"//[^/]*(?:mailtrack\.|list-manage\.com/track/|google-analytics\.com/|doubleclick\.net/|sendgrid\.net/wf/open)"
    r"|/(?:track(?:ing)?|trk|wf|e|t|email|mail|campaign)/(?:o|open|opens|opened)(?:[/.?]|$)"
    r"|/(?:open|opened|track|tracking|beacon|pixel|spacer|blank|clear)\.(?:gif|png|php|aspx|ashx)(?:$|[?;])"
    r"|/(?:__ptq|o)\.gif(?:$|\?)|[?&](?:open_?track|track_?open)=",
    re.IGNORECASE,
)


def attribute(name: str, value: str) -> str | None:
    """What stays of a picture's attribute until `settled` decides. `style` and `hidden` say whether it is seen."""
    match name:
        case "src":
            lower = value[:20].lower().lstrip()
            carried = len(value) <= _CARRIED_MAX_CHARACTERS and _CARRIED.fullmatch(value.strip()) is not None
            return value.strip() if carried or lower.startswith(("https:", "http:", "cid:")) else None
        case "style":
            return "hidden" if _HIDDEN.search(value[:_LOOKED_AT_MAX_CHARACTERS]) else None
        case _:
            return value


def settled(safe: str, embedded: Mapping[str, str] | None, *, remote: bool) -> str:
    """Sanitized HTML with each picture decided: kept, put in from `embedded`, named only, or gone. May be done again.

    `embedded`: Content-ID → data URL; without it those that came along wait for it.
    """
    return _IMG.sub(partial(_settle, embedded, remote), safe) if "<img" in safe else safe


def waiting(safe: str) -> bool:
    """Are there some that came along, not put in yet?"""
    return 'src="cid:' in safe.lower()


def blocked(safe: str) -> int:
    """How many are named only."""
    return sum(1 for found in _IMG.finditer(safe) if ' src="' not in found.group())


def labelled(settled: str) -> str:
    """The same with words in place of each that is named only: a browser would draw it as broken."""
    return _NAMED.sub(r'<span class="picture">\1</span>', settled)


def _settle(embedded: Mapping[str, str] | None, remote: bool, found: re.Match[str]) -> str:
    said = {name: html.unescape(value) for name, value in _PART.findall(found.group(1))}
    source = said.get("src", "")
    if not source:
        return found.group() if said.keys() == {"alt"} else ""  # named already
    if _is_beacon(said, source):
        return ""
    if source.lower().startswith("cid:") and embedded is not None:
        source = embedded.get(unquote(source[4:]), "")
        if not source:
            return ""
    elsewhere = source.lower().startswith("http")
    if elsewhere and not remote:
        label = " · ".join(each for each in (said.get("alt", "").strip(), host_of(source)) if each)
        return f'<img alt="{html.escape(label)}">'
    shown = {"src": source} | {name: said[name] for name in ("alt", "width", "height") if name in said}
    return "<img" + "".join(f' {name}="{html.escape(value)}"' for name, value in shown.items()) + ">"


def _is_beacon(said: Mapping[str, str], source: str) -> bool:
    sizes = [pixels for name in ("width", "height") if (pixels := _pixels(said.get(name, ""))) is not None]
    dot = any(pixels <= 1 for pixels in sizes) or (len(sizes) == 2 and max(sizes) <= _DOT_MAX_PIXELS)  # noqa: PLR2004 -- both
    hidden = "style" in said or "hidden" in said
    return dot or hidden or _BEACON.search(source[:_LOOKED_AT_MAX_CHARACTERS]) is not None


def _pixels(text: str) -> int | None:
    found = re.fullmatch(r"\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*", text)
    return int(found.group(1)) if found else None
