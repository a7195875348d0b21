"""Two things happen to one claim at once: whoever is later finds out, and nothing is told that is not so."""

from dataclasses import dataclass, field

import pytest
from matchmaking_fakes import MemoryClaimStore, MemorySkillStore, ScriptedFlexMatch

from muster_matchmaking.domain import Claim, ClaimState, PlayerId, Request, TicketId
from muster_matchmaking.errors import (
    AlreadyQueued,
    ClaimMoved,
    GameLiftDown,
    RefusedByGameLift,
    TooLateToCancel,
)
from muster_matchmaking.handlers import MatchmakingHandlers
from muster_runtime.testing import FakeClock, SequentialIds

ANN = PlayerId("ann")
REQUEST = Request(player_id=ANN, latencies_ms={"us-east-1": 40}, configuration="arena")


@dataclass
class World:
    """Matchmaking whose claim has not reached GameLift yet."""

    clock: FakeClock = field(default_factory=FakeClock)
    flexmatch: ScriptedFlexMatch = field(default_factory=ScriptedFlexMatch)

    def __post_init__(self) -> None:
        self.claims = MemoryClaimStore(self.clock)
        self.handlers = MatchmakingHandlers(
            claims=self.claims,
            skills=MemorySkillStore(),
            flexmatch=self.flexmatch,
            clock=self.clock,
            ids=SequentialIds(),
        )

    async def accepted(self) -> Claim:
        self.flexmatch.failures.append(GameLiftDown())
        return await self.handlers.start(REQUEST)

    def state(self, claim: Claim) -> ClaimState:
        return self.claims.claims[claim.ticket_id].state

    @property
    def told(self) -> list[str]:
        return [kind for kind, _ in self.claims.told]


@pytest.fixture
def world() -> World:
    return World()


async def test_a_ticket_that_gamelift_takes_while_it_is_cancelled_is_stopped_there_and_not_called_refused(
    world: World,
) -> None:
    claim = await world.accepted()
    stop = world.flexmatch.stop

    async def stop_just_before_gamelift_takes_it(ticket_id: TicketId) -> bool:
        known = await stop(ticket_id)
        if not known:
            await world.handlers.on_requested(ticket_id)
        return known

    world.flexmatch.stop = stop_just_before_gamelift_takes_it  # type: ignore[method-assign]

    await world.handlers.cancel(claim.ticket_id, ANN)

    assert world.flexmatch.stopped == [claim.ticket_id, claim.ticket_id]
    assert world.state(claim) is ClaimState.SUBMITTED
    assert world.told == ["ticket.requested"]


async def test_a_refusal_of_the_second_of_two_submissions_does_not_undo_the_first(world: World) -> None:
    claim = await world.accepted()
    submit = world.flexmatch.submit

    async def submit_after_another(taken: Claim) -> str:
        world.flexmatch.submit = submit  # type: ignore[method-assign]
        await world.handlers.on_requested(taken.ticket_id)
        raise RefusedByGameLift("that ticket id is in use")

    world.flexmatch.submit = submit_after_another  # type: ignore[method-assign]

    await world.handlers.on_requested(claim.ticket_id)

    assert world.state(claim) is ClaimState.SUBMITTED
    assert world.told == ["ticket.requested"]


async def test_a_withdrawn_ticket_that_reached_gamelift_after_all_is_stopped_by_the_repeat_of_the_event(
    world: World,
) -> None:
    claim = await world.accepted()
    await world.handlers.cancel(claim.ticket_id, ANN)
    # The submission of a process that died before it could learn of the withdrawal.
    await world.flexmatch.submit(claim)
    world.flexmatch.stopped.clear()

    await world.handlers.on_requested(claim.ticket_id)

    assert world.flexmatch.stopped == [claim.ticket_id]
    assert world.state(claim) is ClaimState.WITHDRAWN


async def test_the_recall_of_a_withdrawn_ticket_is_tried_again_when_gamelift_is_down(world: World) -> None:
    claim = await world.accepted()
    await world.handlers.cancel(claim.ticket_id, ANN)
    await world.flexmatch.submit(claim)
    world.flexmatch.failures.append(GameLiftDown())

    with pytest.raises(GameLiftDown):
        await world.handlers.on_requested(claim.ticket_id)


async def test_a_ticket_given_up_while_gamelift_takes_it_is_stopped_there(world: World) -> None:
    claim = await world.accepted()
    submit = world.flexmatch.submit

    async def submit_while_it_is_given_up(taken: Claim) -> str:
        arn = await submit(taken)
        await world.handlers.on_ended(taken.ticket_id)
        return arn

    world.flexmatch.submit = submit_while_it_is_given_up  # type: ignore[method-assign]

    await world.handlers.on_requested(claim.ticket_id)

    assert world.flexmatch.stopped == [claim.ticket_id]


async def test_a_ticket_matched_while_gamelift_takes_it_is_left_to_its_match(world: World) -> None:
    claim = await world.accepted()
    submit = world.flexmatch.submit

    async def submit_and_match(taken: Claim) -> str:
        arn = await submit(taken)
        await world.handlers.on_ended(taken.ticket_id)
        world.flexmatch.failures.append(TooLateToCancel())
        return arn

    world.flexmatch.submit = submit_and_match  # type: ignore[method-assign]

    await world.handlers.on_requested(claim.ticket_id)

    assert world.state(claim) is ClaimState.CLOSED


async def test_a_player_who_is_let_go_while_they_ask_again_gets_their_ticket(world: World) -> None:
    old = await world.handlers.start(REQUEST)
    holder = world.claims.holder

    async def holder_just_after_the_old_ticket_ended(player_id: PlayerId) -> TicketId | None:
        await world.handlers.on_ended(old.ticket_id)
        return await holder(player_id)

    world.claims.holder = holder_just_after_the_old_ticket_ended  # type: ignore[method-assign]

    claim = await world.handlers.start(REQUEST)

    assert claim.ticket_id != old.ticket_id
    assert world.state(claim) is ClaimState.SUBMITTED


async def test_a_claim_that_never_comes_to_rest_is_a_conflict_and_no_invented_ticket(world: World) -> None:
    async def moved(claim: Claim) -> None:
        raise ClaimMoved

    world.claims.open = moved  # type: ignore[method-assign]

    with pytest.raises(ClaimMoved):
        await world.handlers.start(REQUEST)


@pytest.mark.parametrize("state", [ClaimState.CLOSED, ClaimState.REFUSED])
async def test_a_ticket_that_has_ended_cannot_be_cancelled_even_when_gamelift_has_forgotten_it(
    world: World, state: ClaimState
) -> None:
    if state is ClaimState.CLOSED:
        claim = await world.handlers.start(REQUEST)
        await world.handlers.on_ended(claim.ticket_id)
    else:
        claim = await world.accepted()
        world.flexmatch.failures.append(RefusedByGameLift("no"))
        await world.handlers.on_requested(claim.ticket_id)
    world.flexmatch.known.clear()

    for _ in range(2):
        with pytest.raises(TooLateToCancel):
            await world.handlers.cancel(claim.ticket_id, ANN)


async def test_a_withdrawn_ticket_takes_another_cancel(world: World) -> None:
    claim = await world.accepted()

    await world.handlers.cancel(claim.ticket_id, ANN)
    await world.handlers.cancel(claim.ticket_id, ANN)

    assert world.told == ["ticket.requested", "ticket.refused"]


async def test_a_queued_player_who_keeps_asking_is_told_of_the_ticket_that_holds_them(world: World) -> None:
    claim = await world.handlers.start(REQUEST)

    with pytest.raises(AlreadyQueued) as caught:
        await world.handlers.start(REQUEST)

    assert caught.value.ticket_id == claim.ticket_id
