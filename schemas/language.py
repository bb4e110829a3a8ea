"""Language tags (BCP 47), as far as we go by them."""

from __future__ import annotations


def base_language(tag: str) -> str:
    """`es` of `es-CU`: what a text's endings and a reader's wishes go by."""
    return tag.partition("-")[0].lower()
