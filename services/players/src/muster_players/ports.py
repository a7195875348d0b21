"""What the run handlers need, told by effect."""

from collections.abc import Sequence
from typing import Protocol

from muster_players.domain import JourneyReport, Run, RunPlan


class RunStore(Protocol):
    """Keeps runs."""

    def put(self, run: Run) -> None:
        """Keep *run*, in place of an earlier state of it; may forget the oldest that have ended."""

    def get(self, run_id: str) -> Run | None:
        """Return a run, or None when there is none or it is forgotten."""

    def waiting(self) -> Sequence[Run]:
        """Return the runs that have not begun, oldest first."""


class Players(Protocol):
    """Sends virtual players on their way."""

    async def play(self, plan: RunPlan) -> tuple[JourneyReport, ...]:
        """Return how each player of *plan* fared; a failed journey is a report like any other."""
