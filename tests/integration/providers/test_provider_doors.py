"""Steam, Google Play, Facebook and Discord: what each lets in, and what not."""

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from provider_world import ProviderWorld, provider_world

from muster_identity.errors import CredentialRefused, ProviderUnavailable
from muster_identity.gateway.providers import steam as gateway_steam
from muster_identity.testing import facebook, google
from muster_identity.testing.discord import REDIRECT_URI
from muster_identity.testing.people import steam_id
from muster_runtime.testing import FakeClock


@pytest.fixture
async def world(clock: FakeClock) -> AsyncIterator[ProviderWorld]:
    async with provider_world(clock) as running:
        yield running


async def test_a_steam_id_is_text_from_end_to_end(world: ProviderWorld) -> None:
    identity = await world.good("steam", "ann")

    assert ("steam", steam_id("ann"), None) == (identity.door, identity.subject, identity.display_name)


@pytest.mark.parametrize("ticket", ["zz", "abc", " 14", "14" * 4097, "14000000&key=other", "é" * 10])
async def test_what_cannot_be_a_ticket_is_refused_without_asking_steam(world: ProviderWorld, ticket: str) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("steam", ticket=ticket)

    assert 0 == world.pretend.switchboard.asked["steam"]


@pytest.mark.parametrize("of", [{"app_id": 481}, {"identity": "another service"}, {"identity": ""}])
async def test_a_ticket_for_another_game_or_service_is_refused(world: ProviderWorld, of: dict[str, Any]) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("steam", ticket=world.pretend.steam.ticket("ann", **of))


async def test_a_forged_ticket_is_refused(world: ProviderWorld) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("steam", ticket="14" * 100)


@pytest.mark.parametrize(
    ("ticket", "changes", "let_in"),
    [
        ({"vac_banned": True}, {}, False),
        ({"vac_banned": True}, {"steam_reject_vac": False}, True),
        ({"vac_banned": True}, {"steam_reject_vac": False, "steam_reject_publisher_ban": True}, True),
        ({"publisher_banned": True}, {}, False),
        ({"publisher_banned": True}, {"steam_reject_publisher_ban": False}, True),
        ({"publisher_banned": True}, {"steam_reject_vac": True, "steam_reject_publisher_ban": False}, True),
        ({"owner": "bob"}, {}, True),
        ({"owner": "bob"}, {"steam_allow_borrowed": False}, False),
    ],
)
async def test_bans_and_borrowed_games_are_told_apart_each_with_its_own_switch(
    clock: FakeClock, ticket: dict[str, Any], changes: dict[str, Any], *, let_in: bool
) -> None:
    async with provider_world(clock, **changes) as world:
        credential = world.pretend.steam.ticket("ann", **ticket)
        if let_in:
            assert steam_id("ann") == (await world.sign_in("steam", ticket=credential)).subject
        else:
            with pytest.raises(CredentialRefused):
                await world.sign_in("steam", ticket=credential)


@pytest.fixture
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_steam, "PAUSE_S", 0)


@pytest.mark.usefixtures("_no_pause")
async def test_a_ticket_that_steam_does_not_know_yet_is_asked_for_again(world: ProviderWorld) -> None:
    world.pretend.steam.late = gateway_steam.TRIES - 1

    assert steam_id("ann") == (await world.good("steam")).subject


@pytest.mark.usefixtures("_no_pause")
async def test_steam_is_not_asked_for_ever_for_a_ticket_it_does_not_know(world: ProviderWorld) -> None:
    world.pretend.steam.late = 100

    with pytest.raises(ProviderUnavailable):
        await world.good("steam")

    assert gateway_steam.TRIES == world.pretend.switchboard.asked["steam"]


@pytest.mark.parametrize(
    ("door", "changes"),
    [
        ("steam", {"steam_key": "wrong"}),
        ("google_play", {"google_play_client_secret": "wrong"}),
        ("facebook", {"facebook_app_secret": "wrong"}),
        ("discord", {"discord_client_secret": "wrong"}),
    ],
)
async def test_a_wrong_secret_of_ours_is_no_fault_of_the_player(
    clock: FakeClock, door: str, changes: dict[str, Any]
) -> None:
    async with provider_world(clock, **changes) as world:
        with pytest.raises(ProviderUnavailable):
            await world.good(door)


async def test_a_google_player_comes_with_a_name(world: ProviderWorld) -> None:
    identity = await world.good("google_play", "ann")

    assert (google.player_id("ann"), "ann") == (identity.subject, identity.display_name)


async def test_a_google_player_with_a_new_id_is_known_by_the_first(world: ProviderWorld) -> None:
    code = world.pretend.google.code("ann", first_id="g111")

    assert "g111" == (await world.sign_in("google_play", server_auth_code=code)).subject


async def test_a_google_code_is_good_once(world: ProviderWorld) -> None:
    code = world.pretend.google.code()
    await world.sign_in("google_play", server_auth_code=code)

    with pytest.raises(CredentialRefused):
        await world.sign_in("google_play", server_auth_code=code)


@pytest.mark.parametrize("code", ["4/made-up", "", "a&client_id=other"])
async def test_a_google_code_that_nobody_gave_is_refused(world: ProviderWorld, code: str) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("google_play", server_auth_code=code)


async def test_a_google_code_for_another_game_is_refused(world: ProviderWorld) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("google_play", server_auth_code=world.pretend.google.code(app_id="999"))


async def test_facebook_says_who_a_token_belongs_to(world: ProviderWorld) -> None:
    token = world.pretend.facebook.access_token("ann")

    identity = await world.sign_in("facebook", access_token=token, user_id=facebook.user_id("ann"))

    assert facebook.user_id("ann") == identity.subject


@pytest.mark.parametrize("named", ["app", "me", facebook.user_id("bob"), "1", f"{facebook.user_id('ann')}/friends"])
async def test_the_id_that_a_client_names_chooses_nobody(world: ProviderWorld, named: str) -> None:
    token = world.pretend.facebook.access_token("ann")

    with pytest.raises(CredentialRefused):
        await world.sign_in("facebook", access_token=token, user_id=named)


@pytest.mark.parametrize(
    "of", [{"app_id": "999"}, {"kind": "PAGE"}, {"life_s": -1}, {"life_s": -1, "said_valid": True}]
)
async def test_a_facebook_token_of_another_app_kind_or_time_is_refused(
    world: ProviderWorld, of: dict[str, Any]
) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("facebook", access_token=world.pretend.facebook.access_token("ann", **of))


async def test_a_facebook_token_may_have_no_end(world: ProviderWorld) -> None:
    token = world.pretend.facebook.access_token("ann", life_s=0)

    assert facebook.user_id("ann") == (await world.sign_in("facebook", access_token=token)).subject


async def test_a_forged_facebook_token_is_refused(world: ProviderWorld) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("facebook", access_token="EAAforged")


async def test_a_discord_player_comes_with_a_name(world: ProviderWorld) -> None:
    assert "ann" == (await world.good("discord", "ann")).display_name


async def test_a_discord_code_is_good_once(world: ProviderWorld) -> None:
    code = world.pretend.discord.code()
    await world.sign_in("discord", code=code, redirect_uri=REDIRECT_URI)

    with pytest.raises(CredentialRefused):
        await world.sign_in("discord", code=code, redirect_uri=REDIRECT_URI)


@pytest.mark.parametrize("of", [{"application": "900000000000000002"}, {"identify": False}, {"life_s": 0}])
async def test_a_discord_token_for_another_application_scope_or_time_is_refused(
    world: ProviderWorld, of: dict[str, Any]
) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("discord", code=world.pretend.discord.code("ann", **of), redirect_uri=REDIRECT_URI)


async def test_a_discord_code_goes_with_its_address(world: ProviderWorld) -> None:
    with pytest.raises(CredentialRefused):
        await world.sign_in("discord", code=world.pretend.discord.code(), redirect_uri="http://evil.example")


@pytest.mark.parametrize(("verifier", "let_in"), [("right", True), ("wrong", False)])
async def test_a_discord_code_goes_with_its_verifier(world: ProviderWorld, verifier: str, *, let_in: bool) -> None:
    digest = hashlib.sha256(b"right").digest()
    code = world.pretend.discord.code(challenge=base64.urlsafe_b64encode(digest).rstrip(b"=").decode())
    credential = {"code": code, "redirect_uri": REDIRECT_URI, "code_verifier": verifier}

    if let_in:
        assert "discord" == (await world.sign_in("discord", **credential)).door
    else:
        with pytest.raises(CredentialRefused):
            await world.sign_in("discord", **credential)
