"""A poisoned message in each queue: parked with its reason, counted, and the rest flows."""

import json

import aiohttp
import pytest
from muster_system import System

from muster_players.journey import play_match
from muster_runtime.aws import client_context
from muster_runtime.clock import SystemClock
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing import eventually

QUEUES = {
    "tickets": ("NOTICES", "EVENTS"),
    "matchmaking": ("EVENTS",),
    "achievements": ("EVENTS",),
    "listener": ("NOTICES", "EVENTS"),
    "identity": ("ROTATION",),
}
POISON = {
    "not-json": "\x7f{",
    "no-envelope": json.dumps({"hello": "world"}),
    "an-event-without-its-fields": json.dumps(
        {
            "version": "0",
            "id": "1",
            "source": "muster.matchmaking",
            "detail-type": "ticket.requested",
            "time": "2026-01-01T00:00:00Z",
            "detail": {"id": "x", "type": "ticket.requested", "version": 1, "data": {}},
        }
    ),
}


@pytest.mark.parametrize("service", QUEUES)
async def test_poison_is_parked_with_its_reason_and_the_rest_flows(
    system: System, service: str, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = system.environment_of(service)
    for name, value in known.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    counted_before = await _parked(system, service, http)

    async with client_context("sqs", ServiceSettings()) as sqs:
        for queue in QUEUES[service]:
            dead_letters = known[f"{service.upper()}_{queue}_DEAD_LETTERS"]
            for kind, body in POISON.items():
                await sqs.send_message(QueueUrl=known[f"{service.upper()}_{queue}_QUEUE"], MessageBody=body)
                letter = await _letter(sqs, dead_letters)

                assert body == letter["Body"], kind
                assert letter["MessageAttributes"]["reason"]["StringValue"], kind

    expected = counted_before + len(POISON) * len(QUEUES[service])

    async def counted() -> bool:
        return await _parked(system, service, http) >= expected

    # A letter can be read before the service, which counts what it parked, has heard that it was sent.
    await eventually(counted, within_s=60)
    assert expected == await _parked(system, service, http)
    assert (await play_match(system.base_url, players=2, http=http, clock=SystemClock(), timeout_s=150)).verified


async def _letter(sqs: object, queue_url: str) -> dict[str, object]:
    """Take the one dead letter that is there, or comes within seconds."""
    taken: list[dict[str, object]] = []

    async def arrived() -> bool:
        answer = await sqs.receive_message(  # type: ignore[attr-defined]
            QueueUrl=queue_url, WaitTimeSeconds=1, MessageAttributeNames=["All"], MaxNumberOfMessages=1
        )
        for message in answer.get("Messages", []):
            taken.append(message)
            await sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])  # type: ignore[attr-defined]
        return bool(taken)

    await eventually(arrived, within_s=60)
    return taken[0]


async def _parked(system: System, service: str, http: aiohttp.ClientSession) -> int:
    """Read the service's own count of parked messages."""
    async with http.get(f"{system.url(service)}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines if line.startswith("muster_messages_parked_total"))
