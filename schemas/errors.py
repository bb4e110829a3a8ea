"""The tree of errors. Each says who acts; HTTP edges map `status`, SMTP edges map retryable to 451.

CauceError
├── RetryableError            the caller tries again; nothing is wrong with the input
│   ├── LogUnavailableError       no durable log answered within 5 s
│   ├── BlobUnavailableError      the blob store can't be reached, or is full
│   ├── StalePositionError        somebody else moved this consumer's position: re-read it
│   └── RetryableDeliveryError    the remote said "later" (SMTP 4xx, time-out)
├── RefusedError              the request is understood and refused; a person acts
│   ├── NotFoundError · ForbiddenError · UnauthenticatedError · TooLargeError · InvalidError
│   ├── MalformedError            bytes that can't be parsed at all · UnsupportedMediaTypeError
│   ├── ConflictError             illegal transition or stale version
│   │   └── AnsweredMeanwhileError    somebody else replied since the caller last looked
│   ├── RateLimitedError
│   └── RejectedDeliveryError     the remote said "never" (SMTP 5xx)
├── PoisonError               this one record can never be handled: quarantine it with its raw bytes
│   ├── DecodeError · EventTooLargeError · UndecidableError
└── OperatorError             stop and say so: a person repairs the installation
    ├── MigrationError · PositionMismatchError · EpochChangedError · SettingsError
"""

from __future__ import annotations

from datetime import datetime


class CauceError(Exception):
    """Root of the tree. `status` is the HTTP status an edge answers with."""

    status = 500
    title = "Internal error"


class RetryableError(CauceError):
    """Try again later; `retry_after` in seconds."""

    status = 503
    title = "Temporarily unavailable"
    retry_after = 5


class LogUnavailableError(RetryableError):
    """The durable log did not acknowledge in time."""


class BlobUnavailableError(RetryableError):
    """The blob store did not keep, or did not give; a full disk too."""


class StalePositionError(RetryableError):
    """A consumer's compare-and-set found another position than it read."""


class RetryableDeliveryError(RetryableError):
    """The remote system asked for a later attempt."""


class RefusedError(CauceError):
    """Understood and refused. `field` names the offending input where there is one."""

    status = 422
    title = "Refused"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class InvalidError(RefusedError):
    """A value that can't be accepted."""

    status = 422
    title = "Invalid"


class MalformedError(RefusedError):
    """The request can't be parsed: not the JSON or form it says it is."""

    status = 400
    title = "Malformed"


class UnsupportedMediaTypeError(RefusedError):
    """A content type this address doesn't take."""

    status = 415
    title = "Unsupported media type"


class UnauthenticatedError(RefusedError):
    """Who are you? A token or a sign-in is missing or no longer valid."""

    status = 401
    title = "Unauthenticated"


class ForbiddenError(RefusedError):
    """Known, but not allowed."""

    status = 403
    title = "Forbidden"


class NotFoundError(RefusedError):
    """No such thing, or none that the caller may see."""

    status = 404
    title = "Not found"


class ConflictError(RefusedError):
    """Illegal transition, or the thing changed meanwhile."""

    status = 409
    title = "Conflict"


class AnsweredMeanwhileError(ConflictError):
    """Somebody else (`by`) replied `at` a time after what the caller had seen. Without a version it is sent anyway."""

    title = "Answered meanwhile"

    def __init__(self, by: str, at: datetime) -> None:
        super().__init__(f"{by} replied at {at.isoformat(timespec='seconds')}: look before you send", field="version")
        self.by = by
        self.at = at


class TooLargeError(RefusedError):
    """Over a stated size."""

    status = 413
    title = "Too large"


class RateLimitedError(RefusedError):
    """Too many requests; `retry_after` in seconds."""

    status = 429
    title = "Too many requests"
    retry_after = 10

    def __init__(self, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        if retry_after is not None:
            self.retry_after = retry_after


class RejectedDeliveryError(RefusedError):
    """The remote refused for good."""


class PoisonError(CauceError):
    """One record that can never be handled. It is quarantined with its raw bytes."""

    status = 422
    title = "Unreadable"


class DecodeError(PoisonError):
    """Bytes that are not what their type says."""


class EventTooLargeError(PoisonError):
    """A fact over `EVENT_MAX_BYTES` once sealed and encoded."""


class UndecidableError(PoisonError):
    """A record that is read but that no decision can be made about: a defect of ours, kept until it is mended."""


class OperatorError(CauceError):
    """The installation needs a person; the message says what to do."""


class MigrationError(OperatorError):
    """The database's version and the code's don't fit."""


class PositionMismatchError(OperatorError):
    """The log no longer holds the record this consumer's position names."""


class EpochChangedError(OperatorError):
    """The event store was restored or failed over: consumers start anew."""


class SettingsError(OperatorError):
    """A `CAUCE_*` setting that can't be used; the message names it."""
