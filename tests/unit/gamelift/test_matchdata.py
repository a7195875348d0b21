import json
from typing import Any

import pytest


@pytest.mark.row("4.6.members", "4.6.types")
def test_matchmaker_data_names_teams_players_and_typed_attributes(bench: Any) -> None:
    bench.configure_with_queue(BackfillMode="MANUAL")
    bench.ready()
    everything = {"l": {"SL": ["a", "b"]}, "m": {"SDM": {"k": 2}}, "s": {"S": "x"}}
    bench.start("t-1", "ann", PlayerAttributes={"skill": {"N": 12}, **everything})
    bench.start("t-2", "bob")
    bench.advance()

    document = json.loads(bench.messages()[0]["MatchmakerData"])

    assert [team["name"] for team in document["teams"]] == ["red", "blue"]
    players = {one["playerId"]: one["attributes"] for team in document["teams"] for one in team["players"]}
    assert players == {
        "ann": {
            "skill": {"attributeType": "DOUBLE", "valueAttribute": 12.0},
            "l": {"attributeType": "STRING_LIST", "valueAttribute": ["a", "b"]},
            "m": {"attributeType": "STRING_DOUBLE_MAP", "valueAttribute": {"k": 2.0}},
            "s": {"attributeType": "STRING", "valueAttribute": "x"},
        },
        "bob": {"skill": {"attributeType": "DOUBLE", "valueAttribute": 10.0}},
    }
    assert document["matchId"] == bench.told("PotentialMatchCreated")[0]["matchId"]
    assert document["matchmakingConfigurationArn"].endswith(":matchmakingconfiguration/duel")
    assert document["autoBackfillMode"] == "MANUAL"
    assert document["autoBackfillTicketId"] is None
    assert document.keys() == {
        "matchId",
        "matchmakingConfigurationArn",
        "teams",
        "autoBackfillMode",
        "autoBackfillTicketId",
    }


@pytest.mark.row("5.3.CreateGameSession", "4.6.server")
def test_configured_properties_and_data_reach_the_server(bench: Any) -> None:
    bench.configure_with_queue(GameProperties=[{"Key": "map", "Value": "sand"}], GameSessionData="best of 3")
    bench.ready()
    bench.start("t-1")
    bench.start("t-2")
    bench.advance()

    (message,) = bench.messages()
    assert message == {
        "Action": "CreateGameSession",
        "GameSessionId": bench.session_arn(),
        "GameSessionData": "best of 3",
        "MatchmakerData": message["MatchmakerData"],
        "MaximumPlayerSessionCount": 2,
        "IpAddress": "127.0.0.1",
        "Port": 7777,
        "GameProperties": {"map": "sand"},
    }
