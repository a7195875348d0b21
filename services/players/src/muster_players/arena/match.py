"""A match being played: who is there, what they want, and the beat that moves it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from muster_players.arena import frames
from muster_players.arena.fixture import Fixture, PlayerLine, result_of, scores_of, seat_for
from muster_players.arena.game import Game, kick_off, step
from muster_players.arena.house import house_intents
from muster_players.arena.pitch import TICK_HZ, Intent
from muster_runtime.clock import Clock

Pause = Callable[[float], Awaitable[None]]

FULL_TIME, ABANDONED, STOPPED, NOBODY_CAME = "full_time", "abandoned", "stopped", "nobody_came"
"""Why a match ended."""


class Guest(Protocol):
    """The way to somebody who plays or watches."""

    def tell(self, line: bytes) -> None:
        """Send a line without waiting; whoever reads too slowly is disconnected."""

    def dismiss(self) -> None:
        """Send what is left, then close. Safe to repeat."""


@dataclass(frozen=True, slots=True)
class MatchTimes:
    """How long the parts of a match take, in seconds.

    Attributes:
        lasts_s: of play.
        gather_s: after this a match starts with whoever is there.
        empty_s: after this it is given up when nobody came. GameLift holds a reserved seat for 60 s.
        finish_s: when the process must stop and no more than this is left, the match is played to its end.
    """

    lasts_s: float = 3.0
    gather_s: float = 10.0
    empty_s: float = 60.0
    finish_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a match ended.

    Attributes:
        fixture: which match.
        reason: FULL_TIME, ABANDONED, STOPPED or NOBODY_CAME.
        started_at: kick-off, UTC; None when there was none.
        ended_at: UTC.
        scores: goals by side.
        players: a line for everybody who had a seat.
    """

    fixture: Fixture
    reason: str
    started_at: datetime | None
    ended_at: datetime
    scores: dict[str, int]
    players: tuple[PlayerLine, ...]


class Match:
    """One match from the first guest to the last whistle.

    Attributes:
        fixture: as the matchmaker has it now; backfill may change it.
        game: the state of play.
        over: set when the match has ended.
    """

    def __init__(self, fixture: Fixture, *, times: MatchTimes, clock: Clock, pause: Pause = asyncio.sleep) -> None:
        """Build a match; `play` plays it.

        Args:
            fixture: who plays whom.
            times: how long its parts take.
            clock: tells the time.
            pause: waits that many seconds.
        """
        self.fixture = fixture
        self.game: Game = kick_off(fixture.seed)
        self.over = asyncio.Event()
        self._times = times
        self._clock = clock
        self._pause = pause
        self._seats: dict[str, int] = {}
        self._released: set[str] = set()
        self._players: dict[str, Guest] = {}
        self._watchers: set[Guest] = set()
        self._intents: dict[int, Intent] = {}
        self._started_at: datetime | None = None

    @property
    def present(self) -> int:
        """How many players are connected."""
        return len(self._players)

    @property
    def has_started(self) -> bool:
        """Whether the kick-off was."""
        return self._started_at is not None

    def join(self, player_id: str, guest: Guest) -> bool:
        """Give a player their footballer, the same one after a reconnection; False when there is none left."""
        index = seat_for(self.fixture, self._seats, player_id)
        if index is None or self.over.is_set():
            return False
        self._seats[player_id] = index
        self._released.discard(player_id)
        self._players[player_id] = guest
        guest.tell(self._welcome(index))
        self._tell_waiting()
        return True

    def drop(self, player_id: str, guest: Guest) -> None:
        """Note that *guest* is disconnected; the house leads the footballer until the player is back."""
        if self._players.get(player_id) is guest:
            del self._players[player_id]
            self._intents.pop(self._seats[player_id], None)

    def release(self, player_id: str) -> None:
        """Note that a player will not come back. Their goals still count."""
        self._released.add(player_id)

    def watch(self, guest: Guest) -> None:
        """Let somebody look on."""
        self._watchers.add(guest)
        guest.tell(self._welcome(None))

    def unwatch(self, guest: Guest) -> None:
        """Note that a watcher is gone."""
        self._watchers.discard(guest)

    def want(self, player_id: str, intent: Intent) -> None:
        """Note what a player tries next; it holds until they want something else."""
        self._intents[self._seats[player_id]] = intent

    async def play(self, ending: asyncio.Event) -> Outcome:
        """Wait for the players, play, and tell everybody how it ended.

        Args:
            ending: set when the process has to stop: a match that is nearly over is finished, another one ends now.
        """
        try:
            reason = await self._gather(ending) or await self._run(ending)
        finally:
            self.over.set()
        self._farewell(reason)
        return Outcome(
            fixture=self.fixture,
            reason=reason,
            started_at=self._started_at,
            ended_at=self._clock.now(),
            scores=scores_of(self.fixture, self.game),
            players=result_of(self.fixture, self.game, self._seats),
        )

    async def _gather(self, ending: asyncio.Event) -> str | None:
        """Wait for the kick-off; return why there will be none, or None."""
        since = self._clock.monotonic_s()
        while True:
            waited = self._clock.monotonic_s() - since
            missing = self.fixture.expected.keys() - self._players.keys() - self._released
            if self._players and (waited >= self._times.gather_s or (self.fixture.expected and not missing)):
                return None
            if ending.is_set():
                return STOPPED
            if self._everybody_left() and (waited >= self._times.gather_s or not missing):
                return ABANDONED
            if waited >= self._times.empty_s:
                return NOBODY_CAME
            await self._pause(1 / TICK_HZ)

    async def _run(self, ending: asyncio.Event) -> str:
        self._started_at = self._clock.now()
        last = round(self._times.lasts_s * TICK_HZ)
        began = self._clock.monotonic_s()
        while self.game.tick < last:
            if self._everybody_left():
                return ABANDONED
            if ending.is_set() and (last - self.game.tick) / TICK_HZ > self._times.finish_s:
                return STOPPED
            self._beat(left_s=(last - self.game.tick - 1) / TICK_HZ)
            # Aim at the beat's own time and not at "a bit later": small delays do not add up.
            await self._pause(max(0.0, began + self.game.tick / TICK_HZ - self._clock.monotonic_s()))
        return FULL_TIME

    def _beat(self, *, left_s: float) -> None:
        before = len(self.game.goals)
        intents = house_intents(self.game, seated=self._intents.keys())
        self.game = step(self.game, {**intents, **self._intents})
        seated = tuple(sorted(self._seats[player_id] for player_id in self._players))
        self._tell_all(frames.state(self.game, left_s=left_s, seated=seated))
        for scored in self.game.goals[before:]:
            self._tell_all(frames.goal(scored, self.game))

    def _everybody_left(self) -> bool:
        return bool(self._seats) and self._seats.keys() <= self._released

    def _welcome(self, footballer: int | None) -> bytes:
        return frames.encode(frames.welcome(self.fixture, footballer=footballer, lasts_s=self._times.lasts_s))

    def _tell_waiting(self) -> None:
        if not self.has_started:
            expected = max(len(self.fixture.expected), self.present)
            self._tell_all(frames.waiting(present=self.present, expected=expected))

    def _tell_all(self, frame: dict[str, Any]) -> None:
        line = frames.encode(frame)
        for guest in (*self._players.values(), *self._watchers):
            guest.tell(line)

    def _farewell(self, reason: str) -> None:
        for player_id, guest in tuple(self._players.items()):
            own = self.game.goals_of(self._seats[player_id])
            guest.tell(frames.encode(frames.end(self.fixture, self.game, reason=reason, goals=own)))
            guest.dismiss()
        for guest in tuple(self._watchers):
            guest.tell(frames.encode(frames.end(self.fixture, self.game, reason=reason, goals=None)))
            guest.dismiss()
