"""Runs in memory: a restart forgets them, which is right for what only describes the past minutes of a test."""

from collections.abc import Sequence

from muster_players.domain import Run, RunStatus

_OVER = frozenset({RunStatus.ENDED, RunStatus.INTERRUPTED})


class MemoryRuns:
    """A RunStore in memory."""

    def __init__(self, *, kept: int) -> None:
        """Build it.

        Args:
            kept: how many runs to remember, 1 or more. Runs that have not ended are never forgotten.
        """
        self._kept = kept
        self._runs: dict[str, Run] = {}

    def put(self, run: Run) -> None:
        """Keep *run*; see RunStore."""
        self._runs[run.run_id] = run
        over = [run_id for run_id, kept in self._runs.items() if kept.status in _OVER]
        for run_id in over[: max(0, len(self._runs) - self._kept)]:
            del self._runs[run_id]

    def get(self, run_id: str) -> Run | None:
        """Return a run; see RunStore."""
        return self._runs.get(run_id)

    def waiting(self) -> Sequence[Run]:
        """Return the runs that have not begun; see RunStore."""
        return [run for run in self._runs.values() if run.status is RunStatus.WAITING]
