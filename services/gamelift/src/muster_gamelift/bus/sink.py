"""Delivers notices to the targets of the default bus's matching rules, as EventBridge would."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from muster_gamelift.bus.inputs import InputInvalid, rendered
from muster_gamelift.bus.rules import Rules, Target
from muster_gamelift.deliveries import Countdown
from muster_gamelift.lanes import FIRST_PAUSE_S, FLUSH_S, LONGEST_PAUSE_S, Done, Lanes
from muster_gamelift.state.world import Notice
from muster_runtime.aws import code_of
from muster_runtime.backoff import first_of, full_jitter, pause
from muster_runtime.clock import Clock
from muster_runtime.errors import MusterError

log = structlog.get_logger()

Connect = Callable[[str], Awaitable[Any]]
"""Gives the client of an AWS service: `events`, `sqs` or `sns`."""

_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


class BusSink:
    """A `NoticeSink` for the default bus, and the job that empties it."""

    def __init__(  # noqa: PLR0913 - each is a different need, and named
        self, connect: Connect, *, clock: Clock, timeout_s: float, give_up_s: float, fresh_s: float, done: Done
    ) -> None:
        """Build an empty sink.

        Args:
            connect: gives AWS clients; asked when the first notice comes.
            clock: tells how old notices and rules are; only its monotonic side is used.
            timeout_s: longest one call may take.
            give_up_s: a notice that could not be delivered for this long is dropped and logged.
            fresh_s: rules older than this are read again.
            done: called for each notice that this sink is done with.
        """
        self._connect = connect
        self._clock = clock
        self._give_up_s = give_up_s
        self._rules = Rules(lambda: connect("events"), clock=clock, timeout_s=timeout_s, fresh_s=fresh_s)
        self._countdown = Countdown(done)
        self._lanes = Lanes[Target](
            self._deliver, clock=clock, timeout_s=timeout_s, give_up_s=give_up_s, done=self._countdown.done
        )
        self._incoming: deque[tuple[Notice, float]] = deque()
        self._arrived = asyncio.Event()
        self._is_aws: bool | None = None
        self._queue_urls: dict[str, str] = {}

    @property
    def waiting(self) -> int:
        """How many notices have not been matched, and how many deliveries are still to be made."""
        return len(self._incoming) + self._lanes.waiting

    def hand_over(self, notice: Notice) -> None:
        """Take *notice*."""
        self._countdown.begin(notice, 1)
        self._incoming.append((notice, self._clock.monotonic_s()))
        self._arrived.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Match and deliver until *stop* is set, then for a short while what is left."""
        matched = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lanes.run(matched))
            await self._match(stop)
            try:
                async with asyncio.timeout(FLUSH_S):
                    await self._match_all()
            except TimeoutError:
                log.warning("notices_unpublished_at_stop", count=len(self._incoming))
            matched.set()

    async def _match(self, stop: asyncio.Event) -> None:
        failures = 0
        while not stop.is_set():
            if not self._incoming:
                self._arrived.clear()
                await first_of(stop, self._arrived, within_s=60.0)
            elif await self._match_all():
                failures = 0
            else:
                failures += 1
                await pause(stop, full_jitter(failures, base_s=FIRST_PAUSE_S, cap_s=LONGEST_PAUSE_S))

    async def _match_all(self) -> bool:
        """Give what came in to the lanes of its targets; return whether the rules could be read."""
        try:
            rules = () if await self._leads_to_aws() else await self._rules.current()
        except (MusterError, ClientError, BotoCoreError) as error:
            code = error.code if isinstance(error, MusterError) else code_of(error)
            log.warning("bus_rules_unknown", code=code, waiting=len(self._incoming))
            self._give_up()
            return False
        while self._incoming:
            notice, _ = self._incoming.popleft()
            targets = [target for rule in rules if rule.matches(notice.envelope) for target in rule.targets]
            self._countdown.begin(notice, len(targets))
            for target in targets:
                self._lanes.put(target, notice)
            self._countdown.done(notice)
        return True

    def _give_up(self) -> None:
        oldest_s = self._clock.monotonic_s() - self._give_up_s
        while self._incoming and self._incoming[0][1] <= oldest_s:
            notice, _ = self._incoming.popleft()
            log.error("notice_lost", to="default bus", notice_id=notice.envelope["id"])
            self._countdown.done(notice)

    async def _leads_to_aws(self) -> bool:
        """Tell whether the bus is a real one: rules there wait for the real GameLift, not for this one."""
        if self._is_aws is None:
            client = await self._connect("events")
            host = urlsplit(client.meta.endpoint_url).hostname or ""
            self._is_aws = host.endswith(_AWS)
            if self._is_aws:
                log.warning("bus_not_served", reason="the EventBridge endpoint is AWS itself", host=host)
        return self._is_aws

    async def _deliver(self, target: Target, notice: Notice) -> None:
        reserved = {
            "aws.events.rule-arn": target.rule_arn,
            "aws.events.rule-name": target.rule_name,
            "aws.events.event.ingestion-time": notice.envelope["time"],
        }
        try:
            body = rendered(target.spec, notice.envelope, reserved)
        except InputInvalid as error:
            log.warning("bus_input_refused", rule=target.rule_name, target_id=target.target_id, problem=str(error))
            return
        client = await self._connect(target.service)
        if target.service == "sns":
            await client.publish(TopicArn=target.arn, Message=body)
            return
        fifo: dict[str, str] = {}
        if target.group_id:
            fifo = {"MessageGroupId": target.group_id, "MessageDeduplicationId": notice.envelope["id"]}
        try:
            await client.send_message(QueueUrl=await self._queue_url(client, target.arn), MessageBody=body, **fifo)
        except ClientError:
            # A queue that was made again may have another address.
            self._queue_urls.pop(target.arn, None)
            raise

    async def _queue_url(self, client: Any, arn: str) -> str:  # noqa: ANN401 - aiobotocore clients have no static type
        if arn not in self._queue_urls:
            *_, account, name = arn.split(":")
            answer = await client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
            self._queue_urls[arn] = answer["QueueUrl"]
        return self._queue_urls[arn]
