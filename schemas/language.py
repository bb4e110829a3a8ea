"""Language tags (BCP 47), as far as we go by them."""

from __future__ import annotations


def base_language(tag: str) -> str:
    """`es` of `es-CU`: what a text's endings and a reader's wishes go by."""
    return tag.partition("-")[0].lower()


def locale_language(locale: str | None) -> str:
    """`es` of the `es_CU` or `es-CU` that somebody's program says it speaks; empty: it doesn't say."""
    return base_language((locale or "").replace("_", "-"))
