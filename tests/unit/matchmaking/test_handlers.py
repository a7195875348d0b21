from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from matchmaking_fakes import MemoryClaimStore, MemorySkillStore, ScriptedFlexMatch

from muster_matchmaking.domain import DEFAULT_SKILL, Claim, ClaimState, PlayerId, Request, TicketId
from muster_matchmaking.errors import (
    AlreadyQueued,
    GameLiftDown,
    GameLiftThrottled,
    KeyReused,
    RefusedByGameLift,
    TicketUnknown,
    TooLateToCancel,
)
from muster_matchmaking.handlers import MatchmakingHandlers
from muster_runtime.testing import FakeClock, SequentialIds

ANN, BOB = PlayerId("ann"), PlayerId("bob")


@dataclass
class World:
    """Matchmaking on fakes."""

    clock: FakeClock = field(default_factory=FakeClock)
    flexmatch: ScriptedFlexMatch = field(default_factory=ScriptedFlexMatch)
    skills: MemorySkillStore = field(default_factory=MemorySkillStore)

    def __post_init__(self) -> None:
        self.claims = MemoryClaimStore(self.clock)
        self.handlers = MatchmakingHandlers(
            claims=self.claims, skills=self.skills, flexmatch=self.flexmatch, clock=self.clock, ids=SequentialIds()
        )


@pytest.fixture
def world() -> World:
    return World()


def a_request(player: PlayerId = ANN, *, key: str = "", latency: int = 40) -> Request:
    return Request(player_id=player, latencies_ms={"us-east-1": latency}, configuration="arena", key=key)


async def test_a_request_becomes_a_flexmatch_ticket_with_the_players_skill(world: World) -> None:
    world.skills.skills[ANN] = 31.5

    claim = await world.handlers.start(a_request())

    assert world.flexmatch.submitted[0].ticket_id == claim.ticket_id
    assert world.flexmatch.submitted[0].skill == 31.5
    assert world.claims.claims[claim.ticket_id].state is ClaimState.SUBMITTED


async def test_a_player_nobody_has_rated_has_the_default_skill(world: World) -> None:
    claim = await world.handlers.start(a_request())

    assert claim.skill == DEFAULT_SKILL


async def test_the_ticket_is_announced_with_the_claim_and_before_gamelift_is_asked(world: World) -> None:
    world.flexmatch.failures.append(GameLiftDown())

    claim = await world.handlers.start(a_request())

    assert world.claims.told == [("ticket.requested", claim.ticket_id)]


@pytest.mark.parametrize("failure", [GameLiftDown(), GameLiftThrottled()])
async def test_a_ticket_that_gamelift_could_not_take_is_submitted_by_the_event(
    world: World, failure: Exception
) -> None:
    world.flexmatch.failures.append(failure)
    claim = await world.handlers.start(a_request())
    assert claim.state is ClaimState.ACCEPTED

    await world.handlers.on_requested(claim.ticket_id)
    await world.handlers.on_requested(claim.ticket_id)

    assert [claim.ticket_id] == [each.ticket_id for each in world.flexmatch.submitted]


async def test_an_event_handler_lets_throttling_out_so_that_the_message_comes_back(world: World) -> None:
    world.flexmatch.failures += [GameLiftDown(), GameLiftThrottled()]
    claim = await world.handlers.start(a_request())

    with pytest.raises(GameLiftThrottled):
        await world.handlers.on_requested(claim.ticket_id)


async def test_a_refused_request_releases_the_player_and_is_told(world: World) -> None:
    world.flexmatch.failures.append(RefusedByGameLift("no such configuration"))

    with pytest.raises(RefusedByGameLift):
        await world.handlers.start(a_request(key="k"))

    assert [kind for kind, _ in world.claims.told] == ["ticket.requested", "ticket.refused"]
    assert await world.claims.holder(ANN) is None


async def test_a_refusal_found_by_the_event_is_settled_there(world: World) -> None:
    world.flexmatch.failures += [GameLiftDown(), RefusedByGameLift("no")]
    claim = await world.handlers.start(a_request())

    await world.handlers.on_requested(claim.ticket_id)

    assert world.claims.claims[claim.ticket_id].state is ClaimState.REFUSED


async def test_a_second_request_of_a_queued_player_is_a_conflict_that_names_the_ticket(world: World) -> None:
    first = await world.handlers.start(a_request())

    with pytest.raises(AlreadyQueued) as caught:
        await world.handlers.start(a_request())

    assert caught.value.ticket_id == first.ticket_id


async def test_a_client_of_the_published_designs_gets_its_open_ticket_back(world: World) -> None:
    first = await world.handlers.start(a_request())

    again = await world.handlers.start_or_resume(a_request(latency=99))

    assert again.ticket_id == first.ticket_id
    assert len(world.flexmatch.submitted) == 1


async def test_a_repeat_with_the_same_key_is_the_same_ticket(world: World) -> None:
    first = await world.handlers.start(a_request(key="k"))
    again = await world.handlers.start(a_request(key="k"))

    assert again.ticket_id == first.ticket_id
    assert len(world.flexmatch.submitted) == 1


async def test_a_repeat_after_a_crash_before_submission_submits(world: World) -> None:
    world.flexmatch.failures.append(GameLiftDown())
    await world.handlers.start(a_request(key="k"))

    again = await world.handlers.start(a_request(key="k"))

    assert again.state is ClaimState.SUBMITTED


async def test_the_same_key_with_another_request_is_refused(world: World) -> None:
    await world.handlers.start(a_request(key="k"))

    with pytest.raises(KeyReused):
        await world.handlers.start(a_request(key="k", latency=99))


async def test_a_claim_that_nobody_ended_lets_go_after_an_hour(world: World) -> None:
    await world.handlers.start(a_request())
    world.clock.advance(timedelta(hours=1, seconds=1).total_seconds())

    assert (await world.handlers.start(a_request())).state is ClaimState.SUBMITTED


async def test_a_matched_or_ended_ticket_frees_its_player_once(world: World) -> None:
    first = await world.handlers.start(a_request())
    await world.handlers.on_ended(first.ticket_id)
    second = await world.handlers.start(a_request())

    await world.handlers.on_ended(first.ticket_id)

    assert await world.claims.holder(ANN) == second.ticket_id


async def test_events_about_tickets_of_others_are_ignored(world: World) -> None:
    await world.handlers.on_ended(TicketId("elsewhere"))
    await world.handlers.on_requested(TicketId("elsewhere"))

    assert world.flexmatch.submitted == []


async def test_a_player_cancels_their_own_ticket(world: World) -> None:
    claim = await world.handlers.start(a_request())

    await world.handlers.cancel(claim.ticket_id, ANN)

    assert world.flexmatch.stopped == [claim.ticket_id]


async def test_a_strangers_ticket_is_unknown(world: World) -> None:
    claim = await world.handlers.start(a_request())

    with pytest.raises(TicketUnknown):
        await world.handlers.cancel(claim.ticket_id, BOB)

    assert world.flexmatch.stopped == []


async def test_a_ticket_that_never_reached_gamelift_is_withdrawn_and_told(world: World) -> None:
    world.flexmatch.failures.append(GameLiftDown())
    claim = await world.handlers.start(a_request())

    await world.handlers.cancel(claim.ticket_id, ANN)
    await world.handlers.on_requested(claim.ticket_id)

    assert world.claims.claims[claim.ticket_id].state is ClaimState.WITHDRAWN
    assert world.flexmatch.submitted == []
    assert world.claims.told[-1] == ("ticket.refused", claim.ticket_id)


async def test_a_ticket_being_placed_cannot_be_cancelled(world: World) -> None:
    claim = await world.handlers.start(a_request())
    world.flexmatch.failures.append(TooLateToCancel())

    with pytest.raises(TooLateToCancel):
        await world.handlers.cancel(claim.ticket_id, ANN)


async def test_a_ticket_withdrawn_while_gamelift_takes_it_is_stopped_there(world: World) -> None:
    world.flexmatch.failures.append(GameLiftDown())
    claim = await world.handlers.start(a_request())
    submit = world.flexmatch.submit

    async def submit_while_the_player_withdraws(taken: Claim) -> str:
        arn = await submit(taken)
        world.flexmatch.known.clear()
        await world.handlers.cancel(claim.ticket_id, ANN)
        return arn

    world.flexmatch.submit = submit_while_the_player_withdraws  # type: ignore[method-assign]

    await world.handlers.on_requested(claim.ticket_id)

    assert world.flexmatch.stopped == [claim.ticket_id, claim.ticket_id]
    assert world.claims.claims[claim.ticket_id].state is ClaimState.WITHDRAWN
