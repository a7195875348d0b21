import pytest
from botocore.exceptions import ParamValidationError

from muster_runtime.dynamo import Table
from muster_runtime.limits import GRANTED, Buckets, Limiter, Rate, RateLimited, SharedBuckets, address_key
from muster_runtime.metrics import Metrics
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.faults import client_error


class Counted:
    """The one DynamoDB call that the counter makes, on a dict; fails when told."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.calls = 0
        self.error: Exception | None = None

    async def update_item(self, **request: object) -> dict[str, object]:
        self.calls += 1
        if self.error is not None:
            raise self.error
        assert request["UpdateExpression"] == "ADD taken :one SET expires_at = :gone"
        key = str(request["Key"])
        self.rows[key] = self.rows.get(key, 0) + 1
        return {"Attributes": {"taken": {"N": str(self.rows[key])}, "expires_at": {"N": "1"}}}


def test_a_burst_passes_and_the_next_one_waits_for_the_refill(clock: FakeClock) -> None:
    buckets = Buckets(Rate(burst=3, per_s=0.5), clock=clock)

    assert [GRANTED] * 3 == [buckets.take("a") for _ in range(3)]
    assert 2.0 == pytest.approx(buckets.take("a"))
    clock.advance(1.5)
    assert 0.5 == pytest.approx(buckets.take("a"))
    clock.advance(0.5)
    assert GRANTED == buckets.take("a")


def test_a_refusal_takes_nothing(clock: FakeClock) -> None:
    buckets = Buckets(Rate(burst=1, per_s=1), clock=clock)
    buckets.take("a")

    for _ in range(100):
        clock.advance(0.005)
        buckets.take("a")
    clock.advance(0.5)

    assert GRANTED == buckets.take("a")


def test_a_long_rest_saves_up_no_more_than_the_burst(clock: FakeClock) -> None:
    buckets = Buckets(Rate(burst=2, per_s=100), clock=clock)
    buckets.take("a")
    clock.advance(1e6)

    assert [True, True, False] == [buckets.take("a") == GRANTED for _ in range(3)]


def test_in_the_long_run_exactly_the_rate_passes(clock: FakeClock) -> None:
    buckets = Buckets(Rate(burst=5, per_s=2), clock=clock)
    passed = 0

    for _ in range(1000):
        passed += buckets.take("a") == GRANTED
        clock.advance(0.1)

    assert passed in range(203, 206)


def test_keys_do_not_share(clock: FakeClock) -> None:
    buckets = Buckets(Rate(burst=1, per_s=1), clock=clock)

    assert {GRANTED} == {buckets.take(f"key-{number}") for number in range(50)}


def test_memory_is_bounded_and_the_fullest_bucket_is_forgotten(clock: FakeClock) -> None:
    buckets = Buckets(Rate(burst=1, per_s=0.001), clock=clock, max_keys=100)
    buckets.take("victim of its own")
    for number in range(10_000):
        buckets.take(f"key-{number}")
        if number % 50 == 0:
            assert GRANTED != buckets.take("victim of its own"), "who keeps asking is not forgotten"

    assert 100 == len(buckets)


@pytest.mark.parametrize(("burst", "per_s"), [(0, 1), (1, 0), (1, -1), (float("inf"), 1), (1, float("nan"))])
def test_a_rate_that_grants_nothing_or_everything_is_refused(burst: float, per_s: float) -> None:
    with pytest.raises(ValueError, match="rate"):
        Rate(burst=burst, per_s=per_s)


async def test_instances_share_one_count(clock: FakeClock) -> None:
    client = Counted()
    rate = Rate(burst=4, per_s=0.1)
    instances = [SharedBuckets(Table(client, "limits"), rate, name="guests", clock=clock) for _ in range(2)]
    granted = [await instances[number % 2].take("a") == GRANTED for number in range(6)]

    assert [True] * 4 + [False] * 2 == granted
    wait_s = await instances[0].take("a")
    assert 0 < wait_s <= 40
    clock.advance(wait_s)
    assert GRANTED == await instances[1].take("a")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionError(),
        client_error("ThrottlingException"),
        client_error("AccessDeniedException"),
        client_error("ResourceNotFoundException"),
        ParamValidationError(report="a key that is too long"),
    ],
    ids=repr,
)
async def test_a_counter_that_fails_lets_through(clock: FakeClock, error: Exception) -> None:
    client = Counted()
    client.error = error
    shared = SharedBuckets(Table(client, "limits"), Rate(burst=1, per_s=1), name="guests", clock=clock)

    assert [GRANTED, GRANTED] == [await shared.take("a") for _ in range(2)]


async def test_a_flood_costs_no_writes(clock: FakeClock) -> None:
    client, rate, metrics = Counted(), Rate(burst=2, per_s=1), Metrics()
    limiter = Limiter(
        "guests",
        Buckets(rate, clock=clock),
        metrics=metrics,
        shared=SharedBuckets(Table(client, "limits"), rate, name="guests", clock=clock),
    )

    for number in range(100):
        if number < 2:
            await limiter.admit("a")
        else:
            with pytest.raises(RateLimited) as refused:
                await limiter.admit("a")
            assert refused.value.retry_after_s == pytest.approx(1.0)

    assert 2 == client.calls
    assert 98 == metrics.registry.get_sample_value("muster_requests_limited_total", {"limit": "guests"})


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "no address"),
        ("unix:", "no address"),
        ("x" * 5000, "no address"),
    ],
)
def test_an_address_stands_for_who_has_it(address: str, key: str) -> None:
    assert key == address_key(address)
