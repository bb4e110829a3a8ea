"""What the demo is made of: the products' problems of problems.toml, and the people who have them."""

from __future__ import annotations

import random
import tomllib
import unicodedata
from pathlib import Path

import msgspec


class Words(msgspec.Struct, frozen=True):
    """A problem in one language."""

    subjects: tuple[str, ...]
    openings: tuple[str, ...]
    follow_ups: tuple[str, ...]
    answers: tuple[str, ...]
    solution: str
    cause: str


class Problem(msgspec.Struct, frozen=True):
    """Something that goes wrong with a product. `weight`: how often, relative to the others."""

    key: str
    product: str
    weight: int
    priority: str
    tags: tuple[str, ...]
    es: Words
    en: Words
    article: str = ""

    def words(self, language: str) -> Words:
        """In `es` or `en`."""
        return self.es if language == "es" else self.en


class Names(msgspec.Struct, frozen=True):
    """First and last names, in words of one text each."""

    first: str
    last: str


class Catalogue(msgspec.Struct, frozen=True):
    """All of problems.toml."""

    names: dict[str, Names]
    problem: tuple[Problem, ...]


class Customer(msgspec.Struct, frozen=True):
    """Somebody who uses the products."""

    name: str
    email: str
    phone: str
    language: str
    organization: str


AGENTS = ("lucia", "yasmany", "carmen", "tomas", "grace")
"""Who answers, by user name."""

_PLACES = (
    # organization, mail domain, telephone prefix and digits after it, language, weight
    ("Panadería La Espiga", "laespiga.example", "+53 5", 7, "es", 6),
    ("Cooperativa Vega Alta", "vegaalta.example", "+53 5", 7, "es", 5),
    ("Talleres Hermanos Roca", "talleresroca.example", "+34 6", 8, "es", 7),
    ("Librería Cervantes", "libreriacervantes.example", "+34 6", 8, "es", 5),
    ("Ferretería El Tornillo", "eltornillo.example", "+52 55", 8, "es", 6),
    ("Café de los Andes", "cafeandes.example", "+57 3", 9, "es", 5),
    ("Óptica Plaza", "opticaplaza.example", "+54 911", 8, "es", 4),
    ("Clínica San Rafael", "sanrafael.example", "+56 9", 8, "es", 4),
    ("Bright Harbor Supplies", "brightharbor.example", "+1 305", 7, "en", 6),
    ("Cedar & Sons Accounting", "cedarsons.example", "+1 813", 7, "en", 5),
    ("Magnolia Dental", "magnoliadental.example", "+1 504", 7, "en", 4),
    ("Northwind Bakery", "northwindbakery.example", "+1 617", 7, "en", 3),
    ("", "correo.example", "+53 5", 7, "es", 4),
    ("", "mail.example", "+1 786", 7, "en", 3),
)
COMPANIES = tuple((name, domain, language) for name, domain, _, _, language, _ in _PLACES if name)
"""Name, mail domain and language of each."""
_CASES_A_CUSTOMER = 4


def load() -> Catalogue:
    """The catalogue, read from its file."""
    text = Path(__file__).with_name("problems.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Catalogue)


def customer_of(catalogue: Catalogue, seed: int, cases: int, rng: random.Random) -> Customer:
    """Who has this case: some write often, most once or twice."""
    count = _count(cases)
    return _customer(catalogue, seed, min(int(rng.paretovariate(0.6) * count / 12), count * 3) % count)


def people(catalogue: Catalogue, seed: int, cases: int) -> list[Customer]:
    """All who may have one of so many cases, who write most first."""
    return [_customer(catalogue, seed, number) for number in range(_count(cases))]


def _count(cases: int) -> int:
    return max(12, cases // _CASES_A_CUSTOMER)


def _customer(catalogue: Catalogue, seed: int, number: int) -> Customer:
    rng = random.Random(f"customer/{seed}/{number}")  # noqa: S311 -- a demo must be the same each time
    place = rng.choices(_PLACES, [place[5] for place in _PLACES])[0]
    organization, domain, prefix, digits, language, _ = place
    names = catalogue.names[language]
    first, last = rng.choice(names.first.split()), rng.choice(names.last.split())
    # the number keeps people of one name apart
    email = f"{_ascii(first)}.{_ascii(last)}{number}@{domain}"
    phone = prefix.replace(" ", "") + f"{(number * 7919 + 1234567) % 10**digits:0{digits}d}"
    return Customer(f"{first} {last}", email, phone, language, organization)


def _ascii(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return folded.lower().replace(" ", "")


def slots(rng: random.Random, language: str) -> dict[str, str]:
    """Values for the slots of one case's words."""
    days = (
        ("lunes", "martes", "miércoles", "jueves", "viernes")
        if language == "es"
        else ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
    )
    warehouses = ("Marianao", "Valencia", "Central", "Cerro", "Miami", "Norte", "Guadalajara", "Tampa")
    return {
        "version": f"{rng.randint(7, 9)}.{rng.randint(0, 12)}.{rng.randint(0, 4)}",
        "invoice": f"F{rng.randint(2024, 2026)}-{rng.randint(100, 9999):04d}",
        "count": str(rng.choice((3, 4, 6, 8, 12, 15, 24, 37, 120))),
        "warehouse": rng.choice(warehouses),
        "error": f"{rng.choice('CFNX')}-{rng.randint(101, 979)}",
        "day": rng.choice(days),
    }
