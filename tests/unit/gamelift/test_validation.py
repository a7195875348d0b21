from typing import Any

import pytest

from muster_gamelift.errors import InvalidRequest, UnknownOperation, UnreadableRequest
from muster_gamelift.validation import Model, gamelift_model


@pytest.fixture
def model() -> Model:
    return gamelift_model()


def players(**player: Any) -> dict[str, Any]:
    return {"ConfigurationName": "c", "Players": [{"PlayerId": "p", **player}]}


def problem(model: Model, operation: str, given: dict[str, Any]) -> str:
    with pytest.raises(InvalidRequest) as caught:
        model.clean(operation, given)
    return caught.value.detail


def test_valid_input_comes_back_without_nulls_and_unknown_members(model: Model) -> None:
    given = {**players(Team=None, Shoes=2, LatencyInMs={"custom-laptop": 20}), "TicketId": None, "Colour": "red"}

    cleaned = model.clean("StartMatchmaking", given)

    assert cleaned == players(LatencyInMs={"custom-laptop": 20})


def test_a_missing_member_is_named_as_aws_names_it(model: Model) -> None:
    words = problem(model, "StartMatchmaking", {"Players": []})

    assert words == (
        "1 validation error detected: Value null at 'configurationName' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.row("4.4.server.checks", "4.4.all.checks")
def test_all_broken_constraints_are_told_at_once(model: Model) -> None:
    given = {"Name": "a b", "RuleSetName": "x" * 257, "RequestTimeoutSeconds": 0}

    words = problem(model, "CreateMatchmakingConfiguration", given)

    assert words.startswith("4 validation errors detected: ")
    assert "'acceptanceRequired' failed to satisfy constraint: Member must not be null" in words
    assert "Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression" in words
    assert (
        "Value at 'ruleSetName' failed to satisfy constraint: Member must have length less than or equal to 256"
        in words
    )
    assert "Value '0' at 'requestTimeoutSeconds' failed to satisfy constraint: Member must have value greater" in words


@pytest.mark.parametrize(
    ("operation", "given", "words"),
    [
        (
            "AcceptMatch",
            {"TicketId": "t", "PlayerIds": ["p"], "AcceptanceType": "MAYBE"},
            "enum value set: [ACCEPT, REJECT]",
        ),
        ("StartMatchmaking", players(PlayerId=""), "'players.1.member.playerId'"),
        ("StartMatchmaking", {**players(), "TicketId": "t" * 129}, "length less than or equal to 128"),
        ("StartMatchmaking", {"ConfigurationName": "c", "Players": [None]}, "Value null at 'players.1.member'"),
        (
            "CreateFleet",
            {"Name": "f", "Locations": []},
            "'locations' failed to satisfy constraint: Member must have length",
        ),
        ("CreateFleet", {"Name": "f", "Locations": [{}]}, "Value null at 'locations.1.member.location'"),
        ("CreateLocation", {"LocationName": "laptop-1"}, "regular expression pattern: ^custom-[A-Za-z0-9\\-]+"),
        ("ListLocations", {"Limit": 201}, "value less than or equal to 200"),
        ("StartMatchmaking", players(LatencyInMs={"": 1}), "'players.1.member.latencyInMs.key'"),
    ],
)
def test_a_broken_constraint_is_told_where_it_is(
    model: Model, operation: str, given: dict[str, Any], words: str
) -> None:
    assert words in problem(model, operation, given)


@pytest.mark.parametrize(
    "given",
    [
        [],
        "text",
        None,
        {"ConfigurationName": 7, "Players": []},
        {"ConfigurationName": "c", "Players": {}},
        {"ConfigurationName": "c", "Players": ["p"]},
        players(LatencyInMs={"r": "fast"}),
        players(LatencyInMs={"r": 1.5}),
        players(LatencyInMs={"r": True}),
        players(PlayerAttributes={"skill": {"N": "9"}}),
        players(PlayerAttributes={"skill": {"N": float("inf")}}),
    ],
)
def test_a_wrong_json_type_makes_the_request_unreadable(model: Model, given: Any) -> None:
    with pytest.raises(UnreadableRequest):
        model.clean("StartMatchmaking", given)


def test_a_boolean_is_not_taken_from_text(model: Model) -> None:
    given = {"Name": "n", "RuleSetName": "r", "RequestTimeoutSeconds": 1, "AcceptanceRequired": "true"}

    with pytest.raises(UnreadableRequest, match="A string can not be converted to a boolean at 'acceptanceRequired'"):
        model.clean("CreateMatchmakingConfiguration", given)


def test_a_whole_number_may_be_written_with_a_point(model: Model) -> None:
    cleaned = model.clean("StartMatchmaking", players(LatencyInMs={"r": 20.0}))

    assert cleaned["Players"][0]["LatencyInMs"] == {"r": 20}


def test_secrets_and_long_values_are_not_repeated(model: Model) -> None:
    long = problem(model, "StartMatchmaking", {**players(), "TicketId": "!" * 100})
    seat = problem(model, "DescribePlayerSessions", {"PlayerSessionId": "not a seat!"})

    assert "!!" not in long
    assert "not a seat" not in seat


def test_an_operation_without_members_takes_an_empty_structure(model: Model) -> None:
    assert model.clean("DescribeEC2InstanceLimits", {}) == {}


def test_an_unknown_operation_is_refused(model: Model) -> None:
    with pytest.raises(UnknownOperation):
        model.clean("StartDancing", {})


def test_every_operation_of_the_model_compiles_to_checks(model: Model) -> None:
    def refusal(operation: str) -> str:
        try:
            model.clean(operation, {})
        except InvalidRequest as refused:
            return refused.detail
        return "none"

    refusals = {operation: refusal(operation) for operation in model.operations}

    assert len(refusals) > 100
    assert {operation for operation, words in refusals.items() if "must not be null" not in words} >= {"ListFleets"}
    assert "'gameSessionId'" in refusals["CreatePlayerSession"]


# Values that JSON allows and the service's own types do not --------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("ListFleets", {"Limit": 2**31}),
        ("ListFleets", {"Limit": 10**400}),
        ("ListFleets", {"Limit": -(2**40)}),
        ("StartMatchmaking", players(PlayerAttributes={"skill": {"N": 10**400}})),
        ("CreateScript", {"ZipFile": 5}),
    ],
)
def test_a_number_that_no_client_can_send_is_unreadable(model: Model, operation: str, given: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRequest):
        model.clean(operation, given)


def test_bytes_are_taken_as_text_or_as_they_are(model: Model) -> None:
    assert model.clean("CreateScript", {"ZipFile": "UEsDBA=="}) == {"ZipFile": "UEsDBA=="}
    assert model.clean("CreateScript", {"ZipFile": b"PK"}) == {"ZipFile": b"PK"}


def test_a_text_that_only_a_search_could_refuse_is_refused_for_its_length(model: Model) -> None:
    words = problem(model, "DescribeAlias", {"AliasId": "arn:" + ":alias/alias-" * 100_000 + " "})

    assert "Member must satisfy regular expression pattern" in words
