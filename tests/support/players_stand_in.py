"""A GameLift and an event bus on one local port, as far as the arena needs them: JSON 1.1, PutEvents, SDK 5 sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from muster_runtime.testing import eventually

REGION = "us-east-1"


@dataclass
class Process:
    """A server process as GameLift sees it."""

    process_id: str
    socket: web.WebSocketResponse
    port: int = 0
    is_ready: bool = False
    session: str = ""
    connections: int = 1


@dataclass
class StandIn:
    """GameLift and the bus.

    Attributes:
        base_url: where it answers.
        processes: by process id.
        actions: every request over sockets, in order.
        seats: player id, session and status by player session id.
        active: sessions that were activated.
        events: details that were put on the bus.
        down: answer every HTTP call with 503 and take no socket.
        bus_failures: how many PutEvents calls fail next.
    """

    base_url: str = ""
    processes: dict[str, Process] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    seats: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    active: set[str] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)
    down: bool = False
    bus_failures: int = 0

    async def ready(self, count: int = 1) -> list[Process]:
        """Return *count* processes that are ready and have no session."""

        def free() -> list[Process]:
            return [each for each in self.processes.values() if each.is_ready and not each.session]

        await eventually(lambda: len(free()) >= count, within_s=60)
        return free()[:count]

    async def offer(self, number: int, teams: dict[str, dict[str, str]]) -> Process:
        """Give a session to a ready process.

        Args:
            number: makes session and match unique.
            teams: team name to player id to player session id.
        """
        (process,) = await self.ready()
        arn = f"arn:aws:gamelift:{REGION}:000000000000:gamesession/fleet-1/custom-laptop/session-{number}"
        process.session = arn
        listed = []
        for name, players in teams.items():
            listed.append({"name": name, "players": [{"playerId": player, "attributes": {}} for player in players]})
            for player, seat in players.items():
                self.seats[seat] = (player, arn, "RESERVED")
        data = {"matchId": f"match-{number}", "matchmakingConfigurationArn": "arn", "teams": listed}
        await process.socket.send_json(
            {
                "Action": "CreateGameSession",
                "GameSessionId": arn,
                "GameSessionName": "",
                "GameSessionData": "",
                "MatchmakerData": json.dumps(data),
                "MaximumPlayerSessionCount": 10,
                "IpAddress": "127.0.0.1",
                "Port": process.port,
                "DnsName": "localhost",
                "GameProperties": {},
            }
        )
        # Players are told where to go once the session is ACTIVE, and not before.
        await eventually(lambda: process.session in self.active, within_s=60)
        return process

    def status_of(self, seat: str) -> str:
        """Return how a seat stands."""
        return self.seats[seat][2]

    async def drop_all(self) -> None:
        """Break every socket without a goodbye."""
        for process in self.processes.values():
            if process.socket._req is not None and process.socket._req.transport is not None:
                process.socket._req.transport.abort()

    async def post(self, request: web.Request) -> web.Response:
        """Answer an AWS call."""
        if self.down:
            return web.json_response({"__type": "InternalServiceException"}, status=503)
        call = request.headers["X-Amz-Target"].rpartition(".")[2]
        asked = json.loads(await request.text())
        match call:
            case "RegisterCompute":
                endpoint = self.base_url.replace("http", "ws")
                answer: dict[str, Any] = {"Compute": asked | {"GameLiftServiceSdkEndpoint": endpoint}}
            case "GetComputeAuthToken":
                answer = {"AuthToken": "token-1", "ComputeName": asked["ComputeName"]}
            case "PutEvents":
                answer = self._put(asked["Entries"])
            case _:
                return web.json_response({"__type": "UnknownOperationException"}, status=400)
        return web.Response(text=json.dumps(answer), content_type="application/x-amz-json-1.1")

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Serve one server process."""
        if self.down or request.query["Authorization"] != "token-1":
            return web.Response(status=403)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        process_id = request.query["pID"]
        known = self.processes.get(process_id)
        if known is None:
            self.processes[process_id] = Process(process_id, socket)
        else:
            known.socket, known.connections = socket, known.connections + 1
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await socket.send_json(self._answer(self.processes[process_id], json.loads(message.data)))
        return socket

    def _put(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        if self.bus_failures:
            self.bus_failures -= 1
            return {"FailedEntryCount": len(entries), "Entries": [{"ErrorCode": "InternalFailure"} for _ in entries]}
        self.events += [json.loads(entry["Detail"]) for entry in entries]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in entries]}

    def _answer(self, process: Process, asked: dict[str, Any]) -> dict[str, Any]:
        action = asked["Action"]
        self.actions.append(action)
        answer: dict[str, Any] = {"Action": action, "RequestId": asked["RequestId"], "StatusCode": 200}
        seat = asked.get("PlayerSessionId", "")
        player, session, status = self.seats.get(seat, ("", "", ""))
        match action:
            case "ActivateServerProcess":
                process.port = asked["Port"]
            case "HeartbeatServerProcess":
                process.is_ready = asked["HealthStatus"] and process.port > 0
            case "ActivateGameSession":
                self.active.add(asked["GameSessionId"])
            case "TerminateServerProcess":
                process.is_ready = False
            case "AcceptPlayerSession" if status != "RESERVED" or session != asked["GameSessionId"]:
                answer |= {"StatusCode": 400, "ErrorMessage": f"player session {seat} is {status or 'unknown'}"}
            case "AcceptPlayerSession":
                self.seats[seat] = (player, session, "ACTIVE")
            case "RemovePlayerSession":
                self.seats[seat] = (player, session, "COMPLETED")
            case "DescribePlayerSessions" if seat in self.seats:
                described = {"PlayerId": player, "PlayerSessionId": seat, "GameSessionId": session, "Status": status}
                answer["PlayerSessions"] = [described]
        return answer


@asynccontextmanager
async def stand_in() -> AsyncIterator[StandIn]:
    """Run a stand-in on a free port."""
    gamelift = StandIn()
    app = web.Application()
    app.router.add_post("/", gamelift.post)
    app.router.add_get("/", gamelift.socket)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    gamelift.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield gamelift
    finally:
        await gamelift.drop_all()
        await runner.cleanup()


class Player:
    """A bare TCP client of the arena."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, text: str | bytes) -> None:
        self.writer.write(text if isinstance(text, bytes) else text.encode() + b"\n")
        await self.writer.drain()

    async def line(self) -> str:
        """Return the next line, empty at the end."""
        async with asyncio.timeout(60):
            return (await self.reader.readline()).decode().rstrip("\n")

    async def frame(self, kind: str) -> dict[str, Any]:
        """Return the next frame of one type, skipping others."""
        while line := await self.line():
            frame: dict[str, Any] = json.loads(line)
            if frame["type"] == kind:
                return frame
        raise AssertionError(f"no {kind} before the end")

    async def ended(self) -> bool:
        """Read to the end; True when it came."""
        while await self.line():
            pass
        return True

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def connected(port: int, *first: str) -> AsyncIterator[Player]:
    """Connect to the arena, and say the first line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    player = Player(reader, writer)
    try:
        for line in first:
            await player.say(line)
        yield player
    finally:
        await player.close()
