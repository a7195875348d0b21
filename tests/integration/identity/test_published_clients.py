"""Each engine's published client against our wire: what it sends reaches us, and what we answer it can read."""

import pytest
from identity_world import Identity, claims_of
from published_clients import DOORS, ENGINES, Godot, PublishedClient, Unity, Unreal

from muster_identity.errors import ProviderLied, ProviderUnavailable

ONCE_S = 5
every_engine = pytest.mark.parametrize("engine", ENGINES)
every_door = pytest.mark.parametrize("door", DOORS)
USER, SECRET = "0b5c", "a-b"


def client(identity: Identity, engine: type[PublishedClient]) -> PublishedClient:
    """The engine set up as our document says: the stage and a slash at the end."""
    return engine(identity.http, f"{identity.url}/prod/", f"{identity.url}/prod")


def credential(door: str, subject: str = "7656") -> tuple[str, ...]:
    """What the fakes' provider takes for *subject*: itself, in each of the door's parameters."""
    return (subject,) * len(DOORS[door][1])


def assert_told(player: PublishedClient, *, errors: int, signed_in: int) -> None:
    """Exactly one of the two callbacks was called, each time."""
    assert (len(player.errors), player.signed_in, player.silences) == (errors, signed_in, 0), player.errors


@pytest.mark.parametrize(
    ("engine", "targets"),
    [
        (
            Unity,
            [
                "/prod/login-as-guest",
                f"/prod/login-as-guest?&user_id={USER}&guest_secret={SECRET}",
                "/prod/refresh-access-token?&refresh_token=R",
                "/prod/login-with-steam?&auth_token=A&steam_auth_token=7656&link_to_existing_user=Yes",
                "/prod/login-with-facebook?&facebook_access_token=7656&facebook_user_id=7656",
                "/prod/get-match-status?&ticketId=t",
            ],
        ),
        (
            Unreal,
            [
                "/prod/login-as-guest",
                f"/prod/login-as-guest?&user_id={USER}&guest_secret={SECRET}",
                "/prod/refresh-access-token?&refresh_token=R",
                "/prod/login-with-steam?&steam_auth_token=7656&auth_token=A&link_to_existing_user=Yes",
                "/prod/login-with-facebook?&facebook_access_token=7656&facebook_user_id=7656",
                "/prod/get-match-status?&ticketId=t",
            ],
        ),
        (
            Godot,
            [
                "/prod//login-as-guest",
                f"/prod//login-as-guest?user_id={USER}&guest_secret={SECRET}",
                "/prod//refresh-access-token?refresh_token=R",
                "/prod//login-with-steam?steam_auth_token=7656&auth_token=A&link_to_existing_user=Yes",
                "/prod//login-with-facebook?facebook_access_token=7656&facebook_user_id=7656",
                "/prod/get-match-status?&ticketId=t",
            ],
        ),
    ],
)
async def test_each_client_sends_what_its_engine_sends(
    identity: Identity, engine: type[PublishedClient], targets: list[str]
) -> None:
    player = client(identity, engine)

    await player.new_guest()
    await player.guest(USER, SECRET)
    player.user |= {"auth_token": "A", "refresh_token": "R"}
    await player.refresh()
    await player.sign_in("steam", "7656", link=True)
    await player.sign_in("facebook", "7656", "7656")
    await player.match("t")

    assert targets == player.sent


@every_engine
async def test_a_guest_comes_back_in_every_engine(identity: Identity, engine: type[PublishedClient]) -> None:
    player = client(identity, engine)

    await player.new_guest()
    first = dict(player.user)
    await player.guest(first["user_id"], first["guest_secret"])

    assert_told(player, errors=0, signed_in=2)
    # The samples write both into their saved game after every sign-in.
    assert (first["user_id"], first["guest_secret"]) == (player.user["user_id"], player.user["guest_secret"])
    assert first["auth_token"] != player.user["auth_token"]


@every_engine
async def test_every_engine_stays_signed_in_by_its_own_timer(identity: Identity, engine: type[PublishedClient]) -> None:
    player = client(identity, engine)
    await player.new_guest()
    born = player.user["user_id"]

    seen = {player.user["refresh_token"]}
    for _ in range(3):
        identity.clock.advance(player.user["auth_token_expires_in"] - player.early_s)
        await player.refresh()
        seen.add(player.user["refresh_token"])

    assert_told(player, errors=0, signed_in=4)
    assert 4 == len(seen)
    assert born == player.user["user_id"] == claims_of(player.user["auth_token"])["sub"]
    assert player.user["guest_secret"]


@every_engine
async def test_at_the_end_of_a_session_no_engine_refreshes_without_pause(
    identity: Identity, engine: type[PublishedClient]
) -> None:
    player = client(identity, engine)
    await player.new_guest()
    identity.clock.advance(player.user["refresh_token_expires_in"] - 2000)
    await player.refresh()

    refreshes = 0
    while not player.errors:
        # Unreal goes by the shorter of the two, the others by the access token alone.
        ends_in = player.user["auth_token_expires_in"]
        if engine is Unreal:
            ends_in = min(ends_in, player.user["refresh_token_expires_in"])
        assert ends_in >= 30, "Unreal complains, and the timers of all come close to no pause"
        identity.clock.advance(ends_in - player.early_s)
        await player.refresh()
        refreshes += 1
        assert refreshes < 20

    assert_told(player, errors=1, signed_in=refreshes + 1)


@every_engine
@every_door
async def test_every_door_opens_in_every_engine(identity: Identity, engine: type[PublishedClient], door: str) -> None:
    player = client(identity, engine)

    await player.sign_in(door, *credential(door))
    await player.refresh()

    assert_told(player, errors=0, signed_in=2)
    assert "7656" == player.user[DOORS[door][2]]


@every_engine
@every_door
async def test_a_guest_is_linked_and_stays_the_same_player_in_every_engine(
    identity: Identity, engine: type[PublishedClient], door: str
) -> None:
    player = client(identity, engine)
    await player.new_guest()
    guest = dict(player.user)

    await player.sign_in(door, *credential(door), link=True)
    linked = dict(player.user)
    await player.refresh()
    # The samples go on signing in as the guest that they saved.
    await player.guest(guest["user_id"], guest["guest_secret"])

    assert_told(player, errors=0, signed_in=4)
    assert guest["user_id"] == linked["user_id"] == player.user["user_id"]
    assert "7656" == linked[DOORS[door][2]]
    assert "authenticated" == claims_of(player.user["auth_token"])["scope"]


@every_engine
async def test_no_refusal_looks_like_a_success_or_like_silence_to_any_engine(
    identity: Identity, engine: type[PublishedClient]
) -> None:
    """Unreal lays any JSON object over the player it has and calls that a success: so none is ever sent."""
    owner, player = client(identity, engine), client(identity, engine)
    await owner.sign_in("steam", "7656")
    await player.new_guest()
    before = dict(player.user)

    await player.guest(before["user_id"], "wrong")
    await player.sign_in("steam", "7656", link=True)
    await player.sign_in("steam", "bad")
    identity.world.doors["apple"].failure = ProviderUnavailable(retry_after_s=7)
    await player.sign_in("apple", "7656")
    identity.world.doors["apple"].failure = ProviderLied()
    await player.sign_in("apple", "7656")
    del identity.world.doors["google_play"]
    await player.sign_in("google_play", "code")
    player.user["refresh_token"] = "garbage"
    await player.refresh()

    assert_told(player, errors=7, signed_in=1)
    assert before == player.user | {"refresh_token": before["refresh_token"]}


@every_engine
@pytest.mark.parametrize("endpoint", ["/prod/a/b/c/d/e/", "/prod"])
async def test_a_misspelt_endpoint_is_told_to_every_engine(
    identity: Identity, engine: type[PublishedClient], endpoint: str
) -> None:
    """Unreal joins `/prod` and `login-as-guest` as they are; the others add the slash, and sign in."""
    player = engine(identity.http, identity.url + endpoint, identity.url)

    await player.new_guest()

    mended = endpoint == "/prod" and engine is not Unreal
    assert_told(player, errors=not mended, signed_in=mended)


@every_engine
async def test_a_lost_answer_to_a_refresh_costs_no_engine_its_player(
    identity: Identity, engine: type[PublishedClient]
) -> None:
    """No client repeats a refresh by itself; its game may, with the token it still has."""
    player = client(identity, engine)
    await player.new_guest()
    kept = dict(player.user)
    await player.refresh()

    player.user = kept
    identity.clock.advance(ONCE_S)
    await player.refresh()

    assert_told(player, errors=0, signed_in=3)


@pytest.mark.parametrize("scheme", ["", "Bearer "])
async def test_another_service_takes_the_token_bare_and_after_bearer(identity: Identity, scheme: str) -> None:
    player = client(identity, Unity)
    await player.new_guest()

    reply = await identity.get("/v1/me", headers={"Authorization": f"{scheme}{player.user['auth_token']}"})

    assert (200, player.user["user_id"]) == (reply.status, reply.json["user_id"])
