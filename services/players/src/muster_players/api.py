"""What travels over HTTP about runs."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field

from muster_players.domain import JourneyReport, Run, RunPlan, StepName

Location = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+$")]


class StartRun(BaseModel):
    """A run to be started."""

    model_config = ConfigDict(extra="forbid", strict=True)

    players: int = Field(ge=2, le=100, description="How many virtual players begin at once.", examples=[2])
    timeout_s: float = Field(
        default=60.0, ge=5, le=600, allow_inf_nan=False, description="Seconds for each player's whole journey."
    )
    latencies_ms: dict[Location, Annotated[int, Field(ge=0, le=60_000)]] = Field(
        default={"custom-laptop": 20},
        min_length=1,
        max_length=50,
        description="Round-trip times that every player reports, in milliseconds by location.",
    )

    def plan(self) -> RunPlan:
        """Return what this body asks for."""
        return RunPlan(
            players=self.players, timeout_s=self.timeout_s, latencies_ms=tuple(sorted(self.latencies_ms.items()))
        )


class StepView(BaseModel):
    """How long one part of the journey took the players who got that far, in seconds."""

    name: str
    players: int
    mean_s: float
    longest_s: float


class FailureView(BaseModel):
    """Why players ended early, and how many."""

    step: str
    kind: str
    players: int


class PlayerView(BaseModel):
    """How one player fared."""

    player: int
    user_id: str
    ticket_id: str
    match_id: str
    side: str
    goals: int
    unlocked: list[str]
    seconds: float
    failure: str | None


class RunView(BaseModel):
    """A run. It is kept in memory: a restart of the service forgets it."""

    run_id: str
    status: str
    players: int
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    succeeded: int
    matches: int
    steps: list[StepView]
    failures: list[FailureView]
    journeys: list[PlayerView]

    @classmethod
    def of(cls, run: Run) -> Self:
        """Show *run* to an operator."""
        failures = Counter((each.failure.step, each.failure.kind) for each in run.reports if each.failure is not None)
        return cls(
            run_id=run.run_id,
            status=run.status.value,
            players=run.plan.players,
            requested_at=run.requested_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
            succeeded=sum(1 for each in run.reports if each.failure is None),
            matches=len({each.match_id for each in run.reports if each.match_id}),
            steps=_steps(run.reports),
            failures=[
                FailureView(step=step.value, kind=kind, players=count) for (step, kind), count in failures.items()
            ],
            journeys=[_player(each) for each in run.reports],
        )


def _steps(reports: tuple[JourneyReport, ...]) -> list[StepView]:
    taken = {name: [step.seconds for each in reports for step in each.steps if step.name is name] for name in StepName}
    return [
        StepView(name=name.value, players=len(seconds), mean_s=sum(seconds) / len(seconds), longest_s=max(seconds))
        for name, seconds in taken.items()
        if seconds
    ]


def _player(report: JourneyReport) -> PlayerView:
    return PlayerView(
        player=report.player,
        user_id=report.user_id,
        ticket_id=report.ticket_id,
        match_id=report.match_id,
        side=report.side,
        goals=report.goals,
        unlocked=list(report.unlocked),
        seconds=report.seconds,
        failure=None if report.failure is None else report.failure.kind,
    )
