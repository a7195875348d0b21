"""Failures on order: operations that answer errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from muster_gamelift.control.errors import ErrorUnknown, OperationUnknown
from muster_gamelift.errors import Fault
from muster_gamelift.validation import Model

COMMON: Final[Mapping[str, int]] = {
    "AccessDeniedException": 400,
    "ExpiredTokenException": 403,
    "IncompleteSignature": 403,
    "InternalFailure": 500,
    "NotAuthorized": 400,
    "OptInRequired": 403,
    "RequestExpired": 400,
    "ServiceUnavailable": 503,
    "ThrottlingException": 400,
    "UnrecognizedClientException": 403,
    "ValidationError": 400,
}
"""Errors that any operation may answer, with their HTTP status. Source: GameLift API reference, common errors."""


@dataclass(slots=True)
class OperationFault:
    """One order: the next calls of an operation fail.

    Attributes:
        operation: its name.
        error: the `__type` of the answer.
        status: its HTTP status.
        times: so many calls are still to fail.
    """

    operation: str
    error: str
    status: int
    times: int


class OperationFaults:
    """Says which calls fail; orders for one operation are worked off one after the other."""

    def __init__(self, model: Model) -> None:
        """Start without orders.

        Args:
            model: knows the operations and their errors.
        """
        self._model = model
        self._orders: list[OperationFault] = []

    @property
    def pending(self) -> tuple[OperationFault, ...]:
        """The orders that are not worked off, oldest first."""
        return tuple(self._orders)

    def add(self, operation: str, error: str, times: int) -> None:
        """Let the next calls of *operation* fail.

        Args:
            operation: such as StartMatchmaking.
            error: a name that the model lists for it, or one of `COMMON`.
            times: so many calls, 1 or more.

        Raises:
            OperationUnknown: the API has no such operation.
            ErrorUnknown: AWS never answers this error to it.
        """
        if operation not in self._model.operations:
            raise OperationUnknown
        known = {**COMMON, **self._model.errors_of(operation)}
        if error not in known:
            raise ErrorUnknown(f"{operation} answers one of: {', '.join(sorted(known))}.")
        self._orders.append(OperationFault(operation, error, known[error], times))

    def admit(self, _region: str, operation: str, _now_s: float) -> None:
        """Let a call through, or fail it.

        Raises:
            Fault: it was ordered to fail.
        """
        order = next((one for one in self._orders if one.operation == operation), None)
        if order is None:
            return
        order.times -= 1
        if order.times == 0:
            self._orders.remove(order)
        raise _named(order.error, order.status)

    def forget(self) -> None:
        """Forget all orders."""
        self._orders.clear()


def _named(error: str, status: int) -> Fault:
    # A class of its own, because name and status belong to the class of an error.
    members = {"code": "ordered_failure", "aws_name": error, "status": status}
    kind = cast("type[Fault]", type(error, (Fault,), members))
    return kind("This failure was ordered through the control interface.")
