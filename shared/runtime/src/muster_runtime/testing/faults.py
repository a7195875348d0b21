"""Faults that no local emulator shows by itself: throttling, conflicts, lost answers, partial batches, repeats.

    table = Table(Faulty(client, {"put_item": [throttle(), None, timeout_after_commit()]}), "tickets")

The first `put_item` is throttled, the second goes through, the third is applied but its answer is lost; all later ones
go through.
"""

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

Call = Callable[..., Awaitable[dict[str, Any]]]
Fault = Callable[[Call, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Gets the real call and its request, and gives the answer, or raises."""

_ENDPOINT = "http://aws.test"


class Faulty:
    """A client whose calls fail as planned.

    Attributes:
        calls: names of all calls made so far, in order, faulty ones included.
    """

    def __init__(self, client: object, plan: Mapping[str, Iterable[Fault | None]]) -> None:
        """Wrap *client*.

        Args:
            client: an aiobotocore client, or a fake with its method names.
            plan: faults by method name, one for each call in turn; None lets a call through. An endless iterable,
                such as `itertools.repeat(throttle())`, makes a burst that does not end.
        """
        self.calls: list[str] = []
        self._client = client
        self._plan = {name: iter(faults) for name, faults in plan.items()}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the wrapped client has
        """Return the client's method, with the next fault of the plan around it."""
        real = getattr(self._client, name)
        if not callable(real):
            return real

        async def call(**request: Any) -> dict[str, Any]:  # noqa: ANN401 - a raw AWS request
            self.calls.append(name)
            fault = next(self._plan.get(name, iter(())), None)
            answer: dict[str, Any] = await (real(**request) if fault is None else fault(real, request))
            return answer

        return call


def client_error(code: str, *, status: int = 400, operation: str = "Operation", **extra: Any) -> ClientError:  # noqa: ANN401 - raw AWS fields
    """Return the error that botocore raises for *code*; *extra* are further fields of the answer."""
    answer: Any = {
        "Error": {"Code": code, "Message": "injected"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **extra,
    }
    return ClientError(answer, operation)


def refuse(code: str, *, status: int = 400, **extra: Any) -> Fault:  # noqa: ANN401 - raw AWS fields
    """Answer with the error *code* and do nothing."""

    async def fault(_call: Call, _request: dict[str, Any]) -> dict[str, Any]:
        raise client_error(code, status=status, **extra)

    return fault


def throttle() -> Fault:
    """Say that calls come too fast, and do nothing."""
    return refuse("ThrottlingException")


def conflict() -> Fault:
    """Say that another transaction holds the row, and do nothing; for single writes."""
    return refuse("TransactionConflictException")


def cancel(*reasons: str) -> Fault:
    """Cancel a transaction for *reasons*, one code for each operation, such as `TransactionConflict` or `None`."""
    told = [{"Code": reason} for reason in reasons]
    return refuse("TransactionCanceledException", CancellationReasons=told)


def outage() -> Fault:
    """Answer with a 503 and do nothing."""
    return refuse("ServiceUnavailable", status=503)


def unreachable() -> Fault:
    """Refuse the connection."""

    async def fault(_call: Call, _request: dict[str, Any]) -> dict[str, Any]:
        raise EndpointConnectionError(endpoint_url=_ENDPOINT)

    return fault


def timeout_after_commit() -> Fault:
    """Do it, and lose the answer."""

    async def fault(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        await call(**request)
        raise ReadTimeoutError(endpoint_url=_ENDPOINT)

    return fault


def partial(*failing: int, code: str = "InternalError", sender_fault: bool = False) -> Fault:
    """Do a batch except for the entries at the places *failing*; knows SQS batches and PutEvents."""

    async def fault(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        entries = request["Entries"]
        fine = [each for place, each in enumerate(entries) if place not in failing]
        answer = await call(**(request | {"Entries": fine})) if fine else {}
        if "Detail" in entries[0]:
            accepted = iter(answer.get("Entries", []))
            told = [
                {"ErrorCode": code, "ErrorMessage": "injected"} if place in failing else next(accepted)
                for place in range(len(entries))
            ]
            return answer | {"FailedEntryCount": len(failing), "Entries": told}
        failed = [
            {"Id": each["Id"], "Code": code, "SenderFault": sender_fault}
            for place, each in enumerate(entries)
            if place in failing
        ]
        return answer | {"Failed": [*answer.get("Failed", []), *failed]}

    return fault


def unprocessed(*left_out: int) -> Fault:
    """Do a BatchWriteItem except for the requests at the places *left_out* of each table."""

    async def fault(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        tables = request["RequestItems"]
        kept = {
            table: [each for place, each in enumerate(items) if place in left_out] for table, items in tables.items()
        }
        done = {
            table: [each for place, each in enumerate(items) if place not in left_out]
            for table, items in tables.items()
        }
        if any(done.values()):
            await call(**(request | {"RequestItems": {table: items for table, items in done.items() if items}}))
        return {"UnprocessedItems": {table: items for table, items in kept.items() if items}}

    return fault


def unprocessed_keys(*left_out: int) -> Fault:
    """Do a BatchGetItem except for the keys at the places *left_out* of each table."""

    async def fault(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        tables = request["RequestItems"]

        def part(*, is_left_out: bool) -> dict[str, Any]:
            kept = {
                table: [each for place, each in enumerate(asked["Keys"]) if (place in left_out) is is_left_out]
                for table, asked in tables.items()
            }
            return {table: tables[table] | {"Keys": keys} for table, keys in kept.items() if keys}

        done = part(is_left_out=False)
        answer = await call(**(request | {"RequestItems": done})) if done else {"Responses": {}}
        return answer | {"UnprocessedKeys": part(is_left_out=True)}

    return fault


def duplicates() -> Fault:
    """Receive every message twice in one answer, as a standard queue may."""

    async def fault(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        answer = await call(**request)
        twice = [each for each in answer.get("Messages", []) for _ in range(2)]
        return answer | {"Messages": twice}

    return fault


def reorder(rng: random.Random | None = None) -> Fault:
    """Receive messages in another order: shuffled by *rng*, or reversed without one."""

    async def fault(call: Call, request: dict[str, Any]) -> dict[str, Any]:
        answer = await call(**request)
        messages = list(answer.get("Messages", []))
        if rng is None:
            messages.reverse()
        else:
            rng.shuffle(messages)
        return answer | {"Messages": messages}

    return fault
