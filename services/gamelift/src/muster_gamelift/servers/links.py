"""The open WebSockets of server processes."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from muster_gamelift.state.world import Push

NORMAL: Final = 1000
"""Close code after which an SDK does not come back."""
RESTARTING: Final = 1012
"""Close code after which an SDK does come back: any but 1000 and 1001. Source: Server SDK 5."""
OVERLOADED: Final = 1013
"""Close code for a process that does not read what it is sent; it may come back."""
CLOSING_S: Final = 3.0
"""How long the service waits for its connections to close."""
ANSWERS: Final = 100
"""So many messages may wait to be sent before no more requests are read from a connection."""
UNSENT: Final = 1000
"""So many messages may wait to be sent before a connection is given up: nobody reads at its other end."""


class Link:
    """What is to be sent on one connection, in order; the connection's own writer takes it from here.

    Attributes:
        has_room: set while the other end reads what it is sent.
        superseded: set when the process has opened a newer connection.
    """

    def __init__(self) -> None:
        """Build an open link."""
        self.has_room = asyncio.Event()
        self.has_room.set()
        self.superseded = asyncio.Event()
        self._outgoing: asyncio.Queue[str | int] = asyncio.Queue()
        self._ends = False

    def send(self, message: Mapping[str, Any]) -> None:
        """Queue a message; never waits. Nothing is queued behind the end of the connection."""
        if self._ends:
            return
        self._outgoing.put_nowait(json.dumps(message, separators=(",", ":")))
        waiting = self._outgoing.qsize()
        if waiting >= ANSWERS:
            self.has_room.clear()
        if waiting >= UNSENT:
            self.close(OVERLOADED)

    def close(self, code: int) -> None:
        """Close the connection with *code* once everything queued before has been sent."""
        self._ends = True
        self._outgoing.put_nowait(code)

    async def next(self) -> str | int:
        """Return the next text to send, or the code to close with."""
        outgoing = await self._outgoing.get()
        if self._outgoing.qsize() < ANSWERS:
            self.has_room.set()
        return outgoing


class Links:
    """All connections, by process id; a `ServerLinks` and a job that closes them at the end."""

    def __init__(self) -> None:
        """Start without connections."""
        self._links: dict[str, Link] = {}
        self._older: dict[str, Link] = {}
        self._none_left = asyncio.Event()
        self._none_left.set()
        self._closing = False

    def __len__(self) -> int:
        return len(self._links)

    def push(self, push: Push) -> None:
        """Send a message to a process, if it is connected; never waits."""
        if push.process_id in self._links:
            self._links[push.process_id].send(push.message)

    def open(self, process_id: str) -> Link:
        """Return the link of a new connection.

        An older one of the same process is superseded: it still answers what it is asked, but hears nothing new. One
        that is older still is closed.
        """
        older = self._links.pop(process_id, None)
        if older:
            older.superseded.set()
            oldest = self._older.pop(process_id, None)
            if oldest:
                oldest.close(NORMAL)
            self._older[process_id] = older
        link = self._links[process_id] = Link()
        self._none_left.clear()
        if self._closing:
            link.close(RESTARTING)
        return link

    def gone(self, process_id: str, link: Link) -> bool:
        """Forget the connection behind *link*; return whether it was the process's latest."""
        latest = self._links.get(process_id) is link
        for links in (self._links, self._older):
            if links.get(process_id) is link:
                del links[process_id]
        if not self._links and not self._older:
            self._none_left.set()
        return latest

    def hang_up(self) -> None:
        """Close every connection for good: what the processes belonged to is gone."""
        self._close_all(NORMAL)

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for *stop*, then close every connection so that SDKs come back to the next process."""
        await stop.wait()
        self._closing = True
        self._close_all(RESTARTING)
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._none_left.wait()
        except TimeoutError:
            # A peer that does not answer the close; its connection ends with the HTTP server.
            return

    def _close_all(self, code: int) -> None:
        for link in (*self._links.values(), *self._older.values()):
            link.close(code)
