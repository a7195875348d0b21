"""What can go wrong in any service, told once for both edges.

Domain errors know nothing of HTTP or queues. Two tables translate a family, one per edge:
`muster_runtime.http.problems` gives the HTTP status, `muster_runtime.messaging.consumer` the fate of a message.

    MusterError
    ├── Malformed        400   park      the bytes are not what the format demands
    ├── Invalid          422   park      well-formed, but breaks a rule
    ├── Unauthenticated  401   park      nobody we know
    ├── Forbidden        403   park      known, but not allowed
    ├── NotFound         404   retry     there is no such thing (yet)
    ├── Conflict         409   retry     the state or version does not allow it
    ├── TooLarge         413   park      more bytes than the edge accepts
    ├── TooMany          429   retry     the caller asks too often
    ├── Busy             503   retry     we, or what we depend on, are throttled
    ├── Unavailable      503   retry     a dependency does not answer
    └── Garbled          502   retry     a dependency answers what it never should

A service extends a family and states the facts as fields; `code` is an interface: stable, documented, tested.
"""

from typing import ClassVar


class MusterError(Exception):
    """Base of every error that Muster raises on purpose.

    Attributes:
        code: stable snake_case name of this error, unique in a service; part of its public interface.
        advice: what the caller can do next, one sentence, free of internals.
    """

    code: ClassVar[str] = "internal"
    advice: ClassVar[str] = "Try again later; quote the request id if it persists."

    def __init__(self, detail: str = "", *, retry_after_s: float | None = None) -> None:
        """Build the error.

        Args:
            detail: what happened to this very request, safe to show outside.
            retry_after_s: seconds after which a repeat makes sense; None where the family's default serves.
        """
        super().__init__(detail or self.advice)
        self.detail = detail or self.advice
        self.retry_after_s = retry_after_s


class Malformed(MusterError):
    """The input is not what the format demands: not JSON, wrong charset, no envelope."""

    code = "malformed"
    advice = "Send what the API document describes."


class Invalid(MusterError):
    """The input is well-formed but breaks a rule."""

    code = "invalid"
    advice = "Correct the named fields and send it again."


class Unauthenticated(MusterError):
    """The caller has not proved who they are."""

    code = "unauthenticated"
    advice = "Sign in, and send the access token in the Authorization header."


class Forbidden(MusterError):
    """The caller is known and may not do this."""

    code = "forbidden"
    advice = "Use an account that has the needed scope."


class NotFound(MusterError):
    """There is no such thing, or the caller may not know of it."""

    code = "not_found"
    advice = "Check the identifier."


class Conflict(MusterError):
    """The present state does not allow it, or another writer got there first."""

    code = "conflict"
    advice = "Read the present state, then decide again."


class TooLarge(MusterError):
    """The input has more bytes than this edge accepts."""

    code = "too_large"
    advice = "Send less in one request."


class TooMany(MusterError):
    """The caller asks more often than allowed."""

    code = "too_many_requests"
    advice = "Wait as long as Retry-After says."


class Busy(MusterError):
    """We, or something we depend on, are throttled."""

    code = "busy"
    advice = "Wait as long as Retry-After says, then repeat the request."


class Unavailable(MusterError):
    """A dependency does not answer."""

    code = "unavailable"
    advice = "Wait as long as Retry-After says, then repeat the request."


class Garbled(MusterError):
    """A dependency answered, and nothing in the answer can be believed."""

    code = "garbled"
    advice = "A service behind this one answered nonsense. Try again later."
