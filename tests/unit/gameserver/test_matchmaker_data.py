import json
from typing import Any

import pytest

from muster_gameserver import NotMatchmakerData, Player, parse_matchmaker_data

ARN = "arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/duel"


def a_document(**changes: Any) -> str:
    attributes = {
        "skill": {"attributeType": "DOUBLE", "valueAttribute": 9.5},
        "map": {"attributeType": "STRING", "valueAttribute": "hill"},
        "modes": {"attributeType": "STRING_LIST", "valueAttribute": ["a", "b"]},
        "roles": {"attributeType": "STRING_DOUBLE_MAP", "valueAttribute": {"tank": 2}},
    }
    document = {
        "matchId": "match-1",
        "matchmakingConfigurationArn": ARN,
        "teams": [
            {"name": "red", "players": [{"playerId": "ann", "attributes": attributes}]},
            {"name": "blue", "players": [{"playerId": "ben"}]},
        ],
        "autoBackfillMode": None,
        "autoBackfillTicketId": None,
    }
    return json.dumps({**document, **changes})


def test_matchmaker_data_tells_match_teams_and_attributes() -> None:
    read = parse_matchmaker_data(a_document())

    ann = Player("ann", "red", {"skill": 9.5, "map": "hill", "modes": ("a", "b"), "roles": {"tank": 2.0}})
    assert ("match-1", ARN) == (read.match_id, read.configuration_arn)
    assert ["red", "blue"] == [team.name for team in read.teams]
    assert (ann, Player("ben", "blue")) == read.players
    assert (None, None) == (read.auto_backfill_mode, read.auto_backfill_ticket_id)


def test_matchmaker_data_tells_of_automatic_backfill() -> None:
    read = parse_matchmaker_data(a_document(autoBackfillMode="AUTOMATIC", autoBackfillTicketId="b-1"))

    assert ("AUTOMATIC", "b-1") == (read.auto_backfill_mode, read.auto_backfill_ticket_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "[" * 100_000,
        a_document(teams=3),
        a_document(teams=[{"players": []}]),
        a_document(teams=[{"name": "red", "players": [{"playerId": "a", "attributes": {"x": 1}}]}]),
        a_document(
            teams=[
                {
                    "name": "red",
                    "players": [{"playerId": "a", "attributes": {"x": {"attributeType": "NONE", "valueAttribute": 1}}}],
                }
            ]
        ),
    ],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(NotMatchmakerData):
        parse_matchmaker_data(text)
