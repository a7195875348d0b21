"""A client of botocore that speaks RPC v2 CBOR, as newer SDKs of other languages do, against the running service."""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import botocore.session
import cbor2
import pytest

CBOR = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
PATH = "/service/GameLift/operation/"


def cbor_client() -> Any:
    """Make a client that knows no other protocol; the model itself lists CBOR before JSON."""
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    model = loader.load_service_model("gamelift", "service-2")
    assert model["metadata"]["protocols"] == ["smithy-rpc-v2-cbor", "json"]
    only_cbor = {**model, "metadata": {**model["metadata"], "protocols": ["smithy-rpc-v2-cbor"]}}
    load = loader.load_service_model

    def load_only_cbor(name: str, kind: str, **given: Any) -> Any:
        return only_cbor if (name, kind) == ("gamelift", "service-2") else load(name, kind, **given)

    loader.load_service_model = load_only_cbor
    client = session.create_client("gamelift")
    sent: list[str] = []
    client.meta.events.register("before-send.gamelift", lambda request, **_: sent.append(request.url))
    client.sent = sent
    return client


async def speaking(talk: Callable[[Any], Any]) -> Any:
    """Run a conversation of a synchronous client in a thread."""

    def run() -> Any:
        client = cbor_client()
        try:
            answer = talk(client)
            assert client.sent
            assert all(PATH in url for url in client.sent)
            return answer
        finally:
            client.close()

    return await asyncio.to_thread(run)


def wait(client: Any, *ticket_ids: str, status: str) -> list[dict[str, Any]]:
    for _ in range(500):
        tickets: list[dict[str, Any]] = client.describe_matchmaking(TicketIds=[*ticket_ids])["TicketList"]
        if all(ticket["Status"] == status for ticket in tickets):
            return tickets
    raise AssertionError(f"the tickets never became {status}")


def prepare(client: Any, body: str, **given: Any) -> None:
    assert client.validate_matchmaking_rule_set(RuleSetBody=body)["Valid"] is True
    client.create_matchmaking_rule_set(Name="duel", RuleSetBody=body)
    members = {"RequestTimeoutSeconds": 3600, "AcceptanceRequired": False, "FlexMatchMode": "STANDALONE"}
    client.create_matchmaking_configuration(Name="duel", RuleSetName="duel", **{**members, **given})


@pytest.mark.row("4.4.cbor", "4.4.cbor.times")
async def test_a_cbor_client_goes_through_all_of_matchmaking(gamelift: Any, duel_body: str) -> None:
    def talk(client: Any) -> list[dict[str, Any]]:
        prepare(client, duel_body, AcceptanceRequired=True, AcceptanceTimeoutSeconds=600)
        (rules,) = client.describe_matchmaking_rule_sets(Names=["duel"])["RuleSets"]
        assert rules["RuleSetBody"] == duel_body
        for name, skill in (("ann", 4), ("bob", 5.5)):
            player = {
                "PlayerId": name,
                "PlayerAttributes": {"skill": {"N": skill}, "maps": {"SL": ["sand", "snow"]}},
                "LatencyInMs": {"us-east-1": 40},
            }
            ticket = client.start_matchmaking(TicketId=f"t-{name}", ConfigurationName="duel", Players=[player])
            assert ticket["MatchmakingTicket"]["Status"] == "QUEUED"
        wait(client, "t-ann", "t-bob", status="REQUIRES_ACCEPTANCE")
        for name in ("ann", "bob"):
            assert client.accept_match(TicketId=f"t-{name}", PlayerIds=[name], AcceptanceType="ACCEPT")
        tickets = wait(client, "t-ann", "t-bob", status="COMPLETED")
        client.start_matchmaking(TicketId="t-cat", ConfigurationName="duel", Players=[{"PlayerId": "cat"}])
        client.stop_matchmaking(TicketId="t-cat")
        wait(client, "t-cat", status="CANCELLED")
        seated = [{"PlayerId": "dan", "Team": "red"}]
        filling = client.start_match_backfill(TicketId="t-fill", ConfigurationName="duel", Players=seated)
        assert filling["MatchmakingTicket"]["Players"][0]["Team"] == "red"
        client.stop_matchmaking(TicketId="t-fill")
        client.update_matchmaking_configuration(Name="duel", Description="words")
        (shown,) = client.describe_matchmaking_configurations(Names=["duel"])["Configurations"]
        assert (shown["Description"], shown["AcceptanceRequired"]) == ("words", True)
        client.delete_matchmaking_configuration(Name="duel")
        client.delete_matchmaking_rule_set(Name="duel")
        return tickets

    first, second = await speaking(talk)

    assert abs(first["StartTime"] - datetime.now(UTC)) < timedelta(minutes=5)  # noqa: TID251 - a real client
    assert first["EndTime"] >= first["StartTime"]
    assert [first["Players"][0]["PlayerAttributes"]["skill"], second["Players"][0]["PlayerAttributes"]["skill"]] == [
        {"N": 4.0},
        {"N": 5.5},
    ]
    assert first["Players"][0]["PlayerAttributes"]["maps"] == {"SL": ["sand", "snow"]}
    assert first["Players"][0]["LatencyInMs"] == {"us-east-1": 40}


@pytest.mark.row("4.4.cbor", "4.4.cbor.errors")
async def test_a_cbor_client_reads_errors_as_modelled_exceptions(gamelift: Any) -> None:
    def talk(client: Any) -> None:
        with pytest.raises(client.exceptions.NotFoundException) as missing:
            client.stop_matchmaking(TicketId="nope")
        assert missing.value.response["Error"]["Message"] == "Matchmaking ticket nope not found."
        assert missing.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        with pytest.raises(client.exceptions.InvalidRequestException):
            client.create_matchmaking_rule_set(Name="a b", RuleSetBody="{}")
        with pytest.raises(client.exceptions.UnsupportedRegionException):
            client.describe_fleet_capacity()

    await speaking(talk)


async def test_an_operation_without_an_answer_has_an_empty_one(gamelift: Any, client: Any) -> None:
    await client.create_location(LocationName="custom-laptop")
    where = [{"Location": "custom-laptop"}]
    fleet = await client.create_fleet(Name="f", ComputeType="ANYWHERE", Locations=where)

    def talk(client: Any) -> Any:
        return client.delete_fleet(FleetId=fleet["FleetAttributes"]["FleetId"])

    assert [*(await speaking(talk))] == ["ResponseMetadata"]


# Bytes -------------------------------------------------------------------------------------------------------------


async def send(
    http: aiohttp.ClientSession, gamelift: Any, body: bytes, operation: str = "ListFleets", **headers: str
) -> tuple[int, Mapping[str, str], Any]:
    sent = {**CBOR, **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with http.post(gamelift.base_url + PATH + operation, data=body, headers=sent) as answer:
        assert answer.headers["Content-Type"] == "application/cbor"
        assert answer.headers["smithy-protocol"] == "rpc-v2-cbor"
        assert answer.headers["x-amzn-RequestId"]
        return answer.status, answer.headers, cbor2.loads(await answer.read())


@pytest.mark.row("4.4.cbor.errors")
async def test_modelled_errors_have_their_full_name_and_common_ones_their_short_one(
    gamelift: Any, http_client: aiohttp.ClientSession
) -> None:
    missing = await send(http_client, gamelift, cbor2.dumps({"TicketId": "nope"}), "StopMatchmaking")
    unknown = await send(http_client, gamelift, b"", "Nonsense")
    elsewhere = await send(http_client, gamelift, b"", smithy_protocol="rpc-v2-json")

    assert (400, "com.amazonaws.gamelift#NotFoundException") == (missing[0], missing[2]["__type"])
    assert (400, "UnknownOperationException") == (unknown[0], unknown[2]["__type"])
    assert (400, "UnknownOperationException") == (elsewhere[0], elsewhere[2]["__type"])


async def test_an_empty_body_is_an_empty_input(gamelift: Any, http_client: aiohttp.ClientSession) -> None:
    status, _, answer = await send(http_client, gamelift, b"")

    assert (200, {"FleetIds": []}) == (status, answer)


@pytest.mark.parametrize("body", [b"\xff", b"\x81", b"\xa0\xa0", json.dumps({}).encode()])
async def test_what_is_not_cbor_is_told_so_in_cbor(
    gamelift: Any, http_client: aiohttp.ClientSession, body: bytes
) -> None:
    status, _, answer = await send(http_client, gamelift, body)

    assert (400, "SerializationException") == (status, answer["__type"])
