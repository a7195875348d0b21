import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from muster_events.envelope import event
from muster_events.tickets import TicketEnded, TicketMatched
from muster_runtime.errors import Busy, Invalid
from muster_runtime.testing import (
    FakeClock,
    FakeEvents,
    FakeSQS,
    Faulty,
    RecordingPublisher,
    SequentialIds,
    TokenMint,
    eventually,
)
from muster_runtime.testing.faults import duplicates, partial, reorder, throttle, timeout_after_commit, unprocessed
from muster_runtime.testing.tokens import ISSUER


def matched(ticket_id: str = "t-1") -> Any:
    data = TicketMatched(ticket_id=ticket_id, player_ids=(), match_id="m")
    return event(data, subject=ticket_id, occurred_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_fake_clock_moves_only_when_told() -> None:
    clock = FakeClock()
    before, monotonic_s = clock.now(), clock.monotonic_s()

    clock.advance(90)

    assert timedelta(seconds=90) == clock.now() - before
    assert 90 == clock.monotonic_s() - monotonic_s
    assert clock.now().timestamp() == clock.epoch_s()


def test_a_fake_clock_can_be_corrected_without_time_passing() -> None:
    clock = FakeClock()
    before, monotonic_s = clock.now(), clock.monotonic_s()

    clock.jump(-3600)

    assert timedelta(hours=-1) == clock.now() - before
    assert monotonic_s == clock.monotonic_s()


def test_time_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        FakeClock().advance(-1)


def test_sequential_ids_look_like_real_ones_and_never_repeat() -> None:
    ids = SequentialIds()

    uuids, secrets = {ids.uuid() for _ in range(20)}, {ids.secret() for _ in range(20)}

    assert {20} == {len(uuids), len(secrets)}
    assert {36} == {len(each) for each in uuids}
    assert {43} == {len(each) for each in secrets}
    assert "00000000-0000-4000-8000-000000000001" in uuids


async def test_eventually_returns_the_first_true_answer() -> None:
    answers = iter([0, None, "here"])

    assert "here" == await eventually(lambda: next(answers))


async def test_eventually_waits_for_assertions_and_tells_the_last() -> None:
    def ask() -> bool:
        raise AssertionError("still two left")

    with pytest.raises(AssertionError, match="still two left"):
        await eventually(ask, within_s=0.02)


async def test_eventually_lets_other_errors_through_at_once() -> None:
    def ask() -> bool:
        raise LookupError

    with pytest.raises(LookupError):
        await eventually(ask)


async def test_eventually_asks_once_even_without_time() -> None:
    assert await eventually(lambda: True, within_s=0)


@pytest.fixture
def sqs(clock: FakeClock) -> FakeSQS:
    return FakeSQS(clock)


async def receive(sqs: Any, url: str, **options: Any) -> list[dict[str, Any]]:
    answer = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **options)
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


async def test_a_received_message_is_hidden_until_its_visibility_ends(sqs: FakeSQS, clock: FakeClock) -> None:
    url = sqs.create("inbox")
    sqs.send(url, "one")

    first = await receive(sqs, url, VisibilityTimeout=30)
    clock.advance(29)
    second = await receive(sqs, url)
    clock.advance(1)
    third = await receive(sqs, url)

    assert [1, 0, 1] == [len(first), len(second), len(third)]
    assert "2" == third[0]["Attributes"]["ApproximateReceiveCount"]
    assert first[0]["ReceiptHandle"] != third[0]["ReceiptHandle"]


async def test_an_old_receipt_handle_is_worth_nothing(sqs: FakeSQS, clock: FakeClock) -> None:
    url = sqs.create("inbox")
    sqs.send(url, "one")
    (old,) = await receive(sqs, url)
    clock.advance(31)
    await receive(sqs, url)

    answer = await sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "0", "ReceiptHandle": old["ReceiptHandle"]}])

    assert [{"Id": "0", "Code": "ReceiptHandleIsInvalid", "SenderFault": True}] == answer["Failed"]
    assert ["one"] == sqs.bodies(url)
    with pytest.raises(ClientError, match="ReceiptHandleIsInvalid"):
        await sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=old["ReceiptHandle"], VisibilityTimeout=0)


async def test_a_message_received_too_often_moves_to_the_dead_letter_queue(sqs: FakeSQS) -> None:
    dead = sqs.create("dead")
    url = sqs.create("inbox", redrive_to=dead, max_receives=2)
    sqs.send(url, "one")

    received = [len(await receive(sqs, url, VisibilityTimeout=0)) for _ in range(3)]

    assert [1, 1, 0] == received
    assert ([], ["one"]) == (sqs.bodies(url), sqs.bodies(dead))


async def test_a_long_poll_wakes_when_a_message_arrives(clock: FakeClock) -> None:
    sqs = FakeSQS(clock, long_poll_s=5)
    url = sqs.create("inbox")

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        poll = group.create_task(receive(sqs, url, WaitTimeSeconds=20))
        await eventually(lambda: sqs.waiting == 1)
        sqs.send(url, "one")

    assert ["one"] == [each["Body"] for each in poll.result()]


async def test_a_cancelled_long_poll_is_counted(clock: FakeClock) -> None:
    sqs = FakeSQS(clock, long_poll_s=5)
    url = sqs.create("inbox")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await receive(sqs, url, WaitTimeSeconds=20)

    assert (1, 0) == (sqs.cancelled_receives, sqs.waiting)


async def test_the_fake_queue_refuses_what_sqs_refuses(sqs: FakeSQS) -> None:
    url = sqs.create("inbox")
    many = [{"Id": str(number), "ReceiptHandle": "h"} for number in range(11)]

    with pytest.raises(ClientError, match="NonExistentQueue"):
        await receive(sqs, "https://sqs.test/000000000000/nowhere")
    with pytest.raises(ClientError, match="TooManyEntries"):
        await sqs.delete_message_batch(QueueUrl=url, Entries=many)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        await sqs.send_message(
            QueueUrl=url,
            MessageBody="b",
            MessageAttributes={f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(11)},
        )


async def test_a_planned_fault_comes_once_and_in_its_turn(sqs: FakeSQS) -> None:
    url = sqs.create("inbox")
    faulty = Faulty(sqs, {"send_message": [None, throttle()]})

    await faulty.send_message(QueueUrl=url, MessageBody="one")
    with pytest.raises(ClientError, match="ThrottlingException"):
        await faulty.send_message(QueueUrl=url, MessageBody="two")
    await faulty.send_message(QueueUrl=url, MessageBody="three")

    assert ["one", "three"] == sqs.bodies(url)
    assert ["send_message"] * 3 == faulty.calls


async def test_a_lost_answer_was_applied(sqs: FakeSQS) -> None:
    url = sqs.create("inbox")
    faulty = Faulty(sqs, {"send_message": [timeout_after_commit()]})

    with pytest.raises(ReadTimeoutError):
        await faulty.send_message(QueueUrl=url, MessageBody="one")

    assert ["one"] == sqs.bodies(url)


async def test_a_partial_batch_does_the_other_entries(sqs: FakeSQS) -> None:
    url = sqs.create("inbox")
    for body in ("one", "two", "three"):
        sqs.send(url, body)
    entries = [
        {"Id": str(place), "ReceiptHandle": each["ReceiptHandle"]} for place, each in enumerate(await receive(sqs, url))
    ]
    faulty = Faulty(sqs, {"delete_message_batch": [partial(1)]})

    answer = await faulty.delete_message_batch(QueueUrl=url, Entries=entries)

    assert ["two"] == sqs.bodies(url)
    assert (["0", "2"], ["1"]) == (
        [each["Id"] for each in answer["Successful"]],
        [each["Id"] for each in answer["Failed"]],
    )


async def test_a_partial_put_events_answers_in_the_order_of_the_entries() -> None:
    bus = FakeEvents()
    faulty = Faulty(bus, {"put_events": [partial(0, 2)]})

    answer = await faulty.put_events(Entries=[{"Detail": str(number)} for number in range(4)])

    assert [True, False, True, False] == ["ErrorCode" in each for each in answer["Entries"]]
    assert ["1", "3"] == [each["Detail"] for each in bus.accepted]


async def test_unprocessed_requests_are_left_out_and_told() -> None:
    done: list[Any] = []

    class Client:
        async def batch_write_item(self, *, RequestItems: Any) -> dict[str, Any]:  # noqa: N803
            done.append(RequestItems)
            return {}

    faulty = Faulty(Client(), {"batch_write_item": [unprocessed(0)]})

    answer = await faulty.batch_write_item(RequestItems={"t": ["a", "b"]})

    assert [{"t": ["b"]}] == done
    assert {"UnprocessedItems": {"t": ["a"]}} == answer


async def test_messages_can_be_repeated_and_reordered(sqs: FakeSQS) -> None:
    url = sqs.create("inbox")
    for body in ("one", "two", "three"):
        sqs.send(url, body)
    rng = random.Random(1)  # noqa: S311 - repeatable, and no secret
    faulty = Faulty(sqs, {"receive_message": [reorder(), duplicates(), reorder(rng)]})

    received = [[each["Body"] for each in await receive(faulty, url, VisibilityTimeout=0)] for _ in range(3)]

    assert ["three", "two", "one"] == received[0]
    assert ["one", "one", "two", "two", "three", "three"] == received[1]
    assert {"one", "two", "three"} == set(received[2])


async def test_a_recording_publisher_keeps_events_and_fails_when_told() -> None:
    publisher = RecordingPublisher()
    publisher.fail_next(Busy())

    with pytest.raises(Busy):
        await publisher.publish(matched("t-1"))
    await publisher.publish(matched("t-2"), matched("t-3"))

    assert ["t-2", "t-3"] == [each.subject for each in publisher.events]
    assert publisher.events == publisher.of("ticket.matched")
    assert [] == publisher.of("ticket.ended")


async def test_a_recording_publisher_refuses_what_the_real_one_refuses() -> None:
    data = TicketEnded(ticket_id="t", player_ids=(), outcome="failed")
    broken = event(data, subject="t", occurred_at=datetime(2026, 1, 1, tzinfo=UTC)).model_copy(update={"version": 9})

    with pytest.raises(Invalid):
        await RecordingPublisher().publish(broken)


def read(mint: TokenMint, token: str) -> dict[str, Any]:
    key = jwt.PyJWKSet.from_dict(mint.jwks())[jwt.get_unverified_header(token)["kid"]]
    unchecked = {f"verify_{name}": False for name in ("exp", "aud", "nbf", "iat")}
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], options=unchecked)
    return claims


def test_a_minted_token_has_the_claims_of_identity(clock: FakeClock, token_mint: TokenMint) -> None:
    claims = read(token_mint, token_mint.token("u-1", "authenticated"))

    assert {"iss", "aud", "sub", "scope", "kid", "iat", "nbf", "exp", "jti", "sid"} == claims.keys()
    assert (ISSUER, "gamebackend", "u-1", "authenticated") == tuple(
        claims[name] for name in ("iss", "aud", "sub", "scope")
    )
    assert clock.epoch_s() == claims["iat"]
    assert 900 == claims["exp"] - claims["iat"]


def test_claims_and_headers_of_a_token_can_be_bent(token_mint: TokenMint) -> None:
    token = token_mint.token(headers={"typ": "at+jwt"}, aud="other", sid=None)

    assert "at+jwt" == jwt.get_unverified_header(token)["typ"]
    assert "other" == read(token_mint, token)["aud"]
    assert "sid" not in read(token_mint, token)


def test_an_expired_token_was_good_once(clock: FakeClock, token_mint: TokenMint) -> None:
    claims = read(token_mint, token_mint.token(life_s=-60))

    assert claims["iat"] < claims["exp"] < clock.epoch_s()


def test_two_mints_have_two_keys(token_mint: TokenMint) -> None:
    other = TokenMint(key_id="test-key-2")

    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(token_mint.token(), jwt.PyJWKSet.from_dict(other.jwks())["test-key-2"], algorithms=["RS256"])


def test_a_published_key_set_holds_no_private_part(token_mint: TokenMint) -> None:
    (key,) = token_mint.jwks()["keys"]

    assert {"kty", "use", "alg", "kid", "n", "e"} == key.keys()
