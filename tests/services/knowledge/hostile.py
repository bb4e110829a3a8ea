"""What attackers write into articles, titles, names and pages; and how a page is looked through for what would run."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

CORPUS = (
    "<script>alert(1)</script>",
    "<ScRiPt/src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="jAvAsCrIpT&colon;alert(1)">x</a>',
    '<a href=" &#x6A;avascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "<form action=javascript:alert(1)><button>x</button></form>",
    "<style>@import '//evil.example/x.css'</style>",
    "<link rel=stylesheet href=//evil.example/x.css><base href=//evil.example/>",
    '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    "<template><script>alert(1)</script></template>",
    "--><script>alert(1)</script><!--",
    '"><script>alert(1)</script>',
    "'\"></title><script>alert(1)</script>",
    "</style></head><body onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "![x](javascript:alert(1))",
    '![x](x" onerror="alert(1))',
    '![" onerror=alert(1) x="](x)',
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](/articles/00000000-0000-0000-0000-000000000001" onclick="alert(1))',
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
    "\x00<script\x00>alert(1)</script>",
    "| <script>alert(1)</script> | x |\n|---|---|\n| <img src=x onerror=alert(1)> | y |",
    '<p id=document name=cookie style="position:fixed;background:url(//evil.example/x)">x</p>',
    "<details open ontoggle=alert(1)><iframe src=//evil.example name=parent></iframe>",
    '## <img src=x onerror=alert(1)> {#x" onclick="alert(1)}\n\n- [x](javascript:alert(1)) -> #"><svg onload=alert(1)>',
    "# getElementById {#getelementbyid}\n\n- <b>x</b> -> #location\n- y -> article:javascript:alert(1)\n- z -> contact",
    "- [ ] <img src=x onerror=alert(1)>\n- [x] [y](javascript:alert(1))",
    "../../../etc/passwd",
    "..\\..\\x.html",
    "a/b\x00.svg",
)

_SAFE = {"", "http", "https", "mailto", "tel", "ftp", "ftps", "sms", "xmpp", "irc", "ircs", "news", "magnet"} | {
    *(
        "bitcoin",
        "callto",
        "cid",
        "geo",
        "im",
        "ldap",
        "mid",
        "mms",
        "nntp",
        "openpgp4fpr",
        "sip",
        "sftp",
        "ssh",
        "telnet",
    ),
    *("url", "webcal", "wtai", "gopher", "git", "rtsp", "svn", "svn+ssh", "maps"),
}
_RUNS = {
    *("script", "iframe", "object", "embed", "form", "base", "link", "svg", "math", "template", "noscript", "frame"),
    *("applet", "style", "meta", "button", "input", "textarea", "audio", "video", "portal"),
}
_LOADS = {"href", "src", "action", "formaction", "data", "poster", "background", "srcset", "xlink:href", "ping", "cite"}


class _Looking(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _RUNS:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"srcdoc", "style"}:
                self.found.append(f"{tag} {name}")
            if name in {"id", "name"} and not (value or "").startswith("q-"):  # document.cookie would be this element
                self.found.append(f"{tag} {name}={value}")
            if name in _LOADS and _scheme(value or "") not in _SAFE:
                self.found.append(f"{tag} {name}={value}")


def _scheme(address: str) -> str:
    bare = "".join(letter for letter in address if letter.isprintable() and not letter.isspace())
    try:
        return urlsplit(bare).scheme.lower()
    except ValueError:
        return ""


def what_runs(html: str) -> list[str]:
    """Elements, attributes and addresses in it that could run something, or load it from elsewhere."""
    looking = _Looking()
    looking.feed(html)
    looking.close()
    return looking.found
