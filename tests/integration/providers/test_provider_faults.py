"""Providers that are down, slow or lying: 503, 502 and 401 told apart, in bounded time, others unaffected."""

import asyncio
import json

import pytest
from provider_world import HASTY, provider_world
from structlog.testing import capture_logs

from muster_identity.errors import CredentialRefused, ProviderLied, ProviderUnavailable
from muster_identity.testing.faults import Fault, Mood
from muster_identity.testing.setup import SECRET
from muster_runtime.testing import FakeClock, eventually

DOORS = {
    "steam": "steam",
    "apple": "apple",
    "google_play": "google",
    "facebook": "facebook",
    "epic": "epic",
    "discord": "discord",
    "oidc:example": "oidc",
}
"""Each door that HTTP leads to, and who stands behind it."""
DOWN = [Fault.DOWN, Fault.BUSY, Fault.RATE_LIMITED, Fault.BREAKS_OFF]
LYING = [Fault.MALFORMED, Fault.NOT_JSON, Fault.WRONG_TYPE, Fault.REDIRECT, Fault.OVERSIZED, Fault.COMPRESSED]

doors = pytest.mark.parametrize("door", DOORS)


@doors
async def test_a_good_credential_opens_its_door_and_the_same_player_is_the_same_person(
    clock: FakeClock, door: str
) -> None:
    async with provider_world(clock) as world:
        first, again, other = (await world.good(door), await world.good(door), await world.good(door, "bob"))

    assert door == first.door
    assert first == again
    assert first.subject != other.subject


@doors
async def test_a_provider_that_is_down_and_one_that_lies_are_told_apart(clock: FakeClock, door: str) -> None:
    outcomes = {}
    async with provider_world(clock, provider_failures=100) as world:
        for fault in (*DOWN, *LYING, Fault.ERROR_WITH_200):
            world.pretend.switchboard.set(DOORS[door], Mood(fault))
            with pytest.raises((ProviderUnavailable, ProviderLied)) as caught:
                await world.good(door)
            outcomes[fault] = type(caught.value)
            # What failed a moment ago is not asked again.
            clock.advance(60)

    # Graph API tells its own trouble with status 200; from the others that makes no sense.
    with_200 = ProviderUnavailable if door == "facebook" else ProviderLied
    expected = {**dict.fromkeys(DOWN, ProviderUnavailable), **dict.fromkeys(LYING, ProviderLied)}
    assert {**expected, Fault.ERROR_WITH_200: with_200} == outcomes


@doors
async def test_a_provider_that_hangs_is_given_up(clock: FakeClock, door: str) -> None:
    async with provider_world(clock, **HASTY) as world:
        world.pretend.switchboard.set(DOORS[door], Mood(Fault.HANG))

        with pytest.raises(ProviderUnavailable):
            await world.good(door)


async def test_nobody_listening_is_an_outage_too(clock: FakeClock) -> None:
    async with provider_world(clock, steam_url="http://127.0.0.1:1") as world:
        with pytest.raises(ProviderUnavailable):
            await world.good("steam")


async def test_a_slow_answer_is_waited_for(clock: FakeClock) -> None:
    async with provider_world(clock) as world:
        world.pretend.switchboard.set("steam", Mood(latency_s=0.02))

        assert "steam" == (await world.good("steam")).door


async def test_what_can_be_asked_again_is_asked_again_once(clock: FakeClock) -> None:
    async with provider_world(clock) as world:
        world.pretend.switchboard.set("steam", Mood(Fault.DOWN, times=1))

        assert "steam" == (await world.good("steam")).door
        assert 2 == world.pretend.switchboard.asked["steam"]


async def test_a_code_for_one_use_is_never_sent_twice(clock: FakeClock) -> None:
    async with provider_world(clock) as world:
        world.pretend.switchboard.set("discord", Mood(Fault.BREAKS_OFF, times=1))

        with pytest.raises(ProviderUnavailable):
            await world.good("discord")
        assert 1 == world.pretend.switchboard.asked["discord"]


async def test_the_providers_own_retry_after_is_passed_on(clock: FakeClock) -> None:
    async with provider_world(clock) as world:
        world.pretend.switchboard.set("facebook", Mood(Fault.BUSY))

        with pytest.raises(ProviderUnavailable) as caught:
            await world.good("facebook")
        assert 7 == caught.value.retry_after_s


async def test_a_provider_that_failed_often_is_left_alone_until_one_call_finds_it_well(clock: FakeClock) -> None:
    async with provider_world(clock, provider_failures=2, provider_attempts=1, provider_open_s=10) as world:
        world.pretend.switchboard.set("steam", Mood(Fault.DOWN))
        for _ in range(2):
            with pytest.raises(ProviderUnavailable):
                await world.good("steam")

        with pytest.raises(ProviderUnavailable) as held_back:
            await world.good("steam")

        assert 2 == world.pretend.switchboard.asked["steam"]
        assert 10 == held_back.value.retry_after_s
        assert 1.0 == world.scope.metrics.registry.get_sample_value("muster_provider_breaker_open", {"door": "steam"})
        assert "apple" == (await world.good("apple")).door

        world.pretend.switchboard.clear()
        clock.advance(10)
        assert "steam" == (await world.good("steam")).door
        assert "steam" == (await world.good("steam")).door


async def test_credentials_that_are_refused_never_open_the_breaker(clock: FakeClock) -> None:
    async with provider_world(clock, provider_failures=2) as world:
        for _ in range(4):
            with pytest.raises(CredentialRefused):
                await world.sign_in("steam", ticket="ab" * 32)
            with pytest.raises(CredentialRefused):
                await world.sign_in("discord", code="made up", redirect_uri="http://127.0.0.1/signed-in")

        assert "steam" == (await world.good("steam")).door
        assert "discord" == (await world.good("discord")).door


async def test_a_provider_that_hangs_keeps_its_own_places_busy_and_nobody_elses(clock: FakeClock) -> None:
    async with provider_world(clock, provider_concurrency=2) as world:
        switchboard = world.pretend.switchboard
        switchboard.set("steam", Mood(Fault.HANG))
        async with asyncio.TaskGroup() as group:
            hanging = [group.create_task(world.good("steam")) for _ in range(2)]
            await eventually(lambda: switchboard.asked["steam"] == 2)

            with pytest.raises(ProviderUnavailable) as full:
                await world.good("steam")
            others = [await world.good(door) for door in DOORS if door != "steam"]
            switchboard.clear()

        assert full.value.retry_after_s is not None
        assert len(DOORS) - 1 == len(others)
        assert ["steam", "steam"] == [task.result().door for task in hanging]


@doors
async def test_what_is_no_text_is_refused_without_asking_anybody(clock: FakeClock, door: str) -> None:
    async with provider_world(clock, provider_failures=1) as world:
        with pytest.raises(CredentialRefused):
            await world.sign_in(door, **dict.fromkeys(world.credential(door), "a\ud800"))

        assert 0 == world.pretend.switchboard.asked[DOORS[door]]


async def test_verdicts_are_counted_by_door(clock: FakeClock) -> None:
    async with provider_world(clock) as world:
        await world.good("apple")
        with pytest.raises(CredentialRefused):
            await world.sign_in("apple", identity_token="no token")
        world.pretend.switchboard.set("steam", Mood(Fault.REDIRECT))
        with pytest.raises(ProviderLied):
            await world.good("steam")

        def counted(door: str, verdict: str) -> float | None:
            labels = {"door": door, "verdict": verdict}
            return world.scope.metrics.registry.get_sample_value("muster_provider_verdicts_total", labels)

        assert (1, 1, 1) == (counted("apple", "good"), counted("apple", "refused"), counted("steam", "lied"))


@doors
async def test_neither_logs_nor_errors_repeat_what_players_and_providers_send(clock: FakeClock, door: str) -> None:
    faults = [*DOWN, *LYING, Fault.ERROR_WITH_200]
    async with provider_world(clock, provider_failures=100) as world:
        given, said = [SECRET], []
        with capture_logs() as logs:
            for fault in faults:
                world.pretend.switchboard.set(DOORS[door], Mood(fault))
                credential = world.credential(door)
                given += [value for name, value in credential.items() if name != "redirect_uri"]
                with pytest.raises((ProviderUnavailable, ProviderLied)) as caught:
                    await world.sign_in(door, **credential)
                said.append(f"{caught.value!r} {caught.value} {caught.value.__cause__!r}")
                # What failed a moment ago is not asked again.
                clock.advance(60)
            world.pretend.switchboard.clear()
            with pytest.raises(CredentialRefused):
                await world.sign_in(door, **dict.fromkeys(credential, "canary-9f31"))

    text = json.dumps(logs, default=repr) + " ".join(said)
    assert len(faults) < len(logs)
    assert [] == [value for value in [*given, "canary-9f31"] if value in text]
