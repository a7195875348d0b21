"""The TCP side: reads the first line, then frames; every read has a deadline and a largest size."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import structlog

from muster_players.arena import frames
from muster_players.arena.door import Door
from muster_players.arena.match import Match
from muster_runtime.backoff import first_of
from muster_runtime.clock import Clock

_log = structlog.get_logger()
_SLOW_READER_BYTES = 65_536
"""Whoever is this far behind does not watch any more."""
_CLOSE_S = 1.0
_UNENDED_S = 0.5
"""Clients of the published samples send the bare id without a newline: so long is waited for one."""
_FRAMES_A_SECOND = 120


@dataclass(frozen=True, slots=True)
class GuestRules:
    """What a connection may do.

    Attributes:
        first_line_s: within which it must say who it is.
        read_s: longest silence after that.
        rejoin_s: how long a seat is kept for a player who was disconnected.
        most: connections at a time.
    """

    first_line_s: float = 10.0
    read_s: float = 60.0
    rejoin_s: float = 2.0
    most: int = 64


@dataclass(frozen=True, slots=True)
class Room:
    """A match and its door."""

    match: Match
    door: Door


class Connection:
    """One TCP connection: the Guest of a match."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap the two halves of a stream."""
        self._reader = reader
        self._writer = writer
        self._rest = b""
        self._is_dismissed = False

    @property
    def is_gone(self) -> bool:
        """Whether the connection is closed, or about to be."""
        return self._is_dismissed or self._writer.is_closing()

    def tell(self, line: bytes) -> None:
        """Send a line without waiting; see Guest."""
        if self.is_gone:
            return
        self._writer.write(line)
        if self._writer.transport.get_write_buffer_size() > _SLOW_READER_BYTES:
            self._writer.transport.abort()

    def dismiss(self) -> None:
        """Send what is left and then the end of it; whoever does not hang up soon is hung up on. See Guest.

        Not closed at once: while input of the peer is on its way, that would reset the connection, and the peer would
        lose our last words. Source: RFC 9293, section 3.6.1.
        """
        if not self.is_gone:
            self._is_dismissed = True
            with suppress(OSError):
                self._writer.write_eof()
            asyncio.get_running_loop().call_later(_CLOSE_S, self._writer.close)

    async def first_line(self, *, within_s: float) -> str:
        """Return the first line; one without an end counts when nothing follows it.

        Raises:
            EOFError: the peer went away.
            TimeoutError: it said nothing in time.
            ValueError: the line is too long or no text.
        """
        async with asyncio.timeout(within_s):
            first = await self._reader.read(frames.MAX_LINE_BYTES)
            if not first:
                raise EOFError
            with suppress(TimeoutError):
                async with asyncio.timeout(_UNENDED_S):
                    while b"\n" not in first and len(first) < frames.MAX_LINE_BYTES:
                        more = await self._reader.read(frames.MAX_LINE_BYTES - len(first))
                        if not more:
                            break
                        first += more
        line, _, self._rest = first.partition(b"\n")
        if len(line) >= frames.MAX_LINE_BYTES:
            raise ValueError("line too long")
        return line.strip().decode("ascii")

    async def line(self, *, within_s: float) -> bytes:
        """Return the next line with its newline.

        Raises:
            EOFError: the peer went away.
            TimeoutError: it said nothing in time.
            ValueError: the line is too long.
        """
        while b"\n" not in self._rest:
            if len(self._rest) >= frames.MAX_LINE_BYTES:
                raise ValueError("line too long")
            async with asyncio.timeout(within_s):
                more = await self._reader.read(frames.MAX_LINE_BYTES - len(self._rest))
            if not more:
                raise EOFError
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    async def close(self) -> None:
        """Close, and wait until the last bytes are out or the peer takes too long; of one dismissed, hear all first."""
        try:
            async with asyncio.timeout(_CLOSE_S):
                while self._is_dismissed and await self._reader.read(frames.MAX_LINE_BYTES):
                    pass
        except (TimeoutError, OSError):
            pass
        self._writer.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            self._writer.transport.abort()


class Lobby:
    """Receives connections, and brings them to the match that is on.

    Attributes:
        room: where players go; None while no session is hosted, and then nobody gets in.
    """

    def __init__(self, rules: GuestRules, clock: Clock) -> None:
        """Build an empty lobby."""
        self.room: Room | None = None
        self._rules = rules
        self._clock = clock
        self._opened = asyncio.Event()
        self._players = 0
        self._connections = 0
        self._emptied = asyncio.Event()
        self._emptied.set()

    def open(self, room: Room) -> None:
        """Let players into *room*, and bring waiting watchers there."""
        self.room = room
        self._opened.set()

    async def shut(self, *, within_s: float) -> None:
        """Let nobody in any more, and wait until the players' seats are given back."""
        self.room = None
        self._opened.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._emptied.wait()

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection from its first line to its end. Raises nothing that a peer can cause."""
        connection = Connection(reader, writer)
        self._connections += 1
        try:
            if self._connections <= self._rules.most:
                await self._greet(connection)
        except (EOFError, OSError, TimeoutError, ValueError, frames.BadFrame) as error:
            _log.debug("guest_disconnected", problem=type(error).__name__)
        except Exception:  # noqa: BLE001 - see the comment
            # The edge of the TCP side, as the middleware is of HTTP: one guest's accident must not end all matches.
            _log.exception("guest_failed")
        finally:
            self._connections -= 1
            await connection.close()

    async def _greet(self, connection: Connection) -> None:
        said = await connection.first_line(within_s=self._rules.first_line_s)
        if said == frames.WATCH:
            await self._look_on(connection)
        elif self.room is None or not await self._let_in(connection, self.room, said):
            connection.tell(frames.text_line(frames.REFUSED))

    async def _look_on(self, connection: Connection) -> None:
        """Show the match that is on, or the next one, to somebody without a seat."""
        while self.room is None:
            await first_of(self._opened, within_s=self._rules.read_s)
            if connection.is_gone:
                return
            if self.room is None:
                connection.tell(frames.encode({"type": "idle"}))
        match = self.room.match
        match.watch(connection)
        try:
            while not match.over.is_set():
                await connection.line(within_s=self._rules.read_s)
        except TimeoutError:
            await match.over.wait()  # watchers have nothing to say
        finally:
            match.unwatch(connection)

    async def _let_in(self, connection: Connection, room: Room, player_session_id: str) -> bool:
        """Play with somebody until they leave; False when the id opens no seat."""
        self._players += 1
        self._emptied.clear()
        try:
            player_id = await room.door.admit(player_session_id)
            if player_id is None:
                return False
            if not await self._seat(connection, room, player_id, player_session_id):
                room.match.release(player_id)
                await room.door.give_up(player_session_id)
            return True
        finally:
            self._players -= 1
            if not self._players:
                self._emptied.set()

    async def _seat(self, connection: Connection, room: Room, player_id: str, player_session_id: str) -> bool:
        """Serve a player; return whether somebody else has taken over the seat by now."""
        left = False
        connection.tell(frames.text_line(frames.ACCEPTED))
        try:
            if room.match.join(player_id, connection):
                left = await self._listen(connection, room.match, player_id)
        except (EOFError, OSError, TimeoutError, ValueError, frames.BadFrame) as error:
            _log.debug("player_disconnected", problem=type(error).__name__)
        finally:
            room.match.drop(player_id, connection)
            room.door.step_out(player_session_id)
            visit = room.door.visit(player_session_id)
        await connection.close()
        if not left:
            await first_of(room.match.over, within_s=self._rules.rejoin_s)
        return room.door.visit(player_session_id) != visit

    async def _listen(self, connection: Connection, match: Match, player_id: str) -> bool:
        """Take in what a player wants until the match is over; return whether they said goodbye."""
        second, taken = self._clock.monotonic_s(), 0
        while not match.over.is_set():
            frame = frames.decode(await connection.line(within_s=self._rules.read_s))
            now = self._clock.monotonic_s()
            if now - second >= 1.0:
                second, taken = now, 0
            taken += 1
            if taken > _FRAMES_A_SECOND:
                raise frames.BadFrame("too many frames a second")
            match frame["type"]:
                case "input":
                    match.want(player_id, frames.intent_in(frame))
                case "leave":
                    return True
                case _:
                    raise frames.BadFrame("unknown type")
        return False
