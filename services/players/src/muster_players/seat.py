"""A seat in the arena, taken over TCP: the game client's half of `muster_players.arena.frames`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from muster_players import bot
from muster_players.arena import frames
from muster_players.client import Seat
from muster_players.errors import GameBroken, SeatRefused

Connect = Callable[[str, int], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
"""Opens a TCP connection to a host and port; raises OSError."""

_CONNECT_S: Final = 5.0
_ANSWER_S: Final = 25.0
"""The game server asks GameLift before it answers, and may wait 20 s for that."""
_SILENCE_S: Final = 70.0
_TRIES: Final = 3
_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Played:
    """What a player saw of a match.

    Attributes:
        match_id: which.
        side: the side it played on.
        goals: its own.
        scores: goals by side at the end.
    """

    match_id: str
    side: str
    goals: int
    scores: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A seat that the arena gave us."""

    reader: asyncio.StreamReader = field(repr=False)
    writer: asyncio.StreamWriter = field(repr=False)

    async def close(self) -> None:
        """Let go of the connection."""
        self.writer.close()
        try:
            async with asyncio.timeout(1.0):
                await self.writer.wait_closed()
        except (TimeoutError, OSError):
            self.writer.transport.abort()


async def open_tcp(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a TCP connection whose lines are as long as those of the arena; see Connect."""
    return await asyncio.open_connection(host, port, limit=16 * frames.MAX_LINE_BYTES)


async def take_seat(seat: Seat, *, connect: Connect, pause: Callable[[float], Awaitable[None]]) -> Taken:
    """Connect to the game server and show the player session id.

    A refusal is tried again: the game server refuses too while GameLift does not answer it.

    Raises:
        SeatRefused: the game server did not take it.
        GameBroken: the game server is not to be reached.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return await _take_once(seat, connect)
        except (SeatRefused, GameBroken):
            if attempt >= _TRIES:
                raise
        await pause(_PAUSE_S)


async def play(taken: Taken) -> Played:
    """Play until the last whistle.

    Raises:
        GameBroken: the game server went away before, fell silent or spoke nonsense.
    """
    kit: bot.Kit | None = None
    match_id = ""
    while True:
        frame = await _next(taken.reader)
        try:
            match frame:
                case {"type": "welcome", "match_id": str(match_id)}:
                    kit = bot.kit_in(frame)
                case {"type": "state"} if kit is not None:
                    taken.writer.write(frames.encode(bot.answer(kit, frame)))
                case {"type": "end", "scores": dict(scores)} if kit is not None:
                    return Played(
                        match_id=match_id,
                        side=kit.sides[kit.side],
                        goals=int(frame.get("goals") or 0),
                        scores=tuple((str(side), int(goals)) for side, goals in scores.items()),
                    )
        except ValueError as error:
            raise GameBroken(f"frame not understood: {error}") from None


async def _take_once(seat: Seat, connect: Connect) -> Taken:
    host = seat.ip_address or seat.dns_name or ""
    try:
        async with asyncio.timeout(_CONNECT_S):
            reader, writer = await connect(host, seat.port)
    except (OSError, TimeoutError) as error:
        raise GameBroken(f"no connection to port {seat.port}: {type(error).__name__}") from None
    taken = Taken(reader, writer)
    said = b""
    try:
        writer.write(frames.text_line(seat.player_session_id))
        async with asyncio.timeout(_ANSWER_S):
            said = await reader.readline()
    except (OSError, TimeoutError, ValueError) as error:
        raise GameBroken(f"no answer to the player session id: {type(error).__name__}") from None
    finally:
        if said.strip() != frames.ACCEPTED.encode():
            await taken.close()
    if said.strip() == frames.ACCEPTED.encode():
        return taken
    raise SeatRefused("the game server did not take the player session id")


async def _next(reader: asyncio.StreamReader) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_SILENCE_S):
            line = await reader.readline()
        if not line.endswith(b"\n"):
            raise GameBroken("the connection ended before the match did")
        return frames.decode(line)
    except (OSError, TimeoutError, ValueError, frames.BadFrame) as error:
        raise GameBroken(f"the game server broke off: {type(error).__name__}") from None
