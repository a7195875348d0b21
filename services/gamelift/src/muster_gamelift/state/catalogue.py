"""What operators declare: rule sets, configurations, queues, locations, fleets, aliases, computes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from muster_flexmatch import RuleSet

Properties = tuple[tuple[str, str], ...]
"""Game properties: up to 16 pairs of key and value, in the order given."""


class FlexMatchMode(StrEnum):
    """What follows a match: a game session from a queue, or nothing."""

    WITH_QUEUE = "WITH_QUEUE"
    STANDALONE = "STANDALONE"


@dataclass(frozen=True, slots=True)
class RuleSetRecord:
    """A stored rule set; immutable, as on AWS.

    Attributes:
        name: its name in the API, unrelated to the name inside the body.
        body: byte for byte as given.
        rules: the parsed body.
        created_at_s: seconds since the epoch.
    """

    name: str
    body: str
    rules: RuleSet
    created_at_s: float


@dataclass(frozen=True, slots=True)
class Configuration:
    """A matchmaking configuration; tickets keep the one they were started with.

    Attributes:
        request_timeout_s: 1 to 43,200, from the ticket's start through search, acceptance and placement.
        acceptance_timeout_s: 1 to 600; None when never set.
        notification_target: ARN of an SNS topic, or empty.
        additional_players: slots kept open in each match (with a queue only).
    """

    name: str
    rule_set_name: str
    request_timeout_s: int
    acceptance_required: bool
    created_at_s: float
    acceptance_timeout_s: int | None = None
    mode: FlexMatchMode = FlexMatchMode.WITH_QUEUE
    description: str | None = None
    queue_arns: tuple[str, ...] = ()
    notification_target: str = ""
    additional_players: int = 0
    custom_event_data: str | None = None
    properties: Properties = ()
    session_data: str | None = None
    backfill_mode: str | None = None


@dataclass(frozen=True, slots=True)
class LatencyPolicy:
    """A cap on every player's latency for a part of the placement time.

    Attributes:
        maximum_ms: a location is allowed when each player with data has at most this latency to it.
        duration_s: how long the cap holds; None means until the placement times out.
    """

    maximum_ms: int
    duration_s: int | None = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A game session queue.

    Attributes:
        timeout_s: 10 to 600.
        destinations: fleet ARNs in order of preference.
        allowed_locations: empty means all.
        priority_order: criteria, most important first, without those left to the default order.
        location_order: locations to prefer under the criterion LOCATION.
    """

    name: str
    timeout_s: int
    latency_policies: tuple[LatencyPolicy, ...] = ()
    destinations: tuple[str, ...] = ()
    allowed_locations: tuple[str, ...] = ()
    priority_order: tuple[str, ...] = ()
    location_order: tuple[str, ...] = ()
    custom_event_data: str | None = None
    notification_target: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """A custom location, `custom-…`."""

    name: str
    created_at_s: float


@dataclass(frozen=True, slots=True)
class Fleet:
    """An Anywhere fleet.

    Attributes:
        cost: AnywhereConfiguration.Cost, a decimal number as text; None when not given.
        locations: custom locations, in the order added.
        sessions_per_creator: with `creator_period_min`, how many game sessions one creator may start; None: any.
    """

    fleet_id: str
    name: str
    created_at_s: float
    description: str | None = None
    cost: str | None = None
    locations: tuple[str, ...] = ()
    protection_policy: str = "NoProtection"
    sessions_per_creator: int | None = None
    creator_period_min: int | None = None
    metric_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alias:
    """A name for a fleet that can be led to another one; or, in place of a fleet, words for those who come.

    Attributes:
        alias_id: `alias-…`.
        name: a label, which others may bear too.
        fleet_id: the fleet that it leads to (routing SIMPLE); None when it leads to none (TERMINAL).
        message: what is told in place of a fleet; None with a fleet.
    """

    alias_id: str
    name: str
    created_at_s: float
    updated_at_s: float
    description: str | None = None
    fleet_id: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Compute:
    """A machine registered with an Anywhere fleet.

    Attributes:
        certificate_path: of a TLS certificate on the machine, told to its processes and otherwise not looked at.
    """

    fleet_id: str
    name: str
    location: str
    created_at_s: float
    ip_address: str | None = None
    dns_name: str | None = None
    certificate_path: str | None = None

    @property
    def key(self) -> str:
        """The row key: computes are named per fleet."""
        return compute_key(self.fleet_id, self.name)


def compute_key(fleet_id: str, name: str) -> str:
    """Return the row key of the compute *name* of a fleet."""
    return f"{fleet_id}/{name}"


@dataclass(frozen=True, slots=True)
class AuthToken:
    """A token that lets processes of one compute connect; only its digest is kept."""

    digest: str
    fleet_id: str
    compute_name: str
    expires_at_s: float


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """What one configuration's pool has seen since the service started.

    Attributes:
        rules: rule name -> how often it passed and failed.
        waits_s: from start to success of the latest completed tickets, oldest first.
    """

    rules: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    waits_s: tuple[float, ...] = ()

    def counted(self, evaluations: Iterable[tuple[str, int, int]]) -> "PoolCounts":
        """Return the counts with *evaluations* (rule name, passed, failed) added."""
        rules = dict(self.rules)
        for name, passed, failed in evaluations:
            before = rules.get(name, (0, 0))
            rules[name] = (before[0] + passed, before[1] + failed)
        return replace(self, rules=rules)

    def waited(self, wait_s: float) -> "PoolCounts":
        """Return the counts after one more completed ticket; the latest ten are kept."""
        return replace(self, waits_s=(*self.waits_s[-9:], wait_s))

    def since(self, start: Mapping[str, tuple[int, int]]) -> tuple[tuple[str, int, int], ...]:
        """Return rule name, passed and failed since the counts stood at *start*; rules never judged are left out."""
        grown = ((name, start.get(name, (0, 0)), now) for name, now in self.rules.items())
        return tuple((name, now[0] - was[0], now[1] - was[1]) for name, was, now in grown if now != was)

    @property
    def estimate_s(self) -> float | None:
        """A rough wait for a new ticket: the mean of the latest waits; None before the first."""
        return sum(self.waits_s) / len(self.waits_s) if self.waits_s else None
