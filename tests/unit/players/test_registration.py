import asyncio
from typing import Any

import pytest

from muster_players.arena.registration import NotRegistered, Registration
from muster_runtime.testing import FakeClock, client_error

ENDPOINT = "ws://127.0.0.1:9081"


class FakeCompute:
    """The three GameLift calls of a compute."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.fail: dict[str, Exception] = {}

    async def register_compute(self, **request: Any) -> dict[str, Any]:
        return self._answer("register", request, {"Compute": {"GameLiftServiceSdkEndpoint": ENDPOINT}})

    async def describe_compute(self, **request: Any) -> dict[str, Any]:
        return self._answer("describe", request, {"Compute": {"GameLiftServiceSdkEndpoint": ENDPOINT}})

    async def get_compute_auth_token(self, **request: Any) -> dict[str, Any]:
        return self._answer("token", request, {"AuthToken": f"token-{len(self.calls)}"})

    def _answer(self, name: str, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        self.calls.append((name, request))
        if name in self.fail:
            raise self.fail[name]
        return answer


def registration(gamelift: FakeCompute, clock: FakeClock) -> Registration:
    return Registration(
        gamelift, fleet_id="fleet-1", compute="laptop", address="127.0.0.1", location="custom-laptop", clock=clock
    )


async def test_the_compute_is_registered_before_a_token_is_asked_for(clock: FakeClock) -> None:
    gamelift = FakeCompute()

    credentials = await registration(gamelift, clock).credentials()

    (first, request), (second, _) = gamelift.calls
    assert ("register", "token") == (first, second)
    assert {
        "FleetId": "fleet-1",
        "ComputeName": "laptop",
        "IpAddress": "127.0.0.1",
        "Location": "custom-laptop",
    } == request
    assert (ENDPOINT, "token-1") == (credentials.websocket_url, credentials.auth_token)


async def test_processes_that_start_together_share_one_token(clock: FakeClock) -> None:
    gamelift = FakeCompute()
    shared = registration(gamelift, clock)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(shared.credentials())

    assert 2 == len(gamelift.calls)


async def test_a_later_connection_gets_a_new_token(clock: FakeClock) -> None:
    shared = registration(FakeCompute(), clock)
    first = await shared.credentials()
    clock.advance(10)

    assert first != await shared.credentials()


async def test_a_compute_that_exists_already_serves(clock: FakeClock) -> None:
    gamelift = FakeCompute()
    gamelift.fail["register"] = client_error("ConflictException")

    assert ENDPOINT == (await registration(gamelift, clock).credentials()).websocket_url
    assert ["register", "describe", "token"] == [name for name, _ in gamelift.calls]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (client_error("InvalidRequestException"), "InvalidRequestException"),
        (client_error("ThrottlingException"), "busy"),
        (ConnectionRefusedError(), "unavailable"),
    ],
)
async def test_every_failure_is_one_that_is_tried_again(clock: FakeClock, error: Exception, code: str) -> None:
    gamelift = FakeCompute()
    gamelift.fail["register"] = error

    with pytest.raises(NotRegistered) as refused:
        await registration(gamelift, clock).credentials()

    assert code == refused.value.code


async def test_after_a_failure_the_next_try_asks_again(clock: FakeClock) -> None:
    gamelift = FakeCompute()
    gamelift.fail["token"] = client_error("InternalServiceException", status=500)
    shared = registration(gamelift, clock)
    with pytest.raises(NotRegistered):
        await shared.credentials()
    gamelift.fail.clear()

    assert ENDPOINT == (await shared.credentials()).websocket_url
