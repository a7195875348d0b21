"""Messages per CPU-second of a consuming process: SNS-enveloped FlexMatch notices, each one conditional write.

All do the same write. The naive side is the loop of most samples: receive one message, parse it, write, delete it;
once with aiobotocore clients as they come, and once with the runtime's clients, which are cheaper to call. The other is
the runtime's consumer: batches, bounded concurrency, heartbeats, validated notices, a log line for each, metrics. The
queue and table are in the local emulator, a process of its own.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from aiobotocore.session import get_session

from muster_events.gamelift import MatchmakingNotice
from muster_runtime.aws import client_context
from muster_runtime.clock import SystemClock
from muster_runtime.dynamo import ConditionFailed, Table
from muster_runtime.logging import configure
from muster_runtime.messaging.consumer import Consumer
from muster_runtime.metrics import Metrics
from muster_runtime.settings import ConsumerSettings, ServiceSettings
from muster_runtime.testing.local_aws import Emulator, LocalAWS

MESSAGES = 2_000
PASSES = 3
ROOT = Path(__file__).parents[1]


def notice(number: int) -> str:
    """Return a MatchmakingSearching notice in SNS's envelope."""
    ticket = {
        "ticketId": f"t-{number}",
        "startTime": "2026-01-01T00:00:00.000Z",
        "players": [{"playerId": f"p-{number}"}],
    }
    message = {
        "version": "0",
        "id": f"n-{number}",
        "detail-type": "GameLift Matchmaking Event",
        "source": "aws.gamelift",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00.000Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "type": "MatchmakingSearching",
            "tickets": [ticket],
            "estimatedWaitMillis": "NOT_AVAILABLE",
            "gameSessionInfo": {"players": ticket["players"]},
        },
    }
    return json.dumps(
        {"Type": "Notification", "MessageId": f"m-{number}", "TopicArn": "arn", "Message": json.dumps(message)}
    )


async def write(table: Table, ticket_id: str) -> None:
    """Write one row unless it is there."""
    try:
        await table.put({"ticket_id": ticket_id, "status": "SEARCHING"}, condition="attribute_not_exists(ticket_id)")
    except ConditionFailed:
        return


def stock_client(service: str) -> AbstractAsyncContextManager[Any]:
    """Return a client as aiobotocore makes it when nothing is asked for."""
    create: Callable[..., AbstractAsyncContextManager[Any]] = get_session().create_client
    return create(service, region_name="us-east-1")


def our_client(service: str) -> AbstractAsyncContextManager[Any]:
    """Return a client as services get it."""
    return client_context(service, ServiceSettings())


async def stock(queue_url: str, table_name: str) -> float:
    """Consume one message at a time, with clients as they come; return the CPU-seconds that it took."""
    return await naive(queue_url, table_name, stock_client)


async def naive(
    queue_url: str, table_name: str, client: Callable[[str], AbstractAsyncContextManager[Any]] = our_client
) -> float:
    """Consume one message at a time; return the CPU-seconds that it took, without making the clients."""
    done = 0
    async with client("sqs") as sqs, client("dynamodb") as dynamodb:
        table, begun = Table(dynamodb, table_name), time.process_time()
        while done < MESSAGES:
            answer = await sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=1)
            for each in answer.get("Messages", []):
                detail = json.loads(json.loads(each["Body"])["Message"])["detail"]
                for ticket in detail["tickets"]:
                    await write(table, ticket["ticketId"])
                await sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])
                done += 1
        return time.process_time() - begun


async def ours(queue_url: str, table_name: str) -> float:
    """Consume with the runtime's consumer; return the CPU-seconds that it took, without making the clients."""
    stop, done = asyncio.Event(), 0
    async with (
        client_context("sqs", ServiceSettings()) as sqs,
        client_context("dynamodb", ServiceSettings()) as dynamodb,
    ):
        table, begun = Table(dynamodb, table_name), time.process_time()

        async def on_notice(heard: MatchmakingNotice) -> None:
            nonlocal done
            for ticket in heard.detail.tickets:
                await write(table, ticket.ticket_id)
            done += 1
            if done == MESSAGES:
                stop.set()

        consumer = Consumer(
            sqs,
            name="bench",
            queue_url=queue_url,
            dead_letter_url=queue_url,
            reactions={MatchmakingNotice: on_notice},
            settings=ConsumerSettings(consumer_wait_s=1),
            clock=SystemClock(),
            metrics=Metrics(),
        )
        await consumer.run(stop)
        return time.process_time() - begun


async def prepare(aws: LocalAWS, name: str) -> tuple[str, str]:
    """Make a table, and a queue that holds the messages."""
    async with aws.client("sqs") as sqs, aws.client("dynamodb") as dynamodb:
        url: str = (await sqs.create_queue(QueueName=name))["QueueUrl"]
        for first in range(0, MESSAGES, 10):
            entries = [{"Id": str(n), "MessageBody": notice(n)} for n in range(first, first + 10)]
            await sqs.send_message_batch(QueueUrl=url, Entries=entries)
        await dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "ticket_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "ticket_id", "AttributeType": "S"}],
        )
        return url, name


def main() -> None:
    """Measure both sides in turn, or be one of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("which", nargs="?", choices=["stock", "naive", "ours"])
    parser.add_argument("queue_url", nargs="?")
    parser.add_argument("table", nargs="?")
    given = parser.parse_args()
    if given.which:
        configure("json", "info")
        way = {"stock": stock, "naive": naive, "ours": ours}[given.which]
        print(f"\n{asyncio.run(way(given.queue_url, given.table))}")
        return
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator(ROOT / ".venv-emulator" / "bin" / "ministack", Path(folder))
        try:
            compare(emulator.start())
        finally:
            emulator.stop()


def compare(aws: LocalAWS) -> None:
    """Print the comparison, the best of several passes of each."""
    import os  # noqa: PLC0415 - the environment of children is made here alone

    # As on AWS, which the local one asks for more than.
    os.environ.update(aws.environment | {"MUSTER_CHECK_DYNAMODB": "false"})  # noqa: TID251 - made here alone, as said above
    best: dict[str, float] = {}
    for attempt in range(PASSES):
        for which in ("stock", "naive", "ours"):
            url, table = asyncio.run(prepare(aws, f"{which}-{attempt}"))
            done = subprocess.run(
                [sys.executable, __file__, which, url, table], check=True, capture_output=True, text=True, timeout=300
            )
            rate = MESSAGES / float(done.stdout.split()[-1])
            best[which] = max(rate, best.get(which, 0))
    names = {"stock": "one at a time, stock clients", "naive": "one at a time", "ours": "the runtime's consumer"}
    for which, words in names.items():
        ratios = f"{best[which] / best['stock']:.2f} of stock   {best[which] / best['naive']:.2f} of one at a time"
        print(f"  {words:<36} {best[which]:>9,.0f} messages per CPU-second   {ratios}")


if __name__ == "__main__":
    main()
