"""The rules of the default bus: read from EventBridge, and read again every few seconds."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from muster_gamelift.bus.inputs import InputSpec
from muster_gamelift.bus.patterns import Matcher, PatternInvalid, compiled
from muster_runtime.aws import calling
from muster_runtime.clock import Clock

log = structlog.get_logger()

BUS: Final = "default"
SERVED: Final = ("sqs", "sns")
_ARN_COLONS: Final = 5


@dataclass(frozen=True, slots=True)
class Target:
    """One target of one rule, equal to another one that gets the same in the same way.

    Attributes:
        service: `sqs` or `sns`.
        arn: of the queue or topic.
        group_id: MessageGroupId for FIFO queues.
    """

    rule_name: str
    rule_arn: str
    target_id: str
    service: str
    arn: str
    spec: InputSpec
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """An enabled rule: what it wants, and who gets it."""

    matches: Matcher
    targets: tuple[Target, ...]


Connect = Callable[[], Awaitable[Any]]


class Rules:
    """The enabled rules, at most some seconds old."""

    def __init__(self, connect: Connect, *, clock: Clock, timeout_s: float, fresh_s: float) -> None:
        """Build it without asking.

        Args:
            connect: gives the EventBridge client.
            clock: tells how old the rules are; only its monotonic side is used.
            timeout_s: longest one reading of all rules may take.
            fresh_s: rules older than this are read again.
        """
        self._connect = connect
        self._clock = clock
        self._timeout_s = timeout_s
        self._fresh_s = fresh_s
        self._rules: tuple[Rule, ...] = ()
        self._read_at_s: float | None = None
        self._complained: set[str] = set()

    async def current(self) -> tuple[Rule, ...]:
        """Return the rules.

        Raises:
            MusterError: EventBridge does not answer.
            botocore.exceptions.ClientError: it refuses to tell.
        """
        now_s = self._clock.monotonic_s()
        if self._read_at_s is None or now_s - self._read_at_s >= self._fresh_s:
            async with calling(timeout_s=self._timeout_s):
                client = await self._connect()
                self._rules = tuple([rule async for rule in self._read(client)])
            self._read_at_s = now_s
        return self._rules

    async def _read(self, client: Any) -> AsyncIterator[Rule]:  # noqa: ANN401 - aiobotocore clients have no static type
        async for found in _paged(client.list_rules, "Rules", EventBusName=BUS):
            name, pattern = found["Name"], found.get("EventPattern")
            if not pattern or not found.get("State", "").startswith("ENABLED"):
                continue
            try:
                matches = compiled(pattern)
            except PatternInvalid as error:
                self._complain(name, "bus_rule_ignored", rule=name, problem=str(error))
                continue
            targets = _paged(client.list_targets_by_rule, "Targets", EventBusName=BUS, Rule=name)
            served = [target async for one in targets if (target := self._target(found, one))]
            yield Rule(matches, tuple(served))

    def _target(self, rule: Mapping[str, Any], found: Mapping[str, Any]) -> Target | None:
        arn = found["Arn"]
        # arn:aws:sqs:region:account:name
        service = arn.split(":")[2] if arn.count(":") == _ARN_COLONS else ""
        if service not in SERVED or (service == "sns" and arn.endswith(".fifo")):
            self._complain(arn, "bus_target_not_served", rule=rule["Name"], target_arn=arn)
            return None
        return Target(
            rule_name=rule["Name"],
            rule_arn=rule["Arn"],
            target_id=found["Id"],
            service=service,
            arn=arn,
            spec=_spec(found),
            group_id=found.get("SqsParameters", {}).get("MessageGroupId"),
        )

    def _complain(self, about: str, event: str, **facts: str) -> None:
        """Say it once."""
        if about not in self._complained:
            self._complained.add(about)
            log.warning(event, **facts)


def _spec(found: Mapping[str, Any]) -> InputSpec:
    transformer = found.get("InputTransformer") or {}
    return InputSpec(
        text=found.get("Input") or None,
        path=found.get("InputPath") or None,
        variables=tuple((transformer.get("InputPathsMap") or {}).items()),
        template=transformer.get("InputTemplate"),
    )


async def _paged(call: Callable[..., Awaitable[Any]], member: str, **given: str) -> AsyncIterator[Mapping[str, Any]]:
    token: dict[str, str] = {}
    while True:
        answer = await call(**given, **token)
        for one in answer[member]:
            yield one
        if not answer.get("NextToken"):
            return
        token = {"NextToken": answer["NextToken"]}
