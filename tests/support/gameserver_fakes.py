"""GameLift's end of Server SDK connections, without sockets."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from muster_gameserver import ConnectFailed, WireClosed

ARN = "arn:aws:gamelift:us-east-1:000000000000:gamesession/fleet-1/custom-laptop/session-1"


class FakeWire:
    """One connection; GameLift's side answers through `service`."""

    def __init__(self, service: "FakeGameLift", url: str) -> None:
        self.url = url
        self.closed_with: int | None = None
        self._service = service
        self._inbox: asyncio.Queue[str | int] = asyncio.Queue()

    async def send(self, text: str) -> None:
        if self.closed_with is not None:
            raise WireClosed(self.closed_with)
        self._service.hear(self, json.loads(text))

    async def receive(self) -> str:
        if self.closed_with is not None and self._inbox.empty():
            raise WireClosed(self.closed_with)
        said = await self._inbox.get()
        if isinstance(said, int):
            self.closed_with = said
            raise WireClosed(said)
        return said

    async def close(self, code: int = 1000) -> None:
        if self.closed_with is None:
            self.closed_with = code
            self._inbox.put_nowait(code)

    def push(self, message: Mapping[str, Any]) -> None:
        """Say something to the process."""
        self._inbox.put_nowait(json.dumps(message))

    def say(self, text: str) -> None:
        """Say something that need not be JSON."""
        self._inbox.put_nowait(text)

    def drop(self, code: int = 1006) -> None:
        """Break the connection."""
        self._inbox.put_nowait(code)


class FakeGameLift:
    """GameLift's end of Server SDK connections.

    Attributes:
        wires: every connection so far, the latest last.
        asked: every request so far, without its id.
        refuse: status by action, for requests to be refused.
        silent: actions that get no answer.
        seats: player id and status by player session id.
        unreachable: how many of the next connections fail.
        answers: more fields of an answer, by action.
    """

    def __init__(self) -> None:
        self.wires: list[FakeWire] = []
        self.asked: list[dict[str, Any]] = []
        self.refuse: dict[str, int] = {}
        self.silent: set[str] = set()
        self.seats: dict[str, tuple[str, str]] = {}
        self.unreachable = 0
        self.answers: dict[str, dict[str, Any]] = {}

    async def dial(self, url: str) -> FakeWire:
        if self.unreachable:
            self.unreachable -= 1
            raise ConnectFailed
        self.wires.append(FakeWire(self, url))
        return self.wires[-1]

    @property
    def wire(self) -> FakeWire:
        """The latest connection."""
        return self.wires[-1]

    def actions(self) -> list[str]:
        """Return the names of all requests so far."""
        return [each["Action"] for each in self.asked]

    def hear(self, wire: FakeWire, message: dict[str, Any]) -> None:
        """Take a request and answer it."""
        request_id = message.pop("RequestId")
        self.asked.append(message)
        action = message["Action"]
        if action in self.silent:
            return
        status = self.refuse.get(action) or self._seat_status(message)
        answer: dict[str, Any] = {"Action": action, "RequestId": request_id, "StatusCode": status}
        if status != 200:
            answer["ErrorMessage"] = f"no: {message.get('PlayerSessionId', '')}"
        elif action == "DescribePlayerSessions" and action not in self.answers:
            answer["PlayerSessions"] = self._described(message["PlayerSessionId"])
        answer |= self.answers.get(action, {})
        wire.push(answer)

    def _seat_status(self, message: dict[str, Any]) -> int:
        seat = message.get("PlayerSessionId", "")
        player, status = self.seats.get(seat, ("", ""))
        match message["Action"]:
            case "AcceptPlayerSession":
                if status != "RESERVED":
                    return 400
                self.seats[seat] = (player, "ACTIVE")
            case "RemovePlayerSession":
                if status != "ACTIVE":
                    return 400
                self.seats[seat] = (player, "COMPLETED")
        return 200

    def _described(self, seat: str) -> list[dict[str, str]]:
        if seat not in self.seats:
            return []
        player, status = self.seats[seat]
        return [{"PlayerId": player, "PlayerSessionId": seat, "GameSessionId": ARN, "Status": status}]
