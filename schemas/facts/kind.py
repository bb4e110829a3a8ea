"""What makes a struct a fact: a stable stored type name, a version, a stream; and the registry of them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec

from schemas.ids import in_letters


class Personal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Personal data of a fact: sealed at rest with the key of the address it belongs to, gone when that key is."""


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened; never changes once stored.

    A fact with a `personal` part also has `address: UUID`, the keyed id of the address whose key seals it.
    `personal` reads None once that person is erased.
    """

    type_name: ClassVar[str]  # e.g. "incident.opened.v1"
    category: ClassVar[str]  # e.g. "incident"
    subject_field: ClassVar[str]  # the field whose UUID names the stream


F = TypeVar("F", bound=type[Fact])

REGISTRY: dict[str, type[Fact]] = {}


def fact(type_name: str, subject_field: str | None = None) -> Callable[[F], F]:
    """Register a fact class under its stored name `<category>.<past tense>.v<N>`.

    The stream is `<category>/<UUID in subject_field>`; the field defaults to the category's name.
    """
    category = type_name.partition(".")[0]

    def register(cls: F) -> F:
        if type_name in REGISTRY:
            msg = f"two facts are named {type_name}"
            raise ValueError(msg)
        cls.type_name = type_name
        cls.category = category
        cls.subject_field = subject_field or category
        REGISTRY[type_name] = cls
        return cls

    return register


def stream_of(stored: Fact) -> str:
    """The stream a fact belongs to, e.g. `incident/0b9c…`; also the CloudEvents subject."""
    return stream_id(stored.category, getattr(stored, stored.subject_field))


def stream_id(category: str, subject: UUID) -> str:
    """The stream's name of one subject."""
    return f"{category}/{in_letters(subject)}"
