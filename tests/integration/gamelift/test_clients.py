"""Unmodified AWS clients against the running service."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import boto3
import pytest
from botocore.exceptions import ClientError

from muster_runtime.aws import client_context, code_of
from muster_runtime.settings import ServiceSettings


def standalone(body: str) -> dict[str, Any]:
    return {
        "Name": "duel",
        "RuleSetName": "duel",
        "RequestTimeoutSeconds": 3600,
        "AcceptanceRequired": True,
        "AcceptanceTimeoutSeconds": 600,
        "FlexMatchMode": "STANDALONE",
    }


def play_with_boto3(body: str) -> list[dict[str, Any]]:
    """Match two players with acceptance, as a synchronous back end would; runs in a thread."""
    client = boto3.client("gamelift")
    try:
        assert client.validate_matchmaking_rule_set(RuleSetBody=body)["Valid"] is True
        client.create_matchmaking_rule_set(Name="duel", RuleSetBody=body)
        client.create_matchmaking_configuration(**standalone(body))
        for name in ("ann", "bob"):
            started = client.start_matchmaking(
                TicketId=f"t-{name}", ConfigurationName="duel", Players=[{"PlayerId": name}]
            )
            assert started["MatchmakingTicket"]["Status"] == "QUEUED"
        wait(client, "REQUIRES_ACCEPTANCE")
        for name in ("ann", "bob"):
            client.accept_match(TicketId=f"t-{name}", PlayerIds=[name], AcceptanceType="ACCEPT")
        return wait(client, "COMPLETED")
    finally:
        client.close()


def wait(client: Any, status: str) -> list[dict[str, Any]]:
    for _ in range(500):
        tickets: list[dict[str, Any]] = client.describe_matchmaking(TicketIds=["t-ann", "t-bob"])["TicketList"]
        if all(ticket["Status"] == status for ticket in tickets):
            return tickets
    raise AssertionError(f"the tickets never became {status}")


@pytest.mark.row("4.4.json", "4.4.json.times")
async def test_boto3_matches_two_players_with_acceptance(gamelift: Any, duel_body: str) -> None:
    tickets = await asyncio.to_thread(play_with_boto3, duel_body)

    assert {ticket["Players"][0]["Team"] for ticket in tickets} == {"red", "blue"}
    assert abs(tickets[0]["StartTime"] - datetime.now(UTC)) < timedelta(minutes=5)  # noqa: TID251 - a real client
    assert tickets[0]["EndTime"] >= tickets[0]["StartTime"]


@pytest.mark.row("4.3.Message", "4.3.NotFound", "4.3.InvalidRequest", "4.4.json.errors", "4.4.server.checks")
async def test_aiobotocore_reads_errors_as_modelled_exceptions(client: Any) -> None:
    with pytest.raises(client.exceptions.NotFoundException) as missing:
        await client.stop_matchmaking(TicketId="nope")
    with pytest.raises(client.exceptions.InvalidRequestException) as invalid:
        await client.create_matchmaking_rule_set(Name="a b", RuleSetBody="{}")

    assert missing.value.response["Error"]["Message"] == "Matchmaking ticket nope not found."
    assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "regular expression pattern" in invalid.value.response["Error"]["Message"]


async def test_an_operation_that_is_not_offered_is_a_clear_error(client: Any) -> None:
    with pytest.raises(ClientError) as refused:
        await client.create_build()

    assert code_of(refused.value) == "InvalidRequestException"
    assert "CreateBuild is not offered" in str(refused.value)


async def test_a_paginator_of_botocore_walks_all_pages(client: Any, duel_body: str) -> None:
    for number in range(23):
        await client.create_matchmaking_rule_set(Name=f"duel-{number}", RuleSetBody=duel_body)

    names = []
    async for page in client.get_paginator("describe_matchmaking_rule_sets").paginate():
        names += [one["RuleSetName"] for one in page["RuleSets"]]

    assert names == [f"duel-{number}" for number in range(23)]


@pytest.mark.row("4.4.region")
async def test_each_region_of_the_signature_has_its_own_state(
    client: Any, duel_body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.create_matchmaking_rule_set(Name="duel", RuleSetBody=duel_body)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")

    async with client_context("gamelift", ServiceSettings(aws_read_timeout_s=60)) as elsewhere:
        assert (await elsewhere.describe_matchmaking_rule_sets())["RuleSets"] == []
        made = await elsewhere.create_matchmaking_rule_set(Name="duel", RuleSetBody=duel_body)

    assert made["RuleSet"]["RuleSetArn"].startswith("arn:aws:gamelift:eu-west-1:000000000000:")


async def test_a_game_session_is_made_by_hand_and_takes_players(client: Any, server: Any) -> None:
    process = server()
    await process.ready()
    made = await client.create_game_session(FleetId=process.fleet_id, MaximumPlayerSessionCount=2)
    arn = await process.host()

    seat = await client.create_player_session(GameSessionId=arn, PlayerId="ann")
    accepted = await process.ask(
        "AcceptPlayerSession", GameSessionId=arn, PlayerSessionId=seat["PlayerSession"]["PlayerSessionId"]
    )
    (shown,) = (await client.describe_game_sessions(GameSessionId=arn))["GameSessions"]

    assert made["GameSession"]["GameSessionId"] == arn
    assert accepted["StatusCode"] == 200
    assert (shown["Status"], shown["CurrentPlayerSessionCount"], shown["Port"]) == ("ACTIVE", 1, 7777)


# The protocol itself, where no SDK would go ----------------------------------------------------------------------


async def post(http: aiohttp.ClientSession, url: str, target: str, body: bytes) -> tuple[int, dict[str, Any]]:
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    async with http.post(url, data=io.BytesIO(body), headers=headers) as answer:
        assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
        assert answer.headers["x-amzn-RequestId"]
        return answer.status, await answer.json(content_type=None)


@pytest.mark.parametrize(
    ("target", "body", "kind"),
    [
        ("GameLift.StartDancing", b"{}", "UnknownOperationException"),
        ("DynamoDB.PutItem", b"{}", "UnknownOperationException"),
        ("", b"{}", "UnknownOperationException"),
        ("GameLift.StartMatchmaking", b"{", "SerializationException"),
        ("GameLift.StartMatchmaking", b'"text"', "SerializationException"),
        ("GameLift.StartMatchmaking", b"\xff", "SerializationException"),
        ("GameLift.StartMatchmaking", b'{"Players": NaN}', "SerializationException"),
        ("GameLift.StartMatchmaking", b"[" * 100_000, "SerializationException"),
        ("GameLift.StartMatchmaking", b" " * (2 * 1024 * 1024 + 1), "SerializationException"),
        ("GameLift.StartMatchmaking", b"", "InvalidRequestException"),
    ],
)
async def test_requests_that_no_sdk_would_send_get_aws_errors(
    gamelift: Any, http_client: aiohttp.ClientSession, target: str, body: bytes, kind: str
) -> None:
    status, answer = await post(http_client, gamelift.base_url, target, body)

    assert (status, answer["__type"]) == (400, kind)
    assert answer["Message"]


@pytest.mark.row("4.4.json.times", "5.5.milliseconds")
async def test_times_are_numbers_on_the_wire(gamelift: Any, http_client: aiohttp.ClientSession, duel_body: str) -> None:
    body = json.dumps({"Name": "duel", "RuleSetBody": duel_body}).encode()

    status, answer = await post(http_client, gamelift.base_url, "GameLift.CreateMatchmakingRuleSet", body)

    assert status == 200
    assert isinstance(answer["RuleSet"]["CreationTime"], float)


async def test_a_browser_is_told_what_this_is(gamelift: Any, http_client: aiohttp.ClientSession) -> None:
    async with http_client.get(gamelift.base_url) as answer:
        assert answer.status == 426
        assert "local GameLift" in await answer.text()


async def test_the_service_reports_itself_ready(gamelift: Any, http_client: aiohttp.ClientSession) -> None:
    async with http_client.get(f"{gamelift.base_url}/readyz") as answer:
        assert answer.status == 200
