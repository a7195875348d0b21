"""Tells the rest of Muster how matches ended, for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import structlog

from muster_events.envelope import Event, event
from muster_events.matches import MatchFinished, PlayerResult
from muster_players.arena.match import Outcome
from muster_runtime.backoff import full_jitter
from muster_runtime.errors import Invalid, MusterError

_log = structlog.get_logger()
_BACKOFF_BASE_S = 0.2
_BACKOFF_CAP_S = 10.0


class Publishes(Protocol):
    """The part of the runtime's Publisher that is used here."""

    async def publish(self, *events: Event[Any]) -> None:
        """Put events on the bus; raises a MusterError when it gives up."""


def finished(outcome: Outcome) -> Event[MatchFinished] | None:
    """Return the event of a match, or None when nobody played.

    A repeat has the same event id: consumers see one match once.
    """
    if outcome.started_at is None or not outcome.players:
        return None
    result = MatchFinished(
        match_id=outcome.fixture.match_id,
        game_session_arn=outcome.fixture.game_session_arn,
        started_at=outcome.started_at,
        ended_at=outcome.ended_at,
        scores=outcome.scores,
        players=tuple(
            PlayerResult(player_id=line.player_id, team=line.side, goals=line.goals, won=line.won)
            for line in outcome.players
        ),
    )
    return event(result, subject=outcome.fixture.match_id, occurred_at=outcome.ended_at)


class Results:
    """Keeps every result until it is published. They live in memory: a killed process takes them with it."""

    def __init__(self, publisher: Publishes, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Build it.

        Args:
            publisher: puts events on the bus.
            pause: waits that many seconds between tries.
        """
        self._publisher = publisher
        self._pause = pause
        self._waiting: asyncio.Queue[Event[MatchFinished] | None] = asyncio.Queue()

    def report(self, outcome: Outcome) -> None:
        """Take in how a match ended."""
        if (fact := finished(outcome)) is not None:
            self._waiting.put_nowait(fact)

    def close(self) -> None:
        """Let `run` return once everything reported so far is published."""
        self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Publish results in order until closed."""
        while (fact := await self._waiting.get()) is not None:
            await self._publish(fact)

    async def _publish(self, fact: Event[MatchFinished]) -> None:
        attempt = 0
        while True:
            try:
                await self._publisher.publish(fact)
            except Invalid:
                _log.exception("result_refused", match_id=fact.data.match_id)
                return
            except MusterError as error:
                attempt += 1
                _log.warning("result_not_published_yet", match_id=fact.data.match_id, code=error.code, attempt=attempt)
                await self._pause(full_jitter(attempt, base_s=_BACKOFF_BASE_S, cap_s=_BACKOFF_CAP_S))
            else:
                _log.info("match_reported", match_id=fact.data.match_id, scores=dict(fact.data.scores))
                return
