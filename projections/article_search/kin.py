"""Other shapes of a word that its stem hides: verbs that change within, and English spelt in two ways. Pure."""

from __future__ import annotations

import re

_CHANGED = (("ie", "e"), ("ue", "o"))
_KEPT_LETTERS = 2
"""Of a Spanish stem, beside what changes: `fue` is not `fo`."""

_IRREGULAR = (
    "begin began begun|break broke broken|bring brought|build built|buy bought|choos chose chosen|find found|"
    "forget forgot forgotten|freez froze frozen|get got|give gave given|go went gone|hide hid hidden|hold held|"
    "keep kept|know knew known|leav left|lend lent|lose lost|make made|mean meant|meet met|pay paid|run ran|say said|"
    "see saw seen|sell sold|send sent|show shown|speak spoke spoken|spend spent|steal stole stolen|take took taken|"
    "tell told|think thought|throw threw thrown|write wrote written"
)
_SAME = {stem: tuple(verb.split()) for verb in _IRREGULAR.split("|") for stem in verb.split()}
"""The stems of a verb's forms, as Snowball leaves them."""


def kin(language: str, stem: str) -> set[str]:
    """Stems but this one that may be of the same word: of `cierr` `cerr`, of `paid` `pay`, of `colour` `color`."""
    others: set[str] = set()
    if language == "es":
        others = {
            stem.replace(changed, plain, 1)
            for changed, plain in _CHANGED
            if changed in stem and len(stem) - len(changed) >= _KEPT_LETTERS
        }
    elif language == "en":
        others = {*_SAME.get(stem, ()), stem.replace("our", "or"), re.sub(r"is$", "", stem), f"{stem}is"}
        others.add(re.sub(r"or$", "our", stem))
    return others - {stem}
