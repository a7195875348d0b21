"""Random lives of the local GameLift: clients, players, game servers and operators, in whatever order.

A long run: `python tests/support/gamelift_life.py --examples 2000`.
"""

import argparse
import json
import sys
from contextlib import suppress
from typing import Any, Final

from gamelift_bench import REGION, Bench
from gamelift_listener import DROPPED, Listener
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from muster_gamelift import flow, matchmaking
from muster_gamelift.errors import Fault
from muster_gamelift.matchmaker import Finding
from muster_gamelift.servers import admission
from muster_gamelift.state.matches import MatchStatus
from muster_gamelift.state.sessions import GameSession, SeatStatus, SessionStatus
from muster_gamelift.state.tickets import FINAL, IN_MATCH, IN_POOL, Ticket, pool_of

STEPS: Final = 40
DUPLICATE: Final = "Cancelled due to duplicate player"
PLAYERS: Final = [f"player-{number}" for number in range(8)]
PROCESSES: Final = ["p-1", "p-2", "p-3"]
TEAMS: Final = ["red", "blue"]
RULES: Final = {
    "name": "two by two",
    "ruleLanguageVersion": "1.0",
    "teams": [{"name": name, "minPlayers": 1, "maxPlayers": 2} for name in TEAMS],
    "expansions": [{"target": "teams[blue].minPlayers", "steps": [{"waitTimeSeconds": 12, "value": 0}]}],
}
CONFIGURATIONS: Final[dict[str, dict[str, Any]]] = {
    "filling": {"BackfillMode": "AUTOMATIC"},
    "asking": {"AcceptanceRequired": True, "AcceptanceTimeoutSeconds": 10, "BackfillMode": "MANUAL"},
    "apart": {"FlexMatchMode": "STANDALONE"},
    "asking-apart": {"FlexMatchMode": "STANDALONE", "AcceptanceRequired": True, "AcceptanceTimeoutSeconds": 10},
}
picks: Final = st.integers(0, 99)
answers: Final = st.sampled_from(["ACCEPT", "ACCEPT", "REJECT"])
names: Final = st.sampled_from(list(CONFIGURATIONS))
players: Final = st.sampled_from(PLAYERS)


class Broken(Exception):
    """Stands for a fault of ours in the middle of a change."""


class Life(RuleBasedStateMachine):
    """One life. What may be refused is tried; anything but a refusal by name is a fault of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.world = self.bench.world
        self.listener = Listener()
        self.heard = 0
        self.tickets = 0
        self.late: list[Finding] = []
        self.reasons: dict[str, list[str]] = {}
        self.pushed = 0

    @initialize()
    def configure(self) -> None:
        queue = self.bench.hosted()
        self.bench.call("CreateMatchmakingRuleSet", Name="rules", RuleSetBody=json.dumps(RULES))
        for name in CONFIGURATIONS:
            self.create_configuration(name, queue)
        for process_id in PROCESSES:
            self.bench.ready(process_id)

    def create_configuration(self, name: str, queue: str) -> None:
        given = {"FlexMatchMode": "WITH_QUEUE", "AcceptanceRequired": False, **CONFIGURATIONS[name]}
        if given["FlexMatchMode"] == "WITH_QUEUE":
            given["GameSessionQueueArns"] = [queue]
        self.attempt(
            "CreateMatchmakingConfiguration", Name=name, RuleSetName="rules", RequestTimeoutSeconds=40, **given
        )

    def attempt(self, operation: str, **given: Any) -> None:
        with suppress(Fault):
            self.bench.call(operation, **given)

    def act(self, action: str, process_id: str, **fields: Any) -> None:
        with suppress(Fault):
            self.bench.act(action, process_id, **fields)

    def any_ticket(self, pick: int) -> Ticket | None:
        tickets = list(self.world.tickets.find("open", at=True)) or list(self.world.tickets)
        return tickets[pick % len(tickets)] if tickets else None

    def any_session(self, pick: int) -> GameSession | None:
        sessions = list(self.world.sessions.find("open", at=True)) or list(self.world.sessions)
        return sessions[pick % len(sessions)] if sessions else None

    # What clients do -----------------------------------------------------------------------------------------------

    @rule(name=names, parties=st.lists(st.lists(players, min_size=1, max_size=2), min_size=1, max_size=3))
    def start(self, name: str, parties: list[list[str]]) -> None:
        for party in parties:
            self.tickets += 1
            given = [{"PlayerId": player_id} for player_id in party]
            self.attempt("StartMatchmaking", TicketId=f"t-{self.tickets}", ConfigurationName=name, Players=given)

    @rule(name=names, pair=st.lists(players, min_size=2, max_size=3, unique=True), answer=answers)
    def play(self, name: str, pair: list[str], answer: str) -> None:
        """Start tickets that match, and let everybody do what is wanted of them, or the last one not."""
        self.start(name, [[player_id] for player_id in pair])
        self.bench.advance()
        self.answer(-1, answer, everyone=False)
        self.answer(0, "ACCEPT", everyone=True)
        self.every_server_activates()

    @rule(pick=picks)
    def start_again(self, pick: int) -> None:
        ticket = self.any_ticket(pick)
        if ticket:
            players = [{"PlayerId": "player-0"}]
            refused = self.bench.refused(
                "StartMatchmaking", TicketId=ticket.ticket_id, ConfigurationName="apart", Players=players
            )
            assert refused.aws_name in {"InvalidRequestException", "NotFoundException"}

    @rule(pick=picks, name=names, falls_through=st.booleans())
    def change_ones_mind(self, pick: int, name: str, *, falls_through: bool) -> None:
        """Accept a match and search anew all the same; perhaps somebody else rejects that match."""
        matched = [ticket for ticket in self.world.tickets if ticket.status in IN_MATCH and not ticket.backfill]
        if not matched:
            return
        ticket = matched[pick % len(matched)]
        self.attempt(
            "AcceptMatch", TicketId=ticket.ticket_id, PlayerIds=list(ticket.player_ids), AcceptanceType="ACCEPT"
        )
        self.start(name, [list(ticket.player_ids)[:1]])
        for other in matched if falls_through else ():
            if other.match_id == ticket.match_id and other is not ticket:
                self.attempt(
                    "AcceptMatch", TicketId=other.ticket_id, PlayerIds=[other.player_ids[0]], AcceptanceType="REJECT"
                )

    @rule(pick=picks)
    def stop(self, pick: int) -> None:
        ticket = self.any_ticket(pick)
        if ticket:
            self.attempt("StopMatchmaking", TicketId=ticket.ticket_id)

    @rule(pick=picks, answer=answers, everyone=st.booleans())
    def answer(self, pick: int, answer: str, *, everyone: bool) -> None:
        asked = [ticket for ticket in self.world.tickets if ticket.status == "REQUIRES_ACCEPTANCE"]
        for ticket in asked if everyone else asked[pick % max(1, len(asked)) :][:1]:
            self.attempt(
                "AcceptMatch", TicketId=ticket.ticket_id, PlayerIds=list(ticket.player_ids), AcceptanceType=answer
            )

    @rule(pick=picks, name=names, seats=st.permutations([*TEAMS, *TEAMS]))
    def backfill(self, pick: int, name: str, seats: list[str]) -> None:
        self.tickets += 1
        session = self.any_session(pick)
        taken = self.world.seats.find("taken", session.arn) if session else ()
        seated = [seat.player_id for seat in taken] or PLAYERS[pick % 4 :][:2]
        some = seated[pick % len(seated) :]
        given = [{"PlayerId": one, "Team": team} for one, team in zip(some, seats, strict=False)]
        arn = {"GameSessionArn": session.arn} if session else {}
        self.attempt("StartMatchBackfill", TicketId=f"b-{self.tickets}", ConfigurationName=name, Players=given, **arn)

    @rule(pick=picks)
    def backfill_again(self, pick: int) -> None:
        """Ask for a game once more, which is asked for already."""
        filling = [ticket for ticket in self.world.tickets.find("open", at=True) if ticket.backfill]
        if filling and (older := filling[pick % len(filling)]).backfill:
            self.tickets += 1
            self.attempt(
                "StartMatchBackfill",
                TicketId=f"b-{self.tickets}",
                ConfigurationName=older.configuration.name,
                GameSessionArn=older.backfill.session_arn or "none",
                Players=[{"PlayerId": "guest", "Team": "red"}],
            )

    @rule(pick=picks, name=names, seats=st.permutations([*TEAMS, *TEAMS]), answer=answers)
    def join(self, pick: int, name: str, seats: list[str], answer: str) -> None:
        """Ask for players for a game, and let somebody come who is in none."""
        self.backfill(pick, name, seats)
        seated = {seat.player_id for seat in self.world.seats}
        free = [player_id for player_id in PLAYERS if player_id not in seated]
        if free:
            self.start(name, [[free[pick % len(free)]]])
            self.bench.advance()
            self.answer(0, answer, everyone=True)

    # What time and the matchmaker do -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.0, 0.0, 0.0, 0.5, 2.0, 11.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.bench.advance(seconds)

    @rule()
    def look_and_conclude_late(self) -> None:
        """A search beside everything else: what it finds is made into matches when other things have happened."""
        self.bench.engine.apply(REGION, flow.tidy)
        self.late += [look.find() for look in self.bench.engine.apply(REGION, matchmaking.looks)]

    @rule()
    def conclude_what_was_found(self) -> None:
        for finding in self.late:
            self.bench.engine.apply(REGION, lambda change, finding=finding: flow.conclude(change, finding))
        self.late.clear()

    @rule()
    def a_pass_breaks(self) -> None:
        """A fault in the middle of a change undoes it, in the rows and in what follows from them."""

        def breaking(change: Any) -> None:
            flow.run_pass(change)
            raise Broken

        with suppress(Broken):
            self.bench.engine.apply(REGION, breaking)

    # What game servers and their players do ------------------------------------------------------------------------

    @rule(process_id=st.sampled_from(PROCESSES), compute=st.sampled_from(["laptop", "rack"]))
    def server_starts(self, process_id: str, compute: str) -> None:
        with suppress(Fault):
            self.bench.ready(process_id, compute=compute)

    @rule(process_id=st.sampled_from(PROCESSES))
    def server_activates(self, process_id: str) -> None:
        process = self.world.processes.get(process_id)
        if process and process.session_arn:
            self.act("ActivateGameSession", process_id, GameSessionId=process.session_arn)

    @rule()
    def every_server_activates(self) -> None:
        for process_id in PROCESSES:
            self.server_activates(process_id)

    @rule()
    def every_server_starts_anew(self) -> None:
        for process_id in PROCESSES:
            if process_id not in self.world.processes:
                self.server_starts(process_id, "laptop")

    @rule(process_id=st.sampled_from(PROCESSES), how=st.sampled_from(["ends", "breaks off", "unhealthy", "healthy"]))
    def server_goes(self, process_id: str, how: str) -> None:
        if how == "ends":
            self.act("TerminateServerProcess", process_id)
        elif how == "breaks off":
            self.bench.engine.apply(REGION, lambda change: admission.detach(change, process_id))
        else:
            self.act("HeartbeatServerProcess", process_id, HealthStatus=how == "healthy")

    @rule(pick=picks, comes=st.booleans())
    def player_comes_or_leaves(self, pick: int, *, comes: bool) -> None:
        session = self.any_session(pick)
        seats = self.world.seats.find("taken", session.arn) if session else ()
        wanted = [seat for seat in seats if (seat.status is SeatStatus.RESERVED) == comes]
        if session and wanted:
            action = "AcceptPlayerSession" if comes else "RemovePlayerSession"
            seat_id = wanted[pick % len(wanted)].seat_id
            self.act(action, session.process_id, GameSessionId=session.arn, PlayerSessionId=seat_id)

    @rule(pick=picks, policy=st.sampled_from(["ACCEPT_ALL", "DENY_ALL"]), joins=st.booleans())
    def others_use_the_session(self, pick: int, policy: str, *, joins: bool) -> None:
        session = self.any_session(pick)
        if session and joins:
            self.attempt("CreatePlayerSession", GameSessionId=session.arn, PlayerId=PLAYERS[pick % len(PLAYERS)])
        elif session:
            self.attempt("UpdateGameSession", GameSessionId=session.arn, PlayerSessionCreationPolicy=policy)

    # What operators do ---------------------------------------------------------------------------------------------

    @rule(pick=picks)
    def session_is_terminated(self, pick: int) -> None:
        session = self.any_session(pick)
        if session:
            self.attempt(
                "TerminateGameSession", GameSessionId=session.arn, TerminationMode="TRIGGER_ON_PROCESS_TERMINATE"
            )

    @rule()
    def placements_are_stopped(self) -> None:
        for placement in self.world.placements.find("open", at=True):
            self.attempt("StopGameSessionPlacement", PlacementId=placement.placement_id)

    @rule()
    def queue_goes_and_comes(self) -> None:
        self.attempt("DeleteGameSessionQueue", Name="main")
        destinations = [{"DestinationArn": self.world.arns.fleet(self.bench.fleet_id)}]
        self.attempt("CreateGameSessionQueue", Name="main", TimeoutInSeconds=20, Destinations=destinations)

    @rule(compute=st.sampled_from(["laptop", "rack"]))
    def compute_goes_and_comes(self, compute: str) -> None:
        which = {"FleetId": self.bench.fleet_id, "ComputeName": compute}
        self.attempt("DeregisterCompute", **which)
        self.attempt("RegisterCompute", IpAddress="127.0.0.1", Location=f"custom-{compute}", **which)

    @rule(name=names, slots=st.integers(0, 1), goes=st.booleans())
    def configuration_changes(self, name: str, slots: int, *, goes: bool) -> None:
        if goes:
            self.attempt("DeleteMatchmakingConfiguration", Name=name)
            self.create_configuration(name, self.world.arns.queue("main"))
        else:
            self.attempt("UpdateMatchmakingConfiguration", Name=name, AdditionalPlayerCount=slots)
        self.attempt("DeleteMatchmakingRuleSet", Name="rules")
        self.attempt("CreateMatchmakingRuleSet", Name="rules", RuleSetBody=json.dumps(RULES))

    # What always holds ---------------------------------------------------------------------------------------------

    @invariant()
    def notices_and_states_agree(self) -> None:
        notices = self.bench.recorder.notices
        for notice in notices[self.heard :]:
            if notice.envelope["detail-type"] == "GameLift Matchmaking Event":
                self.listener.hear(dict(notice.envelope["detail"]))
        self.heard = len(notices)
        ids = [ticket.ticket_id for ticket in self.world.tickets]
        assert set(self.listener.tickets) <= set(ids), "nobody hears of a ticket that is not there"
        for start in range(0, len(ids), 10):
            for shown in self.bench.call("DescribeMatchmaking", TicketIds=ids[start : start + 10])["TicketList"]:
                self.agrees(shown)

    def agrees(self, shown: dict[str, Any]) -> None:
        heard = self.listener.tickets.get(shown["TicketId"])
        told, is_so = heard.status if heard else "QUEUED", shown["Status"]
        if is_so == "CANCELLED" and shown["StatusReason"] == DUPLICATE:
            assert told in {"QUEUED", "SEARCHING", "PLACING", DROPPED}
        elif is_so == "SEARCHING" and told == "PLACING":
            pass  # A placement that timed out returned it in silence, as on AWS.
        else:
            assert {DROPPED: "CANCELLED"}.get(told, told) == is_so, shown
        assert (shown["EndTime"] is not None) == (is_so in FINAL)
        if is_so == "COMPLETED" and shown["GameSessionConnectionInfo"]:
            connection = shown["GameSessionConnectionInfo"]
            assert heard is not None
            assert self.listener.sessions[heard.match_id] == connection["GameSessionArn"]
            seats = {one["PlayerId"]: one["PlayerSessionId"] for one in connection["MatchedPlayerSessions"]}
            assert {player_id: seat for player_id, seat in heard.seats.items() if seat} == seats

    @invariant()
    def nobody_is_in_two_searches(self) -> None:
        searching = [ticket for ticket in self.world.tickets if ticket.status in IN_POOL]
        players = [player_id for ticket in searching for player_id in ticket.player_ids]
        assert len(players) == len(set(players)), searching

    @invariant()
    def nobody_gets_a_seat_twice(self) -> None:
        completed = [ticket for ticket in self.world.tickets if ticket.connection and not ticket.backfill]
        given = [seat for ticket in completed if ticket.connection for seat in ticket.connection.seats.values()]
        assert len(given) == len(set(given))
        for ticket in completed:
            assert ticket.connection is not None
            assert set(ticket.player_ids) == set(ticket.connection.seats)
            for player_id, seat_id in ticket.connection.seats.items():
                seat = self.world.seats[seat_id]
                assert (player_id, ticket.connection.session_arn) == (seat.player_id, seat.session_arn)
        for session in self.world.sessions:
            assert self.world.seats.count("taken", session.arn) <= session.plan.max_players

    @invariant()
    def tickets_and_matches_agree(self) -> None:
        for ticket in self.world.tickets.find("open", at=True):
            match = self.world.matches.get(ticket.match_id) if ticket.match_id else None
            if ticket.status in IN_MATCH:
                assert match is not None
                assert match.is_open
                assert ticket.ticket_id in match.tickets
                accepting = match.status is MatchStatus.ACCEPTING
                assert accepting == (ticket.status == "REQUIRES_ACCEPTANCE")
        for match in self.world.matches.find("open", at=True):
            assert all(self.world.tickets[one].match_id == match.match_id for one in match.tickets)
            assert sum(self.world.tickets[one].backfill is not None for one in match.tickets) <= 1
            assert any(self.world.tickets[one].backfill is None for one in match.tickets)

    @invariant()
    def placements_and_sessions_agree(self) -> None:
        for placement in self.world.placements.find("open", at=True):
            if placement.session_arn:
                assert self.world.sessions[placement.session_arn].status is SessionStatus.ACTIVATING
        for session in self.world.sessions.find("open", at=True):
            assert self.world.processes[session.process_id].session_arn == session.arn

    @invariant()
    def a_game_has_one_backfill_at_most_and_ends_with_it(self) -> None:
        filling = [ticket for ticket in self.world.tickets.find("open", at=True) if ticket.backfill]
        arns = [ticket.backfill.session_arn for ticket in filling if ticket.backfill and ticket.backfill.session_arn]
        assert len(arns) == len(set(arns))
        for ticket in filling:
            arn = ticket.backfill.session_arn if ticket.backfill else None
            if arn and ticket.status in IN_POOL:
                assert self.world.sessions[arn].status in {SessionStatus.ACTIVATING, SessionStatus.ACTIVE}

    @invariant()
    def a_game_server_hears_once_how_its_backfill_ended(self) -> None:
        for push in self.bench.recorder.pushes[self.pushed :]:
            if push.message["Action"] == "UpdateGameSession":
                reason = str(push.message["UpdateReason"])
                self.reasons.setdefault(str(push.message["BackfillTicketId"]), []).append(reason)
        self.pushed = len(self.bench.recorder.pushes)
        for ticket_id, reasons in self.reasons.items():
            ends = {"COMPLETED": "MATCHMAKING_DATA_UPDATED"}
            status = self.world.tickets[ticket_id].status
            assert [ends.get(status, f"BACKFILL_{status}")] == reasons
        for ticket in self.world.tickets:
            session = self.world.sessions.get(ticket.backfill.session_arn or "") if ticket.backfill else None
            if session and session.is_open and ticket.status in FINAL:
                assert ticket.ticket_id in self.reasons, ticket

    @invariant()
    def what_is_derived_follows_from_the_rows(self) -> None:
        world = self.world
        world.waiting.follow()
        derived = {(key, one.ticket_id) for key, matchmaker in world.waiting for one in matchmaker}
        rows = {(pool_of(ticket), ticket.ticket_id) for ticket in world.tickets if ticket.status in IN_POOL}
        assert rows == derived
        open_tickets = world.tickets.find("open", at=True)
        first_s = min((ticket.times_out_at_s for ticket in open_tickets), default=None)
        due = world.ticket_ends.due(float("inf"))
        assert first_s == (due.times_out_at_s if due else None)
        session_ids = {session.arn for session in world.sessions}
        assert {seat.session_arn for seat in world.seats} <= session_ids


def live(examples: int, *, steps: int = STEPS) -> None:
    """Run so many random lives, each so many steps deep."""
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def main() -> None:
    """Run a long one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=STEPS)
    given = parser.parse_args()
    live(given.examples, steps=given.steps)
    sys.stdout.write(f"{given.examples} lives of {given.steps} steps each: no contradiction\n")


if __name__ == "__main__":
    main()
