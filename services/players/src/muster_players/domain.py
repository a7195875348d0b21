"""What a virtual player went through, and what a run of them came to. Pure values."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

FIRST_MATCH = "first_match"
"""The achievement that everybody has after one match."""


class StepName(StrEnum):
    """The parts of a journey, in order."""

    SIGN_IN = "sign in"
    REQUEST = "request a match"
    MATCH = "be matched"
    CONNECT = "connect"
    PLAY = "play"
    ACHIEVE = "unlock"


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a journey.

    Attributes:
        name: which.
        seconds: how long it took, whether it succeeded or not.
    """

    name: StepName
    seconds: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a journey ended early.

    Attributes:
        step: the part that failed.
        kind: the stable name of the error.
        detail: for people; free of secrets.
    """

    step: StepName
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class JourneyReport:
    """What one virtual player went through.

    Attributes:
        player: its number among those who started together, from 1.
        user_id: the account that it signed in to; empty before.
        ticket_id: its ticket; empty before.
        match_id: the match that it was put into; empty before.
        seat: a fingerprint of its player session id, to tell seats apart; empty before.
        side: the side it played on; empty before.
        goals: how many it scored.
        scores: goals by side at the end.
        unlocked: ids of its unlocked achievements.
        steps: the parts it went through, the failed one included.
        failure: why it ended early; None when it went to its end.
    """

    player: int
    user_id: str = ""
    ticket_id: str = ""
    match_id: str = ""
    seat: str = ""
    side: str = ""
    goals: int = 0
    scores: tuple[tuple[str, int], ...] = ()
    unlocked: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    failure: Failure | None = None

    @property
    def seconds(self) -> float:
        """How long the whole journey took."""
        return sum(step.seconds for step in self.steps)


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What several players who started together went through.

    Attributes:
        players: a report for each, in the order of their numbers.
    """

    players: tuple[JourneyReport, ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Each part with the time of whoever took longest."""
        longest: dict[StepName, float] = {}
        for report in self.players:
            for step in report.steps:
                longest[step.name] = max(step.seconds, longest.get(step.name, 0.0))
        return tuple(Step(name, longest[name]) for name in StepName if name in longest)

    @property
    def score(self) -> dict[str, int]:
        """Goals by side at the end, as the first player who saw it tells; empty when nobody did."""
        return dict(next((report.scores for report in self.players if report.scores), ()))

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Why journeys ended early."""
        return tuple(report.failure for report in self.players if report.failure is not None)

    @property
    def verified(self) -> bool:
        """Whether everybody played one and the same match, each on a seat of their own, and unlocked something."""
        return (
            len(self.players) > 1
            and not self.failures
            and all(report.match_id and report.seat and report.unlocked for report in self.players)
            and len({report.match_id for report in self.players}) == 1
            and len({report.seat for report in self.players}) == len(self.players)
        )


class RunStatus(StrEnum):
    """How far a run is."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    ENDED = "ENDED"
    INTERRUPTED = "INTERRUPTED"


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What an operator asked for.

    Attributes:
        players: how many, 2 to 100.
        timeout_s: for each player's whole journey.
        latencies_ms: sent with every request for a match.
    """

    players: int
    timeout_s: float = 60.0
    latencies_ms: tuple[tuple[str, int], ...] = (("custom-laptop", 20),)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of virtual players.

    Attributes:
        run_id: its id.
        plan: what was asked for.
        status: how far it is.
        requested_at: UTC.
        started_at: UTC; None before.
        ended_at: UTC; None before.
        reports: what the players went through; empty before the end.
    """

    run_id: str
    plan: RunPlan
    requested_at: datetime
    status: RunStatus = RunStatus.WAITING
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reports: tuple[JourneyReport, ...] = field(default=(), repr=False)

    def start(self, at: datetime) -> "Run":
        """Return the run as it is once begun."""
        return replace(self, status=RunStatus.RUNNING, started_at=at)

    def end(self, at: datetime, reports: tuple[JourneyReport, ...]) -> "Run":
        """Return the run as it is at its end."""
        return replace(self, status=RunStatus.ENDED, ended_at=at, reports=reports)

    def interrupt(self, at: datetime) -> "Run":
        """Return the run as it is when the service stops under it."""
        return replace(self, status=RunStatus.INTERRUPTED, ended_at=at)
