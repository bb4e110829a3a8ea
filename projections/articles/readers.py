"""Who may see which article: agents all that is published, others what is for everybody or for what they have."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import LiteralString

from projections.articles.fold import product_key

READABLE: LiteralString = (
    "(articles.state = 'published' AND (articles.audience = 'public' OR %(agent)s"
    " OR (articles.audience = 'customers' AND articles.product_keys && %(owned)s::text[])))"
)
"""The one condition of every public read, over the table `articles`. Its parameters: `Reader.values`."""

SPOKEN: LiteralString = "%(language)s IN (articles.language, split_part(lower(articles.language), '-', 1))"
"""Is an article in a language? `es-CU` is in `es` too, whatever is written behind it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads. `products`: what a customer is known to have; of somebody nobody knows there are none."""

    agent: bool = False
    products: tuple[str, ...] = ()

    @staticmethod
    def having(products: Collection[str]) -> Reader:
        """A customer who has these."""
        return Reader(products=tuple(sorted({product_key(each) for each in products})))

    @property
    def values(self) -> dict[str, object]:
        """The parameters of READABLE."""
        return {"agent": self.agent, "owned": list(self.products)}


ANYBODY = Reader()
AGENT = Reader(agent=True)
