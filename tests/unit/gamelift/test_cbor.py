from typing import Any

import cbor2
import pytest

from muster_gamelift import cbor
from muster_gamelift.errors import UnreadableRequest
from muster_gamelift.validation import gamelift_model


def test_values_come_in_as_json_would_bring_them() -> None:
    given = {"a": [1, -2, 1.5, True, None, "\U0001f3ae"], "b": {"c": cbor2.undefined}, "d": b"raw"}

    assert cbor.decode(cbor2.dumps(given)) == {
        "a": [1, -2, 1.5, True, None, "\U0001f3ae"],
        "b": {"c": None},
        "d": b"raw",
    }
    assert cbor.decode(b"") == {}


@pytest.mark.parametrize("seconds", [0, 1.5, 1_800_000_000])
@pytest.mark.row("4.4.cbor.times")
def test_a_time_comes_in_as_a_number(seconds: float) -> None:
    assert cbor.decode(cbor2.dumps({"at": cbor2.CBORTag(1, seconds)})) == {"at": seconds}


def test_containers_of_unknown_length_are_read() -> None:
    assert cbor.decode(bytes.fromhex("bf6161 9f01 ff ff".replace(" ", ""))) == {"a": [1]}


@pytest.mark.parametrize(
    "body",
    [
        "ff",
        "81",
        "a0a0",
        "81" * 65 + "00",
        "9bffffffffffffffff",
        "5bffffffffffffffff",
        "a1616101a1",
        "a2616101616102",
        "a10102",
        "a1616161ff",
        "fb7ff8000000000000",
        "fb7ff0000000000000",
        "d81c81d81d00",
        "c249010000000000000000",
        "c482000a",
        "c074323031332d30332d32315432303a30343a30305a",
        "d82362282e",
        "d9010281616101",
        "d9ffff00",
        "c16161",
        "c1f5",
        "f0",
        "62c328",
    ],
    ids=str,
)
def test_what_json_has_no_word_for_is_refused(body: str) -> None:
    with pytest.raises(UnreadableRequest):
        cbor.decode(bytes.fromhex(body))


@pytest.mark.row("4.4.cbor.times")
def test_times_of_an_answer_are_tagged_wherever_they_stand() -> None:
    ticket = {"StartTime": 1.5, "EndTime": None, "EstimatedWaitTime": 3, "Players": [{"PlayerId": "ann"}]}
    shape = gamelift_model().output_of("DescribeMatchmaking")

    body = cbor.encode({"TicketList": [ticket, {}]}, shape)

    read: Any = cbor2.loads(body, semantic_decoders={1: lambda seconds, _immutable: ("time", seconds)})
    started = {"StartTime": ("time", 1.5), "EstimatedWaitTime": 3, "Players": [{"PlayerId": "ann"}]}
    assert read == {"TicketList": [started, {}]}


def test_an_answer_without_times_needs_no_shape() -> None:
    assert cbor2.loads(cbor.encode({"A": None, "B": [{"C": None}]}, None)) == {"B": [{}]}
