"""A local GameLift without protocols: its engine, a clock that the test moves, and a record of what was told."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from muster_gamelift.engine import Engine
from muster_gamelift.errors import Fault
from muster_gamelift.servers import actions, admission
from muster_gamelift.state.world import Limits, Notice, Push, World
from muster_gamelift.validation import gamelift_model
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.ids import SequentialIds

REGION = "us-east-1"
TOPIC = "arn:aws:sns:us-east-1:000000000000:matchmaking"
PLACEMENT_TOPIC = "arn:aws:sns:us-east-1:000000000000:placements"
DUEL = {
    "name": "duel",
    "ruleLanguageVersion": "1.0",
    "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
    "teams": [
        {"name": "red", "minPlayers": 1, "maxPlayers": 1},
        {"name": "blue", "minPlayers": 1, "maxPlayers": 1},
    ],
    "rules": [
        {
            "name": "EvenSkill",
            "type": "distance",
            "measurements": ["avg(teams[red].players.attributes[skill])"],
            "referenceValue": "avg(teams[blue].players.attributes[skill])",
            "maxDistance": 10,
        },
    ],
}


@dataclass
class Recorder:
    """Stands for whoever takes notices and messages."""

    notices: list[Notice] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)

    def hand_over(self, notice: Notice) -> None:
        self.notices.append(notice)

    def push(self, push: Push) -> None:
        self.pushes.append(push)


class Bench:
    """Drives an engine as clients and game servers would."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.clock = FakeClock()
        self.recorder = Recorder()
        self.limits = limits or Limits()
        self.engine = Engine(
            account="000000000000",
            limits=self.limits,
            model=gamelift_model(),
            clock=self.clock,
            ids=SequentialIds(),
            sink=self.recorder,
            links=self.recorder,
        )
        self.fleet_id = ""

    @property
    def world(self) -> World:
        return self.engine.world(REGION)

    @property
    def now_s(self) -> float:
        return round(self.clock.epoch_s(), 3)

    def call(self, operation: str, **given: Any) -> dict[str, Any]:
        return self.engine.call(REGION, operation, given, servers_url="ws://127.0.0.1:9080")

    def refused(self, operation: str, **given: Any) -> Fault:
        with pytest.raises(Fault) as caught:
            self.call(operation, **given)
        return caught.value

    def advance(self, seconds: float = 0.0) -> None:
        """Let time pass, then make one pass."""
        self.clock.advance(seconds)
        self.engine.run_pass()

    # What was told -------------------------------------------------------------------------------------------------

    def told(self, kind: str = "") -> list[dict[str, Any]]:
        """Details of the notices so far, all or of one type."""
        details = [dict(notice.envelope["detail"]) for notice in self.recorder.notices]
        return [detail for detail in details if not kind or detail["type"] == kind]

    def types(self) -> list[str]:
        return [detail["type"] for detail in self.told()]

    def forget_told(self) -> None:
        self.recorder.notices.clear()
        self.recorder.pushes.clear()

    def messages(self, process_id: str = "p-1") -> list[dict[str, Any]]:
        return [dict(push.message) for push in self.recorder.pushes if push.process_id == process_id]

    # What clients do -----------------------------------------------------------------------------------------------

    def configure(self, name: str = "duel", *, rules: dict[str, Any] = DUEL, **given: Any) -> None:
        if f"{name}-rules" not in self.world.rule_sets:
            self.call("CreateMatchmakingRuleSet", Name=f"{name}-rules", RuleSetBody=json.dumps(rules))
        members = {
            "Name": name,
            "RuleSetName": f"{name}-rules",
            "RequestTimeoutSeconds": 60,
            "AcceptanceRequired": False,
            "FlexMatchMode": "STANDALONE",
            "NotificationTarget": TOPIC,
        }
        self.call("CreateMatchmakingConfiguration", **{**members, **given})

    def start(self, ticket_id: str, *players: str, configuration: str = "duel", **player: Any) -> dict[str, Any]:
        answer = self.call(
            "StartMatchmaking",
            TicketId=ticket_id,
            ConfigurationName=configuration,
            Players=[{"PlayerId": one, **player} for one in (players or (f"player-{ticket_id}",))],
        )
        ticket: dict[str, Any] = answer["MatchmakingTicket"]
        return ticket

    def ticket(self, ticket_id: str) -> dict[str, Any]:
        (ticket,) = self.call("DescribeMatchmaking", TicketIds=[ticket_id])["TicketList"]
        return dict(ticket)

    def status(self, ticket_id: str) -> str:
        return str(self.ticket(ticket_id)["Status"])

    def accept(self, ticket_id: str, *players: str, answer: str = "ACCEPT") -> None:
        named = list(players) or [f"player-{ticket_id}"]
        self.call("AcceptMatch", TicketId=ticket_id, PlayerIds=named, AcceptanceType=answer)

    def hosted(self, **queue: Any) -> str:
        """Create a location, a fleet, a compute and a queue; return the queue's ARN."""
        for name in ("custom-laptop", "custom-rack"):
            self.call("CreateLocation", LocationName=name)
        fleet = self.call(
            "CreateFleet",
            Name="arena",
            ComputeType="ANYWHERE",
            Locations=[{"Location": "custom-laptop"}, {"Location": "custom-rack"}],
            AnywhereConfiguration={"Cost": "0.5"},
        )["FleetAttributes"]
        self.fleet_id = fleet["FleetId"]
        for name in ("laptop", "rack"):
            self.call(
                "RegisterCompute",
                FleetId=self.fleet_id,
                ComputeName=name,
                IpAddress="127.0.0.1",
                Location=f"custom-{name}",
            )
        members = {
            "Name": "main",
            "TimeoutInSeconds": 20,
            "Destinations": [{"DestinationArn": fleet["FleetArn"]}],
            "NotificationTarget": PLACEMENT_TOPIC,
        }
        made = self.call("CreateGameSessionQueue", **{**members, **queue})
        return str(made["GameSessionQueue"]["GameSessionQueueArn"])

    def configure_with_queue(self, **given: Any) -> None:
        self.configure(**{"FlexMatchMode": "WITH_QUEUE", "GameSessionQueueArns": [self.hosted()], **given})

    # What game servers do ------------------------------------------------------------------------------------------

    def connect(self, process_id: str = "p-1", *, compute: str = "laptop", token: str = "") -> str:
        """Attach a process, with a fresh token unless one is given; return the token."""
        if not token:
            answer = self.call("GetComputeAuthToken", FleetId=self.fleet_id, ComputeName=compute)
            token = answer["AuthToken"]
        query = {"pID": process_id, "FleetId": self.fleet_id, "ComputeId": compute, "Authorization": token}
        claim = admission.claim_of(query)
        self.engine.apply(REGION, lambda change: admission.attach(change, claim))
        return token

    def act(self, action: str, process_id: str = "p-1", **fields: Any) -> dict[str, Any]:
        message = {"Action": action, "RequestId": "r", **fields}
        return dict(self.engine.apply(REGION, lambda change: actions.answer(change, process_id, message)))

    def act_refused(self, action: str, process_id: str = "p-1", **fields: Any) -> Fault:
        with pytest.raises(Fault) as caught:
            self.act(action, process_id, **fields)
        return caught.value

    def ready(self, process_id: str = "p-1", *, compute: str = "laptop", port: int = 7777) -> None:
        """Bring a process to where it can be given a session."""
        self.connect(process_id, compute=compute)
        self.act("ActivateServerProcess", process_id, Port=port, LogPaths=[])
        self.act("HeartbeatServerProcess", process_id, HealthStatus=True)

    def session_arn(self, process_id: str = "p-1") -> str:
        arn = self.world.processes[process_id].session_arn
        assert arn is not None
        return arn

    def activate(self, process_id: str = "p-1") -> str:
        """Activate the session that a process was given; return its ARN."""
        arn = self.session_arn(process_id)
        self.act("ActivateGameSession", process_id, GameSessionId=arn)
        return arn

    def running_session(self, **given: Any) -> str:
        """Create an active game session by CreateGameSession; return its ARN."""
        if not self.fleet_id:
            self.hosted()
        self.ready()
        members = {"FleetId": self.fleet_id, "Location": "custom-laptop", "MaximumPlayerSessionCount": 3}
        self.call("CreateGameSession", **{**members, **given})
        return self.activate()
