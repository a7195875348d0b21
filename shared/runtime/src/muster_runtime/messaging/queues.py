"""Look at the queues before anything is received from them."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from muster_runtime.aws import calling, code_of
from muster_runtime.backoff import full_jitter, pause
from muster_runtime.messaging.messages import SQS

CALL_S: Final = 10.0
"""The longest that one look may take, its retries included."""
PAUSE_CAP_S: Final = 10.0
"""Longest pause between two looks at a queue that cannot be reached."""

_NO_QUEUE: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})

log = structlog.get_logger(__name__)


class QueueMissing(Exception):
    """The queue, or its dead-letter queue, does not exist: the settings are wrong, and waiting mends nothing."""


async def look(sqs: SQS, url: str) -> None:
    """Ask whether the queue at *url* is there."""
    async with calling(timeout_s=CALL_S):
        await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])


async def wait_for(sqs: SQS, urls: Sequence[str], *, consumer: str, stop: asyncio.Event) -> None:
    """Return once every queue of *urls* has answered, or *stop* is set.

    Raises:
        QueueMissing: one does not exist.
    """
    attempt = 0
    for url in urls:
        while not stop.is_set():
            try:
                await look(sqs, url)
                break
            except Exception as error:
                if code_of(error) in _NO_QUEUE:
                    raise QueueMissing(f"consumer {consumer}: there is no queue {url}") from error
                attempt += 1
                log.warning("queue_not_reachable", consumer=consumer, code=code_of(error))
                await pause(stop, full_jitter(attempt, base_s=0.5, cap_s=PAUSE_CAP_S))
