"""Stand-ins for what virtual players and the arena meet: guests, the HTTP edge, a game server."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from muster_runtime.testing import FakeClock

ARN = "arn:aws:gamelift:us-east-1:000000000000:gamesession/fleet-1/custom-laptop/session-1"


def matchmaker_data(teams: Mapping[str, tuple[str, ...]], *, match_id: str = "match-1") -> str:
    """Return the JSON text that FlexMatch gives to a session."""
    listed = [
        {"name": name, "players": [{"playerId": player, "attributes": {}} for player in players]}
        for name, players in teams.items()
    ]
    return json.dumps({"matchId": match_id, "matchmakingConfigurationArn": "arn", "teams": listed})


async def passes(clock: FakeClock, seconds: float) -> None:
    """Let time pass on a fake clock, and everybody else run."""
    clock.advance(seconds)
    await asyncio.sleep(0)


class FakeGuest:
    """A guest that keeps what it is told."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.dismissed = False

    def tell(self, line: bytes) -> None:
        self.frames.append(json.loads(line))

    def dismiss(self) -> None:
        self.dismissed = True

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the frames of one type."""
        return [frame for frame in self.frames if frame["type"] == kind]


@dataclass
class FakeAnswer:
    """An HTTP answer."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return "application/json"

    async def json(self, *, content_type: str | None) -> Any:
        return self.body


class _Headers(dict[str, str]):
    def copy(self) -> Self:
        return self


class FakeHTTP:
    """The part of an aiohttp session that players use; answers come from a function of the request."""

    def __init__(self, serve: Callable[[str, str, dict[str, Any]], FakeAnswer | Exception]) -> None:
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self._serve = serve

    @asynccontextmanager
    async def request(self, method: str, url: str, **parts: Any) -> AsyncIterator[FakeAnswer]:
        path = url.removeprefix("http://muster.test")
        self.requests.append((method, path, parts))
        answer = self._serve(method, path, parts)
        if isinstance(answer, Exception):
            raise answer
        answer.headers = _Headers(answer.headers)
        yield answer


class FakeWriter:
    """The sending half of a TCP stream; keeps what is written."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    async def wait_closed(self) -> None:
        return


def a_stream(*lines: str | dict[str, Any], ends: bool = True) -> tuple[asyncio.StreamReader, FakeWriter]:
    """Return a TCP stream on which the other side says *lines*."""
    reader = asyncio.StreamReader()
    for line in lines:
        text = line if isinstance(line, str) else json.dumps(line)
        reader.feed_data(text.encode() + b"\n")
    if ends:
        reader.feed_eof()
    return reader, FakeWriter()
