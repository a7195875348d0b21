import json
from urllib.parse import parse_qs, urlsplit

import pytest

from muster_gameserver import (
    AWSKeys,
    Credentials,
    GameSession,
    GameSessionUpdate,
    InvalidParameters,
    NotSDKMessage,
    Player,
    ServerParameters,
)
from muster_gameserver.protocol import (
    Refresh,
    Reply,
    Termination,
    Unknown,
    connect_url,
    parse,
    player_sessions,
    players_out,
    request,
    role_credentials,
)

PARAMETERS = ServerParameters(websocket_url="ws://x", fleet_id="fleet-1", host_id="laptop", process_id="p-1")
KEYS = AWSKeys("us-east-1", "AKIA", "secret", "session")


def address(credentials: Credentials) -> str:
    return connect_url(PARAMETERS, credentials, idempotency_token="once", now_s=1_700_000_000.0)


@pytest.mark.row("5.1.parameters")
def test_the_address_carries_every_parameter_of_the_protocol() -> None:
    url = address(Credentials("ws://127.0.0.1:9081", "to&ken"))

    parts = urlsplit(url)
    assert ("ws", "127.0.0.1:9081", "/") == (parts.scheme, parts.netloc, parts.path)
    query = parse_qs(parts.query)
    assert ["p-1"] == query["pID"]
    assert ["laptop"] == query["ComputeId"]
    assert ["fleet-1"] == query["FleetId"]
    assert ["once"] == query["IdempotencyToken"]
    assert ["to&ken"] == query["Authorization"]
    assert {"sdkVersion", "sdkLanguage"} <= query.keys()


def test_an_endpoint_with_a_path_and_a_query_keeps_them() -> None:
    assert address(Credentials("wss://x/a?b=1", "t")).startswith("wss://x/a?b=1&")


def test_without_a_token_the_address_is_signed() -> None:
    query = parse_qs(urlsplit(address(Credentials("ws://x", aws=KEYS))).query)

    assert ["SigV4"] == query["Authorization"]
    assert ["AWS4-HMAC-SHA256"] == query["X-Amz-Algorithm"]
    assert ["AKIA/20231114/us-east-1/gamelift/aws4_request"] == query["X-Amz-Credential"]
    assert ["20231114T221320Z"] == query["X-Amz-Date"]
    assert ["session"] == query["X-Amz-Security-Token"]
    assert 64 == len(query["X-Amz-Signature"][0])


def test_a_token_is_not_shown() -> None:
    assert "hidden" not in repr(Credentials("ws://x", "hidden"))
    assert "secret" not in repr(KEYS) + repr(Credentials("ws://x", aws=KEYS))


def test_a_request_names_its_action_and_id() -> None:
    assert {"Action": "Do", "RequestId": "r", "Port": 1} == json.loads(request("Do", "r", {"Port": 1}))


def test_an_answer_is_told_by_its_request_id() -> None:
    reply = parse('{"Action":"A","RequestId":"r","StatusCode":400,"ErrorMessage":"no"}')

    assert isinstance(reply, Reply)
    assert ("r", 400, "no") == (reply.request_id, reply.status, reply.error)


def test_an_offered_session_is_understood() -> None:
    text = json.dumps(
        {
            "Action": "CreateGameSession",
            "GameSessionId": "arn",
            "MatchmakerData": "{}",
            "MaximumPlayerSessionCount": 10,
            "GameProperties": {"mode": "quick"},
            "Port": 7777,
        }
    )

    session = GameSession("arn", matchmaker_data="{}", maximum_players=10, properties={"mode": "quick"}, port=7777)
    assert session == parse(text)


def test_fields_that_are_null_count_as_left_out() -> None:
    assert GameSession("arn") == parse(
        '{"Action":"CreateGameSession","GameSessionId":"arn","MatchmakerData":null,"GameProperties":null}'
    )


def test_the_other_pushes_are_understood() -> None:
    assert Termination(at_s=12.5) == parse('{"Action":"TerminateProcess","TerminationTime":12500}')
    assert Termination(at_s=None) == parse('{"Action":"TerminateProcess"}')
    assert Refresh(Credentials("ws://b", "t")) == parse(
        '{"Action":"RefreshConnection","RefreshConnectionEndpoint":"ws://b","AuthToken":"t"}'
    )
    assert GameSessionUpdate(GameSession("arn"), "MATCHMAKING_DATA_UPDATED", "b") == parse(
        '{"Action":"UpdateGameSession","GameSession":{"GameSessionId":"arn"},'
        '"UpdateReason":"MATCHMAKING_DATA_UPDATED","BackfillTicketId":"b"}'
    )
    assert Unknown("SomethingNew") == parse('{"Action":"SomethingNew","X":1}')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        '{"Action":"CreateGameSession"}',
        '{"Action":"UpdateGameSession","GameSession":3}',
        '{"RequestId":"r"}',
        '{"Action":"TerminateProcess","TerminationTime":"soon"}',
    ],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(NotSDKMessage):
        parse(text)


def test_seats_are_read_from_their_description() -> None:
    seat = {"PlayerSessionId": "psess-1", "PlayerId": "ann", "GameSessionId": "arn", "Status": "ACTIVE"}

    page = player_sessions({"PlayerSessions": [{**seat, "CreationTime": 1500, "TerminationTime": 0}]})
    (read,) = page.player_sessions

    assert ("psess-1", "ann", "arn", "ACTIVE") == (
        read.player_session_id,
        read.player_id,
        read.game_session_id,
        read.status,
    )
    assert "psess-1" not in repr(read)
    assert (1.5, None) == (read.created_at_s, read.ended_at_s)
    assert ((), None) == (page.player_sessions[1:], page.next_token)
    assert () == player_sessions({"PlayerSessions": None}).player_sessions
    assert "more" == player_sessions({"NextToken": "more"}).next_token


def test_seats_of_another_shape_are_refused() -> None:
    with pytest.raises(NotSDKMessage):
        player_sessions({"PlayerSessions": ["psess-1"]})


def test_players_are_written_with_the_type_of_each_attribute() -> None:
    attributes = {"skill": 7, "map": "hill", "modes": ("a", "b"), "roles": {"tank": 2}}

    (written,) = players_out([Player("ann", "red", attributes, {"us-east-1": 20})])

    assert {
        "PlayerId": "ann",
        "Team": "red",
        "PlayerAttributes": {
            "skill": {"AttrType": "DOUBLE", "N": 7.0},
            "map": {"AttrType": "STRING", "S": "hill"},
            "modes": {"AttrType": "STRING_LIST", "SL": ["a", "b"]},
            "roles": {"AttrType": "STRING_DOUBLE_MAP", "SDM": {"tank": 2.0}},
        },
        "LatencyInMs": {"us-east-1": 20},
    } == written


def test_an_attribute_of_no_known_type_is_refused() -> None:
    with pytest.raises(InvalidParameters):
        players_out([Player("ann", "red", {"vip": True})])


def test_role_credentials_without_a_key_mean_that_the_fleet_is_not_managed() -> None:
    assert role_credentials({"AccessKeyId": "", "Expiration": 0}) is None
    given = role_credentials({"AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c", "Expiration": 1500})
    assert given is not None
    assert ("a", "b", "c", 1.5) == (given.access_key, given.secret_key, given.session_token, given.expires_at_s)
    with pytest.raises(NotSDKMessage):
        role_credentials({"AccessKeyId": "a"})
