"""Publishes notices to the SNS topics that configurations and queues name.

One lane a topic keeps the order as well as a standard topic can. A notice that fails is tried again, with growing
pauses, until it is too old: it is not lost while this process lives and the topic comes back in time.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from muster_gamelift.lanes import Done, Lanes
from muster_gamelift.state.world import Notice
from muster_runtime.clock import Clock

Connect = Callable[[], Awaitable[Any]]
"""Gives the SNS client; asked when the first notice with a target comes, so that none is needed without."""


def _nobody_asks(_notice: Notice) -> None:
    """Say it to nobody."""


class SNSSink:
    """A `NoticeSink` and the job that empties it."""

    def __init__(
        self, connect: Connect, *, clock: Clock, timeout_s: float, give_up_s: float, done: Done = _nobody_asks
    ) -> None:
        """Build an empty sink.

        Args:
            connect: gives the SNS client.
            clock: tells how old a notice is; only its monotonic side is used.
            timeout_s: longest one publish may take.
            give_up_s: a notice that could not be published for this long is dropped and logged.
            done: called for each notice that this sink is done with.
        """
        self._connect = connect
        self._done = done
        self._lanes = Lanes[str](self._publish, clock=clock, timeout_s=timeout_s, give_up_s=give_up_s, done=done)

    @property
    def waiting(self) -> int:
        """How many notices are not published yet."""
        return self._lanes.waiting

    def hand_over(self, notice: Notice) -> None:
        """Take *notice*; one without a target is nobody's business here."""
        if notice.target_arn:
            self._lanes.put(notice.target_arn, notice)
        else:
            self._done(notice)

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until *stop* is set, then for a short while what is left."""
        await self._lanes.run(stop)

    async def _publish(self, _topic_arn: str, notice: Notice) -> None:
        client = await self._connect()
        await client.publish(**_request(notice))


def _request(notice: Notice) -> dict[str, Any]:
    message = json.dumps(notice.envelope, separators=(",", ":"), ensure_ascii=False)
    request: dict[str, Any] = {"TopicArn": notice.target_arn, "Message": message}
    if notice.target_arn.endswith(".fifo"):
        # AWS does not document its own choice; ours keeps the notices of one match or ticket in order.
        detail = notice.envelope["detail"]
        tickets = detail.get("tickets") or [{}]
        group = detail.get("matchId") or detail.get("placementId") or tickets[0].get("ticketId", "gamelift")
        request |= {"MessageGroupId": group, "MessageDeduplicationId": notice.envelope["id"]}
    return request
