"""The whole service on the local AWS: races, events, rotation."""

import asyncio
import json
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import jwt
import pytest
from identity_world import Identity, Resources, instance
from patience import let_dynamodb_take_its_time

from muster_events.registry import parse
from muster_runtime.messaging.envelopes import peel
from muster_runtime.testing import FakeClock, eventually

DAY_S = 86_400


async def test_a_hundred_parallel_sign_ins_make_a_hundred_guests(
    deployed: Identity, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_dynamodb_take_its_time(monkeypatch)
    async with asyncio.TaskGroup() as group:
        tries = [group.create_task(deployed.post("/v1/guests")) for _ in range(100)]

    assert {each.result().status for each in tries} == {201}
    users = await resources.rows(resources.settings.users_table)
    assert {each.result().json["user_id"] for each in tries} == {row["user_id"] for row in users}
    assert len(users) == 100


async def test_a_hundred_parallel_refreshes_of_one_token_make_one_family_head(
    resources: Resources, http_client: aiohttp.ClientSession, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At two instances, so that nothing in one process can settle it."""
    let_dynamodb_take_its_time(monkeypatch)
    async with AsyncExitStack() as stack:
        instances = [await stack.enter_async_context(instance(resources, http_client, clock)) for _ in range(2)]
        guest = (await instances[0].post("/v1/guests")).json
        body = {"refresh_token": guest["refresh_token"]}
        async with asyncio.TaskGroup() as group:
            tries = [
                group.create_task(instances[number % 2].post("/v1/tokens/refresh", json=body)) for number in range(100)
            ]

    assert {each.result().status for each in tries} == {200}
    assert len({each.result().json["refresh_token"] for each in tries}) == 1
    (session,) = await resources.rows(resources.settings.sessions_table)
    assert session["generation"] == 2
    assert "revoked_at" not in session


async def events_told(resources: Resources) -> dict[str, Any]:
    """What arrived at a queue behind the bus, by type and subject."""
    found = {}
    for message in await resources.sandbox.take(resources.told.url):
        event: Any = parse(peel(message["Body"], {}).document)
        found[(event.type, event.subject)] = event
    return found


async def test_the_world_is_told_of_new_users_and_keys(deployed: Identity, resources: Resources) -> None:
    guest = (await deployed.post("/v1/guests")).json
    (key,) = (await resources.keyring())["keys"]
    told: dict[Any, Any] = {}

    async def both() -> bool:
        told.update(await events_told(resources))
        return len(told) == 2

    await eventually(both, within_s=60)
    assert told["user.created", guest["user_id"]].data.kind == "guest"
    assert told["keys.rotated", key["kid"]].data.key_id == key["kid"]
    assert guest["guest_secret"] not in str(told)


async def test_what_the_service_serves_is_what_the_bucket_holds(deployed: Identity, resources: Resources) -> None:
    for path in (".well-known/jwks.json", ".well-known/openid-configuration"):
        assert (await deployed.get(f"/{path}")).text == await resources.published(path)


async def test_instances_that_start_together_on_an_empty_secret_agree_on_one_key(
    resources: Resources, http_client: aiohttp.ClientSession, clock: FakeClock
) -> None:
    async def key_ids(number: int) -> set[str]:
        del number
        async with instance(resources, http_client, clock) as service:
            return {key["kid"] for key in (await service.get("/.well-known/jwks.json")).json["keys"]}

    async with asyncio.TaskGroup() as group:
        starts = [group.create_task(key_ids(number)) for number in range(3)]

    (key,) = (await resources.keyring())["keys"]
    assert [each.result() for each in starts] == [{key["kid"]}] * 3


async def command(resources: Resources, body: str = '{"command": "rotate-keys"}') -> None:
    sqs = await resources.sandbox.client("sqs")
    await sqs.send_message(QueueUrl=resources.rotation.url, MessageBody=body)


async def test_the_schedulers_command_rotates_and_all_instances_follow(
    resources: Resources, http_client: aiohttp.ClientSession, clock: FakeClock
) -> None:
    async def is_rotated_to(*wanted: str) -> bool:
        # And published, which comes after: a key that nobody can fetch yet does not take over when its time has come.
        ring = (await resources.keyring())["keys"]
        published = json.loads(await resources.published(".well-known/jwks.json"))["keys"]
        states = sorted(key["state"] for key in ring)
        return states == sorted(wanted) and {key["kid"] for key in ring} == {key["kid"] for key in published}

    async with AsyncExitStack() as stack:
        instances = [await stack.enter_async_context(instance(resources, http_client, clock)) for _ in range(2)]
        guest = (await instances[0].post("/v1/guests")).json
        (old,) = (await resources.keyring())["keys"]

        clock.advance(5.95 * DAY_S)
        await command(resources)
        await eventually(lambda: is_rotated_to("pending", "active"), within_s=60)
        clock.advance(1.2 * DAY_S)
        await command(resources)
        await command(resources)
        await eventually(lambda: is_rotated_to("active", "retired"), within_s=60)

        active = next(key for key in (await resources.keyring())["keys"] if key["state"] == "active")
        for each in instances:

            async def signs_with_the_new_key(each: Identity = each) -> bool:
                return active["kid"] == await signing_key_id(each)

            await eventually(signs_with_the_new_key, within_s=60)
            served = {key["kid"] for key in (await each.get("/.well-known/jwks.json")).json["keys"]}
            assert served == {old["kid"], active["kid"]}
        assert {key["kid"] for key in json.loads(await resources.published(".well-known/jwks.json"))["keys"]} == served
        clock.jump(-2 * DAY_S)
        # Signed by the key that has retired, and still good.
        reply = await instances[1].post("/v1/tokens/refresh", json={"refresh_token": guest["refresh_token"]})
        assert reply.status == 200


async def signing_key_id(identity: Identity) -> str:
    """The key that signs for a new guest at this instance; none until it has read the ring of this day."""
    reply = await identity.post("/v1/guests")
    assert reply.status == 201
    return str(jwt.get_unverified_header(reply.json["access_token"])["kid"])


async def test_a_command_that_nobody_can_read_is_parked_and_the_rest_goes_on(
    deployed: Identity, resources: Resources
) -> None:
    bad = {"not json", "{}", '{"command": 5}', "[]"}
    for body in (*bad, '{"command": "make-coffee"}'):
        await command(resources, body)
    await command(resources)
    found: list[dict[str, Any]] = []

    async def all_settled() -> bool:
        found.extend(await resources.sandbox.take(resources.rotation.dead_letter_url))
        return len(found) >= len(bad) and await resources.sandbox.depth(resources.rotation.url) == (0, 0)

    await eventually(all_settled, within_s=60)
    assert {message["Body"] for message in found} == bad
    assert all(message["MessageAttributes"]["reason"]["StringValue"] for message in found)
    assert (await deployed.get("/readyz")).status == 200
