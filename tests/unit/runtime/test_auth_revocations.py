import asyncio
import json
from collections.abc import Iterator

import pytest
import structlog

from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.principal import Principal
from muster_runtime.auth.revocation_feed import ListRefused, RevocationFeed, entries_of
from muster_runtime.auth.revocations import Revocation, Revocations, document_of, mark_of, marks_of
from muster_runtime.auth.tokens import TokenRevoked
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.metrics import Metrics
from muster_runtime.testing import TokenMint
from muster_runtime.testing.clock import FakeClock


@pytest.fixture
def revoked(clock: FakeClock) -> Revocations:
    return Revocations(clock=clock, longest_life_s=900, max_entries=3)


@pytest.fixture
def verifier(clock: FakeClock, token_mint: TokenMint) -> TokenVerifier:
    async def fetch() -> bytes:
        return json.dumps(token_mint.jwks()).encode()

    return TokenVerifier(
        Jwks(fetch, clock=clock, max_age_s=1e6), issuer=token_mint.issuer, audience=token_mint.audience, clock=clock
    )


def covers(revoked: Revocations, *, user: str = "u", session: str = "s", issued_at_s: float) -> bool:
    return revoked.covers(marks_of(Principal(user, "guest", session)), issued_at_s)


async def test_a_token_of_a_session_that_ended_is_refused_although_it_was_verified_before(
    verifier: TokenVerifier, token_mint: TokenMint
) -> None:
    token, other = token_mint.token(sid="s-1"), token_mint.token(sid="s-2")
    await verifier.verify(token)

    verifier.revocations.session_ended("s-1")

    with pytest.raises(TokenRevoked):
        await verifier.verify(token)
    with pytest.raises(TokenRevoked):
        await verifier.verify(token_mint.token(sid="s-1", jti="never seen"))
    assert await verifier.verify(other)


async def test_a_barred_user_is_refused_until_they_get_a_later_token(
    verifier: TokenVerifier, token_mint: TokenMint, clock: FakeClock
) -> None:
    token = token_mint.token("player-1")
    await verifier.verify(token)

    verifier.revocations.user_barred("player-1")
    clock.advance(1)

    with pytest.raises(TokenRevoked):
        await verifier.verify(token)
    assert await verifier.verify(token_mint.token("player-1"))
    assert await verifier.verify(token_mint.token("player-2"))


async def test_a_session_does_not_come_back_by_a_later_token(
    verifier: TokenVerifier, token_mint: TokenMint, clock: FakeClock
) -> None:
    verifier.revocations.session_ended("s-1")
    clock.advance(10)

    with pytest.raises(TokenRevoked):
        await verifier.verify(token_mint.token(sid="s-1"))


def test_events_out_of_order_and_twice_change_nothing(revoked: Revocations, clock: FakeClock) -> None:
    now_s = clock.epoch_s()

    for at_s in (now_s, now_s - 100, now_s):
        revoked.user_barred("u", at_s=at_s)

    assert 1 == len(revoked)
    assert covers(revoked, issued_at_s=now_s)


def test_what_no_token_can_outlive_is_forgotten(revoked: Revocations, clock: FakeClock) -> None:
    now_s = clock.epoch_s()
    revoked.session_ended("s")
    clock.advance(899)
    assert covers(revoked, issued_at_s=now_s)

    clock.advance(1)
    assert not covers(revoked, issued_at_s=now_s)
    revoked.session_ended("another")

    assert 1 == len(revoked)


def test_an_old_event_is_not_kept_at_all(revoked: Revocations, clock: FakeClock) -> None:
    revoked.user_barred("u", at_s=clock.epoch_s() - 901)

    assert 0 == len(revoked)


def test_a_list_cannot_make_an_entry_stay_for_ever(revoked: Revocations, clock: FakeClock) -> None:
    revoked.add([Revocation(mark_of("user", "u"), 1e18, 1e18)])
    clock.advance(901)

    assert not covers(revoked, issued_at_s=clock.epoch_s())


def test_the_set_is_bounded_and_keeps_what_matters_longest(revoked: Revocations, clock: FakeClock) -> None:
    now_s = clock.epoch_s()
    for number in range(10):
        revoked.session_ended(f"s-{number}")
        clock.advance(0.01)

    assert 3 == len(revoked)
    assert [f"s-{number}" for number in (7, 8, 9)] == [
        f"s-{number}" for number in range(10) if covers(revoked, session=f"s-{number}", issued_at_s=now_s)
    ]


def test_marks_of_users_and_sessions_do_not_mix_and_do_not_tell_the_id(revoked: Revocations, clock: FakeClock) -> None:
    revoked.session_ended("same")

    assert covers(revoked, session="same", issued_at_s=clock.epoch_s())
    assert not covers(revoked, user="same", issued_at_s=clock.epoch_s())
    assert "same" not in mark_of("session", "same")
    assert not covers(revoked, user="same", session="", issued_at_s=clock.epoch_s())


def test_a_published_list_says_the_same_on_the_other_side() -> None:
    told = (Revocation(mark_of("session", "s"), 10.2, 20.7), Revocation(mark_of("user", "u"), 5.0, 6.0))

    read = entries_of(json.dumps(document_of(told)).encode())

    assert {(told[0].mark, 11.0, 21.0), (told[1].mark, 5.0, 6.0)} == {
        (one.mark, one.not_after_s, one.until_s) for one in read
    }


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"revoked": {}}',
        b'{"revoked": [1]}',
        b'{"revoked": [["short", 1, 2]]}',
        json.dumps({"revoked": [["m" * 32, "1", 2]]}).encode(),
        json.dumps({"revoked": [["m" * 32, True, 2]]}).encode(),
        json.dumps({"revoked": [["m" * 32, 1.5, 2]]}).encode(),
        json.dumps({"revoked": [["m" * 32, 1]]}).encode(),
        b'{"revoked": [], "revoked": []}',
    ],
)
def test_what_is_no_list_is_refused_as_a_whole(raw: bytes) -> None:
    with pytest.raises(ListRefused):
        entries_of(raw)


async def test_a_feed_that_fails_keeps_what_it_knows_and_counts(revoked: Revocations, clock: FakeClock) -> None:
    now_s = clock.epoch_s()
    answers: Iterator[bytes | Exception | None] = iter(
        [
            json.dumps(document_of([Revocation(mark_of("session", "s"), now_s + 900, now_s + 900)])).encode(),
            None,
            ConnectionError(),
            b"<html>",
        ]
    )

    async def fetch() -> bytes | None:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    metrics = Metrics()
    feed = RevocationFeed(fetch, revoked, every_s=2, metrics=metrics)

    assert [True, True, False, False] == [await feed.read() for _ in range(4)]

    assert covers(revoked, issued_at_s=now_s)
    for outcome in ("ok", "failed"):
        assert 2 == metrics.registry.get_sample_value("muster_revocation_reads_total", {"outcome": outcome})


async def test_a_feed_reads_at_once_and_ends_when_told(revoked: Revocations) -> None:
    reads: list[str] = []
    stop = asyncio.Event()

    async def fetch() -> bytes | None:
        reads.append("read")
        if len(reads) == 3:
            stop.set()
        return None

    await RevocationFeed(fetch, revoked, every_s=0.001).run(stop)

    assert 3 == len(reads)


async def test_an_outage_is_told_once_and_so_is_its_end(revoked: Revocations) -> None:
    up = [False, False, True, False, False, False, False, False, True, True]
    answers = iter(up)

    async def fetch() -> bytes | None:
        if not next(answers):
            raise ConnectionError
        return None

    feed = RevocationFeed(fetch, revoked, every_s=2)
    with structlog.testing.capture_logs() as logs:
        assert up == [await feed.read() for _ in up]

    assert ["revocations_unread", "revocations_read_again"] == [line["event"] for line in logs]
