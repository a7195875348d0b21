from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from muster_events.envelope import event
from muster_events.matches import MatchFinished, PlayerResult
from muster_runtime.testing import eventually

if TYPE_CHECKING:
    from conftest import System

ARN = "arn:aws:gamelift:us-east-1:000000000000:gamesession/fleet-1/custom-laptop/1"
NOW = datetime(2026, 11, 20, 12, 1, tzinfo=UTC)
WHERE: dict[str, Any] = {
    "gameSessionArn": ARN,
    "gameSessionRegion": "us-east-1",
    "gameSessionLocation": "custom-laptop",
    "ipAddress": "127.0.0.1",
    "port": "7777",
    "placedPlayerSessions": [{"playerId": "ann", "playerSessionId": "psess-ann"}],
}


def finished() -> Any:
    data = MatchFinished(
        match_id="m-1",
        game_session_arn=ARN,
        started_at=NOW,
        ended_at=NOW,
        scores={"red": 1},
        players=(PlayerResult(player_id="ann", team="red", goals=1, won=True),),
    )
    return event(data, subject="m-1", occurred_at=NOW)


async def shown(system: "System", path: str) -> Any:
    """Return the body of a 200, and None for anything else."""
    status, body = await system.get(path)
    return body if status == 200 else None


async def test_a_session_is_followed_from_its_placement_to_its_end(system: "System") -> None:
    await system.placed("PlacementFulfilled", "n-1", "p-1", **WHERE)
    session = await eventually(lambda: shown(system, f"/v1/game-sessions/{ARN}"))
    assert (session["status"], session["address"]["port"], session["player_ids"]) == ("placed", 7777, ["ann"])
    assert await eventually(system.told) == [("session.placed", "p-1")]
    placement = await shown(system, "/v1/placements/p-1")
    assert (placement["outcome"], placement["game_session_arn"]) == ("fulfilled", ARN)

    await system.publish(finished())
    assert await eventually(system.told) == [("session.ended", ARN)]
    session = await shown(system, f"/v1/game-sessions/{quote(ARN, safe='')}")
    assert (session["status"], session["match_id"]) == ("ended", "m-1")


async def test_an_end_that_outruns_its_beginning_stays_the_end(system: "System") -> None:
    await system.publish(finished())
    await eventually(lambda: shown(system, f"/v1/game-sessions/{ARN}"))
    await system.placed("PlacementFulfilled", "n-1", "p-1", **WHERE)
    await eventually(lambda: shown(system, "/v1/placements/p-1"))

    async def is_complete() -> bool:
        session = await shown(system, f"/v1/game-sessions/{ARN}")
        return (session["status"], session["placement_id"]) == ("ended", "p-1")

    await eventually(is_complete)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("PlacementCancelled", "cancelled"), ("PlacementTimedOut", "timed_out"), ("PlacementFailed", "failed")],
)
async def test_a_placement_that_found_no_place_is_told_and_shown(system: "System", kind: str, outcome: str) -> None:
    await system.placed(kind, "n-1", "p-1")

    assert await eventually(system.told) == [("placement.ended", "p-1")]
    placement = await shown(system, "/v1/placements/p-1")
    assert (placement["outcome"], placement["game_session_arn"]) == (outcome, None)


async def test_repeated_notices_are_told_as_the_same_event_and_listed_once(system: "System") -> None:
    for _ in range(3):
        await system.placed("PlacementFulfilled", "n-1", "p-1", **WHERE)
        await system.matched(
            "MatchmakingSucceeded",
            "n-2",
            matchId="m-1",
            tickets=[{"ticketId": "t-1", "players": [{"playerId": "ann", "team": "red"}]}],
            gameSessionInfo={"gameSessionArn": ARN, "ipAddress": "127.0.0.1", "port": 7777, "players": []},
        )

    async def drained() -> bool:
        return await system.sandbox.depth(system.notices.url) == (0, 0)

    await eventually(drained)

    assert set(await eventually(system.told)) == {("session.placed", "p-1")}
    listed = await shown(system, "/v1/game-sessions")
    assert [(session["game_session_arn"], session["match_id"]) for session in listed["game_sessions"]] == [(ARN, "m-1")]


async def test_sessions_are_listed_page_by_page(system: "System") -> None:
    for number in range(3):
        await system.placed(
            "PlacementFulfilled", f"n-{number}", f"p-{number}", **{**WHERE, "gameSessionArn": f"{ARN}{number}"}
        )

    async def all_three() -> Any:
        listed = await shown(system, "/v1/game-sessions?status=placed")
        return len(listed["game_sessions"]) == 3

    await eventually(all_three)
    arns, query = [], "?limit=2"
    for _ in range(2):
        page = await shown(system, f"/v1/game-sessions{query}")
        arns += [session["game_session_arn"] for session in page["game_sessions"]]
        query = f"?limit=2&next={page['next']}"

    assert sorted(arns) == [f"{ARN}{number}" for number in range(3)]
    assert page["next"] is None


async def test_a_list_that_was_asked_for_wrongly_is_refused(system: "System") -> None:
    wrong = ["next=made-up", "next=%00", "limit=0", "limit=x", "status=lost", "limit=1&limit=2", "next=" + "a" * 3000]
    for query in wrong:
        status, body = await system.get(f"/v1/game-sessions?{query}")

        assert 400 <= status < 500, query
        assert body["code"], query


async def test_only_operators_may_look(system: "System") -> None:
    for path in ("/v1/game-sessions", f"/v1/game-sessions/{ARN}", "/v1/placements/p-1"):
        statuses = [(await system.get(path, scope=scope))[0] for scope in (None, "guest", "authenticated", "server")]

        assert statuses == [401, 403, 403, 403], path


async def test_what_nobody_spoke_of_is_a_404(system: "System") -> None:
    session, placement = await system.get(f"/v1/game-sessions/{ARN}"), await system.get("/v1/placements/p-9")

    assert (session[0], session[1]["code"]) == (404, "session_unknown")
    assert (placement[0], placement[1]["code"]) == (404, "placement_unknown")


async def test_a_poisoned_message_is_parked_with_its_reason_and_the_rest_flows(system: "System") -> None:
    sns = await system.sandbox.client("sns")
    await sns.publish(TopicArn=system.placement_topic, Message='{"source": "aws.gamelift", "detail-type": 1}')
    await system.placed("PlacementFulfilled", "n-1", "p-1", **WHERE)

    await eventually(lambda: shown(system, "/v1/placements/p-1"))
    (parked,) = await eventually(lambda: system.sandbox.take(system.notices.dead_letter_url))

    assert parked["MessageAttributes"]["reason"]["StringValue"]
