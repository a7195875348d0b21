"""Journeys through a local GameLift: what a client sees, what is told, and nothing else, while time stands.

A journey is written once and travelled with each driver of `gamelift_drivers`; time, notices and built-in server
processes come from `/_control`.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import aiohttp
from gamelift_drivers import NAMES, REGION, AwsCli, Cbor, Driver, Refused, driving
from patience import GAMELIFT

from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.testing.services import running

DRIVERS: Final = NAMES
LOCATION: Final = "custom-arena"
ACCOUNT: Final = "000000000000"
TICKETS_OF_A_DESCRIBE: Final = 10
PLACEMENTS: Final = {"PlacementFulfilled", "PlacementCancelled", "PlacementTimedOut", "PlacementFailed"}

Detail = dict[str, Any]
Brief = tuple[str, ...]
"""A notice in short: its type, and the ids of its tickets in alphabetical order, which says nothing."""


class Journey:
    """One client on one local GameLift whose time stands.

    Attributes:
        driver: the client.
        base_url: where the local GameLift is.
        now_s: virtual time, seconds since the epoch.
        fleet_id: of the fleet that `prepare` makes.
        notices: all that were told, as far as `told` has asked.
    """

    def __init__(self, driver: Driver, base_url: str, http: aiohttp.ClientSession) -> None:
        """Begin with an empty local GameLift."""
        self.driver = driver
        self.base_url = base_url
        self.now_s = 0.0
        self.fleet_id = ""
        self.queue_arn = ""
        self.configuration_arn = ""
        self.notices: list[dict[str, Any]] = []
        self._http = http

    # What the client does ------------------------------------------------------------------------------------------

    async def call(self, operation: str, /, **given: Any) -> dict[str, Any]:
        """Return the answer of an operation."""
        return await self.driver.call(operation, **given)

    async def refused(self, operation: str, /, **given: Any) -> Brief:
        """Return error name and message of an operation that must be refused."""
        try:
            answer = await self.driver.call(operation, **given)
        except Refused as refused:
            return refused.code, refused.words
        raise AssertionError(f"{operation} was not refused but answered {answer}")

    async def prepare(self, rules: Mapping[str, Any], *, queue_timeout_s: int = 60, **configuration: Any) -> None:
        """Make a fleet, a queue, and a configuration `ranked` with *rules*; no server process yet."""
        await self.call("CreateLocation", LocationName=LOCATION)
        fleet = await self.call("CreateFleet", Name="arena", ComputeType="ANYWHERE", Locations=[{"Location": LOCATION}])
        self.fleet_id = fleet["FleetAttributes"]["FleetId"]
        arn = fleet["FleetAttributes"]["FleetArn"]
        queue = await self.call(
            "CreateGameSessionQueue",
            Name="main",
            TimeoutInSeconds=queue_timeout_s,
            Destinations=[{"DestinationArn": arn}],
        )
        self.queue_arn = queue["GameSessionQueue"]["GameSessionQueueArn"]
        body = json.dumps(rules)
        assert {"Valid": True} == await self.call("ValidateMatchmakingRuleSet", RuleSetBody=body)
        await self.call("CreateMatchmakingRuleSet", Name="rules", RuleSetBody=body)
        given = {"RequestTimeoutSeconds": 300, "AcceptanceRequired": False, "FlexMatchMode": "WITH_QUEUE"}
        made = await self.call(
            "CreateMatchmakingConfiguration",
            Name="ranked",
            RuleSetName="rules",
            GameSessionQueueArns=[self.queue_arn],
            **{**given, **configuration},
        )
        self.configuration_arn = made["Configuration"]["ConfigurationArn"]

    async def start(self, ticket_id: str, *players: Mapping[str, Any] | str) -> dict[str, Any]:
        """Start matchmaking for *players*, or their names; check and return the ticket, which is QUEUED."""
        listed = [{"PlayerId": one} if isinstance(one, str) else dict(one) for one in players]
        started = await self.call("StartMatchmaking", TicketId=ticket_id, ConfigurationName="ranked", Players=listed)
        ticket: dict[str, Any] = started["MatchmakingTicket"]
        assert (ticket_id, "QUEUED", "ranked") == (ticket["TicketId"], ticket["Status"], ticket["ConfigurationName"])
        assert self.configuration_arn == ticket["ConfigurationArn"]
        assert self.now_s == round(ticket["StartTime"], 3)
        assert "EndTime" not in ticket
        return ticket

    async def accept(self, ticket_id: str, *players: str, answer: str = "ACCEPT") -> None:
        """Answer for *players*."""
        answered = await self.call("AcceptMatch", TicketId=ticket_id, PlayerIds=players, AcceptanceType=answer)
        assert {} == answered

    async def stop(self, ticket_id: str) -> None:
        """Stop matchmaking."""
        assert {} == await self.call("StopMatchmaking", TicketId=ticket_id)

    async def tickets(self, *ticket_ids: str) -> dict[str, dict[str, Any]]:
        """Describe tickets, ten at a time; all must be there."""
        found: dict[str, dict[str, Any]] = {}
        for first in range(0, len(ticket_ids), TICKETS_OF_A_DESCRIBE):
            asked = list(ticket_ids[first : first + TICKETS_OF_A_DESCRIBE])
            listed = (await self.call("DescribeMatchmaking", TicketIds=asked))["TicketList"]
            assert asked == [ticket["TicketId"] for ticket in listed]
            found.update((ticket["TicketId"], ticket) for ticket in listed)
        return found

    async def statuses(self, *ticket_ids: str) -> list[str]:
        """Return the states of tickets."""
        return [ticket["Status"] for ticket in (await self.tickets(*ticket_ids)).values()]

    async def ended(self, ticket_id: str) -> Brief:
        """Return state, reason and message of a ticket that has ended just now."""
        ticket = (await self.tickets(ticket_id))[ticket_id]
        assert self.now_s == round(ticket["EndTime"], 3)
        return ticket["Status"], ticket["StatusReason"], ticket["StatusMessage"]

    async def pages(self, operation: str, member: str, /, **given: Any) -> list[dict[str, Any]]:
        """Return what all pages of an operation list."""
        found: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            answer = await self.call(operation, **given, **token)
            found += answer[member]
            if "NextToken" not in answer:
                return found
            token = {"NextToken": answer["NextToken"]}

    # What the test controls ----------------------------------------------------------------------------------------

    async def control(self, path: str, **body: Any) -> dict[str, Any]:
        """Return the answer of `POST /_control/<path>`."""
        async with self._http.post(f"{self.base_url}/_control/{path}", json=body) as answer:
            assert 200 == answer.status, await answer.text()
            told: dict[str, Any] = await answer.json()
            return told

    async def freeze(self) -> None:
        """Let time stand."""
        self.now_s = (await self.control("clock", frozen=True))["now"]

    async def advance(self, seconds: float = 0) -> None:
        """Let so much time pass; 0 makes one pass of the matchmaker."""
        self.now_s = (await self.control("clock/advance", seconds=seconds))["now"]

    async def processes(self, count: int = 1) -> None:
        """Keep so many server processes, and let waiting placements find them."""
        await self.control("processes", fleetId=self.fleet_id, location=LOCATION, count=count)
        await self.advance()

    # What is told --------------------------------------------------------------------------------------------------

    async def told(self) -> list[Brief]:
        """Return the notices since the last time, in short, after a look at their envelopes."""
        url = f"{self.base_url}/_control/notices?after={len(self.notices)}"
        async with self._http.get(url) as answer:
            news = (await answer.json())["notices"]
        assert [len(self.notices) + 1 + index for index in range(len(news))] == [one["n"] for one in news]
        fresh = [one["notice"] for one in news]
        self.notices += fresh
        for notice in fresh:
            self._check_envelope(notice)
        return [brief(notice["detail"]) for notice in fresh]

    def detail(self, kind: str) -> Detail:
        """Return the detail of the latest notice of a type."""
        return next(one["detail"] for one in reversed(self.notices) if one["detail"]["type"] == kind)

    def _check_envelope(self, notice: Mapping[str, Any]) -> None:
        placement = notice["detail"]["type"] in PLACEMENTS
        assert {
            "version": "0",
            "detail-type": "GameLift Queue Placement Event" if placement else "GameLift Matchmaking Event",
            "source": "aws.gamelift",
            "account": ACCOUNT,
            "region": REGION,
            "resources": [self.queue_arn if placement else self.configuration_arn],
        } == {name: value for name, value in notice.items() if name not in {"id", "time", "detail"}}
        assert datetime.fromisoformat(notice["time"]).timestamp() <= self.now_s
        assert len({one["id"] for one in self.notices}) == len(self.notices)
        if not placement:
            everyone = [player for ticket in notice["detail"]["tickets"] for player in ticket["players"]]
            assert everyone == notice["detail"]["gameSessionInfo"]["players"]


def brief(detail: Detail) -> Brief:
    """Return a notice in short."""
    return shared(detail["type"], [ticket["ticketId"] for ticket in detail.get("tickets", ())])


def shared(kind: str, ticket_ids: Iterable[str]) -> Brief:
    """Return one notice about several tickets, in short."""
    return kind, *sorted(ticket_ids)


def each(kind: str, ticket_ids: Iterable[str]) -> list[Brief]:
    """Return one notice a ticket, in short."""
    return [(kind, ticket_id) for ticket_id in ticket_ids]


def teams_of(told: Detail) -> dict[str, str]:
    """Return player id -> team, as a notice tells it."""
    return {player["playerId"]: player["team"] for player in told["gameSessionInfo"]["players"]}


def player(name: str, *, skill: float | None = None, latency_ms: int | None = None) -> dict[str, Any]:
    """Return a Player structure."""
    attributes = {} if skill is None else {"PlayerAttributes": {"skill": {"N": skill}}}
    latencies = {} if latency_ms is None else {"LatencyInMs": {LOCATION: latency_ms}}
    return {"PlayerId": name, **attributes, **latencies}


def rule_set(*teams: tuple[str, int, int], rules: Sequence[Mapping[str, Any]] = (), **more: Any) -> dict[str, Any]:
    """Return a rule set of teams with least and most players, for players with a skill."""
    return {
        "name": "of a journey",
        "ruleLanguageVersion": "1.0",
        "playerAttributes": [{"name": "skill", "type": "number", "default": 50}],
        "rules": list(rules),
        **({"teams": [{"name": name, "minPlayers": least, "maxPlayers": most} for name, least, most in teams]} | more),
    }


@asynccontextmanager
async def journey(name: str, aws_cli: AwsCli, **settings: Any) -> AsyncIterator[Journey]:
    """Run a local GameLift whose time stands, with the driver *name* on it."""
    async with (
        running("gamelift", Settings(control=True, page=False, **{**GAMELIFT, **settings}), build) as service,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http,
        driving(name, service.base_url, aws_cli) as driver,
    ):
        made = Journey(driver, service.base_url, http)
        await made.freeze()
        yield made
        if isinstance(driver, Cbor):
            assert driver.sent
