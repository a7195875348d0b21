"""The virtual player: from sign-in to the first achievement, over plain HTTP and TCP, as any game client would."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Final

import aiohttp

from muster_players import seat as seats
from muster_players.client import MusterClient, Pause, Seat, SignedIn
from muster_players.domain import FIRST_MATCH, Failure, JourneyReport, MatchReport, Step, StepName
from muster_players.errors import (
    AnswerUnusable,
    GameBroken,
    JourneyFailed,
    NothingUnlocked,
    SeatRefused,
    TicketEnded,
    TookTooLong,
)
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids, SystemIds

NEAR: Final[Mapping[str, int]] = {"custom-laptop": 20}
"""Latencies of a player beside the local game servers, in milliseconds by location."""
_LOOK_S: Final = 10.0
"""Longest wait that a look at the ticket asks for."""
_LOOK_AGAIN_S: Final = 1.0
"""Pause between looks where the service neither waits nor says how long to stay away."""
_LOOK_EARLY_S: Final = 0.2
"""The same before the first change, when the ticket is only being made known."""
_LOST: Final = frozenset({"CANCELLED", "FAILED", "TIMED_OUT"})
_UNLOCK_S: Final = 30.0
_UNLOCK_PAUSE_S: Final = 0.25
_RECONNECTIONS: Final = 2


class Journey:
    """One virtual player on its way."""

    def __init__(  # noqa: PLR0913 - what a player is made of; most have defaults
        self,
        client: MusterClient,
        *,
        clock: Clock,
        key: str,
        player: int = 1,
        latencies_ms: Mapping[str, int] = NEAR,
        expects: str = FIRST_MATCH,
        connect: seats.Connect = seats.open_tcp,
        pause: Pause = asyncio.sleep,
    ) -> None:
        """Build a player.

        Args:
            client: its way to Muster.
            clock: measures its steps.
            key: makes a repeated request for a match recognisable; unique to the journey.
            player: its number, for the report.
            latencies_ms: sent with the request for a match.
            expects: the achievement to wait for.
            connect: opens TCP connections.
            pause: waits that many seconds.
        """
        self._client = client
        self._clock = clock
        self._key = key
        self._latencies_ms = latencies_ms
        self._expects = expects
        self._connect = connect
        self._pause = pause
        self._report = JourneyReport(player=player)
        self._now = StepName.SIGN_IN

    async def run(self, *, timeout_s: float) -> JourneyReport:
        """Go all the way, and tell how it went. A failure is part of the report; nothing is raised for it.

        Args:
            timeout_s: for the whole journey.
        """
        try:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._go()
            except TimeoutError:
                raise TookTooLong(f"not done within {timeout_s:g} s") from None
        except JourneyFailed as error:
            failure = Failure(step=self._now, kind=error.kind, detail=str(error))
            self._report = replace(self._report, failure=failure)
        return self._report

    async def _go(self) -> None:
        async with self._step(StepName.SIGN_IN):
            me = await self._client.sign_in()
            self._report = replace(self._report, user_id=me.user_id)
        async with self._step(StepName.REQUEST):
            requested = await self._client.request_match(
                me.access_token, latencies_ms=self._latencies_ms, key=self._key
            )
            self._report = replace(self._report, ticket_id=requested.ticket_id)
        async with self._step(StepName.MATCH):
            seat = await self._wait_for_seat(me, requested.ticket_id)
        async with self._step(StepName.CONNECT):
            taken = await seats.take_seat(seat, connect=self._connect, pause=self._pause)
            # A fingerprint tells seats apart; the id itself opens one, so it goes no further.
            self._report = replace(self._report, seat=sha256(seat.player_session_id.encode()).hexdigest()[:16])
        async with self._step(StepName.PLAY):
            await self._play(seat, taken)
        async with self._step(StepName.ACHIEVE):
            await self._wait_for_achievement(me)

    async def _wait_for_seat(self, me: SignedIn, ticket_id: str) -> Seat:
        tag = ""
        while True:
            asked_at = self._clock.monotonic_s()
            poll = await self._client.look(me.access_token, ticket_id, tag=tag, wait_s=_LOOK_S)
            is_news, tag = poll.tag != tag, poll.tag
            if poll.ticket is not None:
                ticket = poll.ticket
                self._report = replace(self._report, match_id=ticket.match_id or "")
                if ticket.status in _LOST:
                    raise TicketEnded(ticket.status, ticket.reason or "")
                if ticket.status == "COMPLETED":
                    if ticket.connection is None:
                        raise AnswerUnusable("a completed ticket without a connection")
                    return ticket.connection
                if is_news:
                    continue  # news: the next look can wait at the service for more
            waited = self._clock.monotonic_s() - asked_at
            if waited < _LOOK_S / 2:
                default_s = _LOOK_AGAIN_S if tag else _LOOK_EARLY_S
                await self._pause(default_s if poll.retry_after_s is None else poll.retry_after_s)

    async def _play(self, seat: Seat, taken: seats.Taken) -> None:
        """Play to the end; come back to the seat when the connection breaks meanwhile."""
        reconnections = 0
        while True:
            try:
                played = await seats.play(taken)
                break
            except GameBroken as broken:
                reconnections += 1
                if reconnections > _RECONNECTIONS:
                    raise
                again = broken
            finally:
                await taken.close()
            try:
                taken = await seats.take_seat(seat, connect=self._connect, pause=self._pause)
            except (GameBroken, SeatRefused):
                raise again from None
        if self._report.match_id not in {"", played.match_id}:
            raise GameBroken("the seat belongs to another match than the ticket")
        self._report = replace(
            self._report, match_id=played.match_id, side=played.side, goals=played.goals, scores=played.scores
        )

    async def _wait_for_achievement(self, me: SignedIn) -> None:
        since: float | None = None
        while True:
            listed = await self._client.achievements(me.access_token)
            if since is None:
                # From the first answer on: the service may have been away, and what it missed is still to come.
                since = self._clock.monotonic_s()
            unlocked = tuple(each.achievement_id for each in listed.achievements if each.unlocked)
            self._report = replace(self._report, unlocked=unlocked)
            if self._expects in unlocked:
                return
            if self._clock.monotonic_s() - since >= _UNLOCK_S:
                raise NothingUnlocked(f"{self._expects} was not unlocked within {_UNLOCK_S:g} s")
            await self._pause(_UNLOCK_PAUSE_S)

    @asynccontextmanager
    async def _step(self, name: StepName) -> AsyncIterator[None]:
        self._now = name
        since = self._clock.monotonic_s()
        try:
            yield
        finally:
            step = Step(name, self._clock.monotonic_s() - since)
            self._report = replace(self._report, steps=(*self._report.steps, step))


async def play_together(  # noqa: PLR0913 - most have defaults
    base_url: str,
    count: int,
    *,
    http: aiohttp.ClientSession,
    clock: Clock,
    timeout_s: float = 60.0,
    latencies_ms: Mapping[str, int] = NEAR,
    ids: Ids | None = None,
) -> tuple[JourneyReport, ...]:
    """Send *count* players on their way at once, and return how each fared, in the order of their numbers.

    Args:
        base_url: of all services.
        count: how many, 1 or more.
        http: makes the requests; its connection limit should not be below *count*.
        clock: measures the steps.
        timeout_s: for each player's whole journey.
        latencies_ms: sent with every request for a match.
        ids: draws the keys that make repeated requests recognisable.
    """
    ids = ids or SystemIds()
    journeys = [
        Journey(MusterClient(http, base_url), clock=clock, key=ids.uuid(), player=number, latencies_ms=latencies_ms)
        for number in range(1, count + 1)
    ]
    async with asyncio.TaskGroup() as tasks:
        walks = [tasks.create_task(journey.run(timeout_s=timeout_s)) for journey in journeys]
    return tuple(walk.result() for walk in walks)


async def play_match(
    base_url: str, *, players: int = 2, http: aiohttp.ClientSession, clock: Clock, timeout_s: float = 60.0
) -> MatchReport:
    """Let a few players play one match, and return what it came to; `verified` says whether all is well.

    Args:
        base_url: of all services.
        players: how many, 2 or more; as many as one match takes.
        http: makes the requests.
        clock: measures the steps.
        timeout_s: for each player's whole journey.
    """
    reports = await play_together(base_url, players, http=http, clock=clock, timeout_s=timeout_s)
    return MatchReport(players=reports)
