"""Notices and states never contradict each other, whatever happens in whatever order."""

from typing import Any

import pytest
from gamelift_life import live
from gamelift_listener import Listener


@pytest.mark.row("4.1.nothing.else", "3.3.no.other.type", "3.3.silent.duplicate", "3.3.silent.placement")
def test_no_order_of_events_makes_notices_and_states_contradict_each_other() -> None:
    live(60)


def notice(kind: str, **more: Any) -> dict[str, Any]:
    players = [{"playerId": "ada"}]
    return {
        "type": kind,
        "tickets": [{"ticketId": "t", "players": players}],
        "gameSessionInfo": {"players": players},
    } | more


@pytest.mark.parametrize(
    "told",
    [
        [notice("MatchmakingCancelled"), notice("MatchmakingSearching")],
        [notice("MatchmakingSearching"), notice("MatchmakingSearching")],
        [notice("MatchmakingSearching"), notice("MatchmakingSucceeded", matchId="m")],
        [notice("MatchmakingTimedOut"), notice("MatchmakingFailed")],
        [notice("MatchmakingSearching"), notice("AcceptMatch", matchId="m")],
    ],
    ids=["after the end", "twice", "without a match", "two ends", "nobody was asked"],
)
def test_the_listener_of_these_tests_refuses_nonsense(told: list[dict[str, Any]]) -> None:
    listener = Listener()
    *fine, nonsense = told
    for one in fine:
        listener.hear(one)

    with pytest.raises(AssertionError):
        listener.hear(nonsense)
