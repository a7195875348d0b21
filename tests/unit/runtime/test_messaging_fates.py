import random

import pytest

from muster_runtime.errors import (
    Busy,
    Conflict,
    Forbidden,
    Garbled,
    Invalid,
    Malformed,
    MusterError,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from muster_runtime.messaging.fates import Park, ParkedShare, Retry, fate_of
from muster_runtime.settings import ConsumerSettings


def spread(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable, and no secret


SETTINGS = ConsumerSettings(consumer_max_receives=5, consumer_backoff_base_s=1, consumer_backoff_cap_s=60)


@pytest.mark.parametrize("family", [Malformed, Invalid, Unauthenticated, Forbidden, TooLarge])
def test_what_a_repeat_cannot_mend_is_parked_at_once(family: type[MusterError]) -> None:
    assert Park(family.code, "because") == fate_of(family("because"), receives=1, settings=SETTINGS)


@pytest.mark.parametrize("family", [NotFound, Conflict, TooMany, Busy, Unavailable, Garbled])
def test_what_may_mend_itself_is_retried(family: type[MusterError]) -> None:
    fate = fate_of(family(), receives=1, settings=SETTINGS)

    assert isinstance(fate, Retry)
    assert family.code == fate.code


@pytest.mark.parametrize("family", [Busy, Unavailable])
def test_an_outage_never_parks_a_message(family: type[MusterError]) -> None:
    assert isinstance(fate_of(family(), receives=1000, settings=SETTINGS), Retry)


@pytest.mark.parametrize("family", [NotFound, Conflict, TooMany])
def test_a_known_trouble_that_never_mends_is_parked_with_its_detail(family: type[MusterError]) -> None:
    assert Park("too_many_receives", "gone") == fate_of(family("gone"), receives=5, settings=SETTINGS)


def test_an_unexpected_error_is_retried_until_its_last_receive() -> None:
    assert isinstance(fate_of(KeyError("k"), receives=4, settings=SETTINGS), Retry)


def test_an_unexpected_error_is_parked_by_its_class_and_never_its_text() -> None:
    fate = fate_of(KeyError("a secret"), receives=5, settings=SETTINGS)

    assert Park("too_many_receives", "KeyError") == fate


def test_the_pause_grows_with_the_receives_up_to_the_cap() -> None:
    longest = [
        max(
            fate.delay_s
            for seed in range(200)
            if isinstance(fate := fate_of(Busy(), receives=receives, settings=SETTINGS, rng=spread(seed)), Retry)
        )
        for receives in (1, 3, 20)
    ]

    assert [1, 4, 60] == longest


def test_the_pause_is_spread_over_its_whole_range() -> None:
    delays = {
        fate.delay_s
        for seed in range(300)
        if isinstance(fate := fate_of(Busy(), receives=4, settings=SETTINGS, rng=spread(seed)), Retry)
    }

    assert {1, 2, 3, 4, 5, 6, 7, 8} == delays


def test_a_pause_asked_for_is_kept() -> None:
    fate = fate_of(Busy(retry_after_s=120), receives=1, settings=SETTINGS)

    assert isinstance(fate, Retry)
    assert 120 == fate.delay_s


def test_a_pause_never_exceeds_what_sqs_takes() -> None:
    fate = fate_of(Busy(retry_after_s=10**9), receives=1, settings=SETTINGS)

    assert isinstance(fate, Retry)
    assert 43_200 == fate.delay_s


def test_the_share_is_judged_only_after_the_minimum() -> None:
    share = ParkedShare(SETTINGS)

    assert [False] * 19 + [True] == [share.note(parked=True) for _ in range(20)]


def test_half_of_the_messages_may_be_parked_but_not_more() -> None:
    share = ParkedShare(SETTINGS)

    even = [share.note(parked=parked) for _ in range(50) for parked in (False, True)]

    assert not any(even)
    assert not share.note(parked=False)
    assert share.note(parked=True) is False
    assert [True] == [share.note(parked=True)]


def test_what_left_the_window_counts_no_more() -> None:
    share = ParkedShare(ConsumerSettings(consumer_parked_window=10, consumer_parked_minimum=10))
    for _ in range(5):
        share.note(parked=True)

    assert not any(share.note(parked=False) for _ in range(15))


def test_a_minimum_above_the_window_does_not_switch_the_limit_off() -> None:
    share = ParkedShare(ConsumerSettings(consumer_parked_window=5, consumer_parked_minimum=20))

    assert True is [share.note(parked=True) for _ in range(5)][-1]
