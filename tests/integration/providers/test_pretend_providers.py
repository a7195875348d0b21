"""The pretend providers as a developer meets them: credentials to paste, a page, and switches."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from ports import kept_port
from provider_world import settings_for

from muster_identity.errors import CredentialRefused, ProviderLied
from muster_identity.gateway import providers as gateway
from muster_identity.ports import Provider
from muster_identity.testing.app import build
from muster_identity.testing.settings import Settings
from muster_runtime.scope import Scope
from muster_runtime.testing import running

DESKS = {
    "/steam/ticket": "steam",
    "/apple/identity-token": "apple",
    "/apple/identity-token?nonce=n-0S6": "apple",
    "/google/code": "google_play",
    "/facebook/access-token": "facebook",
    "/facebook/limited-token": "facebook",
    "/epic/id-token?nonce=n-0S6": "epic",
    "/discord/code": "discord",
    "/oidc/id-token": "oidc:example",
}


@dataclass
class Laptop:
    """The pretend providers as `make up` runs them, identity's doors, and curl."""

    url: str
    http: aiohttp.ClientSession
    doors: dict[str, Provider]

    async def get(self, path: str) -> Any:
        async with self.http.get(f"{self.url}{path}") as answer:
            assert 200 == answer.status
            return await answer.json()

    async def post(self, path: str, body: Any) -> tuple[int, Any]:
        async with self.http.post(f"{self.url}{path}", json=body) as answer:
            return answer.status, await answer.json()


@pytest.fixture
async def laptop(http_client: aiohttp.ClientSession, port: int) -> AsyncIterator[Laptop]:
    url = f"http://127.0.0.1:{port}"
    settings = settings_for(url)
    async with (
        running("providers", Settings(port=port, url=url), build),
        Scope("identity", settings) as scope,
    ):
        yield Laptop(url, http_client, dict(gateway.build(settings, scope)))


@pytest.fixture
def port() -> Iterator[int]:
    with kept_port() as kept:
        yield kept


async def test_what_the_desk_gives_opens_the_door_as_it_is(laptop: Laptop) -> None:
    for path, door in DESKS.items():
        identity = await laptop.doors[door].validate(await laptop.get(path))

        assert door == identity.door


async def test_the_page_names_every_desk(laptop: Laptop) -> None:
    async with laptop.http.get(f"{laptop.url}/") as answer:
        page = await answer.text()

    assert [] == [path for path in DESKS if path.partition("?")[0] not in page]
    assert laptop.url in page


async def test_a_borrowed_and_banned_ticket_can_be_had(laptop: Laptop) -> None:
    credential = await laptop.get("/steam/ticket?player=ann&owner=bob&vac_banned=1")

    with pytest.raises(CredentialRefused):
        await laptop.doors["steam"].validate(credential)


async def test_switches_make_a_provider_lie_and_well_again(laptop: Laptop) -> None:
    status, moods = await laptop.post("/faults", {"provider": "steam", "fault": "redirect"})
    assert (200, {"steam": {"fault": "redirect", "latency_s": 0.0, "times": None}}) == (status, moods)
    with pytest.raises(ProviderLied):
        await laptop.doors["steam"].validate(await laptop.get("/steam/ticket"))

    async with laptop.http.delete(f"{laptop.url}/faults") as answer:
        assert {} == await answer.json()
    assert "steam" == (await laptop.doors["steam"].validate(await laptop.get("/steam/ticket"))).door


async def test_an_issuer_can_be_told_to_sign_with_a_new_key(laptop: Laptop) -> None:
    old = await laptop.get("/epic/id-token")
    await laptop.doors["epic"].validate(old)

    assert (200, "epic-2") == ((told := await laptop.post("/rotate", {"provider": "epic"}))[0], told[1]["signs_with"])

    assert "epic" == (await laptop.doors["epic"].validate(await laptop.get("/epic/id-token"))).door
    assert "epic" == (await laptop.doors["epic"].validate(old)).door


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"provider": "nobody"}),
        ("/faults", {"provider": "steam", "fault": "odd"}),
        ("/rotate", {"provider": "steam"}),
        ("/rotate", []),
    ],
)
async def test_a_switch_that_there_is_not_is_explained(laptop: Laptop, path: str, body: Any) -> None:
    status, answer = await laptop.post(path, body)

    assert 422 == status
    assert answer["problems"]
