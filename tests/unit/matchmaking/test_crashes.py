"""The process may stop between any two calls: what was accepted is submitted all the same, and nobody is held twice."""

from contextlib import suppress

from crashing import Crashed, CrashPoint, at_every_point
from matchmaking_fakes import MemoryClaimStore, MemorySkillStore, ScriptedFlexMatch

from muster_matchmaking.domain import ClaimState, PlayerId, Request, TicketId
from muster_matchmaking.handlers import MatchmakingHandlers
from muster_runtime.testing import FakeClock, SequentialIds

ANN = PlayerId("ann")
REQUEST = Request(player_id=ANN, latencies_ms={"us-east-1": 40}, configuration="arena")


class World:
    """Matchmaking whose process can be stopped and started again; stores and GameLift live on."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.claims = MemoryClaimStore(self.clock)
        self.flexmatch = ScriptedFlexMatch()
        self.ids = SequentialIds()

    def process(self, crash: CrashPoint | None = None) -> MatchmakingHandlers:
        claims, skills, flexmatch = self.claims, MemorySkillStore(), self.flexmatch
        if crash is not None:
            claims, skills, flexmatch = crash.on(claims), crash.on(skills), crash.on(flexmatch)
        return MatchmakingHandlers(claims=claims, skills=skills, flexmatch=flexmatch, clock=self.clock, ids=self.ids)

    async def redeliver(self) -> None:
        """Do what the relayed outbox would: hand every event that was stored to a process that works, twice."""
        for kind, ticket_id in [*self.claims.told, *self.claims.told]:
            if kind == "ticket.requested":
                await self.process().on_requested(TicketId(ticket_id))


async def test_an_accepted_request_is_submitted_wherever_the_process_stops() -> None:
    accepted = []

    async def attempt(crash: CrashPoint) -> None:
        world = World()
        with suppress(Crashed):
            await world.process(crash).start(REQUEST)
        await world.redeliver()

        assert set(world.claims.claims) == {claim.ticket_id for claim in world.flexmatch.submitted}
        assert all(claim.state is ClaimState.SUBMITTED for claim in world.claims.claims.values())
        accepted.append(len(world.claims.claims))

    points = await at_every_point(attempt)

    # Skill, open, submit, mark: before the claim is stored nothing was accepted, from then on everything is.
    assert 8 == points
    assert [0, 0, 0, 1, 1, 1, 1, 1, 1] == accepted


async def test_a_freed_player_can_queue_again_wherever_the_process_stops() -> None:
    async def attempt(crash: CrashPoint) -> None:
        world = World()
        claim = await world.process().start(REQUEST)
        with suppress(Crashed):
            await world.process(crash).on_ended(claim.ticket_id)
        await world.process().on_ended(claim.ticket_id)

        again = await world.process().start(REQUEST)

        assert again.ticket_id == await world.claims.holder(ANN)

    assert 4 == await at_every_point(attempt)
