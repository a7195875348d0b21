"""Settings and limits that give up on nobody because the machine is busy: all of them are real time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from muster_runtime.aws import calling

CALL_S: Final = 60.0
"""Longest call of DynamoDB after `let_dynamodb_take_its_time`."""

PATIENT: Final[dict[str, Any]] = {
    "request_deadline_s": 120,
    "header_deadline_s": 60,
    "body_deadline_s": 60,
    "probe_timeout_s": 60,
    "grace_s": 60,
    "aws_connect_timeout_s": 30,
    "aws_read_timeout_s": 60,
}
"""Fields of `muster_runtime.settings.ServiceSettings`."""

GAMELIFT: Final[dict[str, Any]] = {
    **PATIENT,
    "activation_s": 600,
    "relink_grace_s": 600,
    "termination_s": 600,
    "control_patience_s": 60,
    "notice_timeout_s": 60,
}
"""Fields of `muster_gamelift.settings.Settings`."""


def let_dynamodb_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bound calls of DynamoDB by a minute: a hundred at once stand in line for one emulator, which AWS is not."""

    @asynccontextmanager
    async def patiently(*, timeout_s: float) -> AsyncIterator[None]:
        async with calling(timeout_s=max(timeout_s, CALL_S)):
            yield

    for module in ("batches", "table", "transactions"):
        monkeypatch.setattr(f"muster_runtime.dynamo.{module}.calling", patiently)
