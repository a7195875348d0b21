"""Our own API for accounts, over real HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from identity_world import CLIENTS, Identity, Reply, bearer, claims_of, credential_of

from muster_runtime.auth.revocations import mark_of
from muster_runtime.errors import Unavailable


async def link(identity: Identity, tokens: Any, door: str, subject: str) -> Reply:
    body = {"credential": credential_of(door, subject)}
    return await identity.post(f"/v1/me/doors/{door}", json=body, headers=bearer(tokens))


async def operator(identity: Identity) -> dict[str, str]:
    """The header of an operator's tool."""
    grant = {"grant_type": "client_credentials", "client_id": "tool", "client_secret": CLIENTS["tool"]["secret"]}
    return bearer((await identity.post("/v1/oauth/token", json=grant)).json)


def doors_of(reply: Reply) -> list[str]:
    return [each["door"] for each in reply.json["doors"]]


async def code_of_refresh(identity: Identity, tokens: Any) -> str:
    reply = await identity.post("/v1/tokens/refresh", json={"refresh_token": tokens["refresh_token"]})
    return "" if reply.status == 200 else str(reply.json["code"])


@pytest.mark.parametrize(
    "door", ["steam", "apple", "google_play", "facebook", "epic", "discord", "oidc:guild", "cognito"]
)
async def test_every_door_opens_an_account_once(identity: Identity, door: str) -> None:
    body = {"credential": credential_of(door, "7656"), "device": "phone"}
    first = await identity.post(f"/v1/sign-in/{door}", json=body)
    again = await identity.post(f"/v1/sign-in/{door}", json=body)

    assert (first.status, first.json["is_new"], first.json["door"]) == (201, True, door)
    assert (again.status, again.json["is_new"]) == (200, False)
    assert first.json["user_id"] == again.json["user_id"]
    assert first.json["scope"] == "authenticated"
    sessions = (await identity.get("/v1/me/sessions", headers=bearer(again.json))).json["sessions"]
    assert {(each["door"], each["device"], each["network"]) for each in sessions} == {(door, "phone", "127.0.0.0/24")}


@pytest.mark.parametrize(
    ("door", "body", "status", "code"),
    [
        ("myspace", {"credential": {"ticket": "7"}}, 404, "door_unknown"),
        ("oidc", {"credential": {"id_token": "7"}}, 404, "door_unknown"),
        ("steam", {"credential": {}}, 422, "credential_incomplete"),
        ("steam", {"credential": {"ticket": ""}}, 422, "credential_incomplete"),
        ("steam", {"credential": {"ticket": "7", "steamid": "8"}}, 422, "credential_incomplete"),
        ("steam", {"credential": {"ticket": "bad"}}, 401, "credential_refused"),
        ("steam", {"credential": {"ticket": "7"}, "create": False}, 404, "account_not_found"),
        ("steam", {"credential": {"ticket": "7" * 9000}}, 422, "fields_invalid"),
        ("steam", {"ticket": "7"}, 422, "fields_invalid"),
    ],
)
async def test_who_cannot_be_signed_in_learns_why(
    identity: Identity, door: str, body: Any, status: int, code: str
) -> None:
    reply = await identity.post(f"/v1/sign-in/{door}", json=body)

    assert (reply.status, reply.json["code"]) == (status, code)
    assert not identity.world.accounts.users


async def test_a_guest_upgrades_and_closes_the_guest_door(identity: Identity) -> None:
    guest = await identity.guest()

    linked = await link(identity, guest, "steam", "7656")
    unlinked = await identity.call("DELETE", "/v1/me/doors/guest", headers=bearer(guest))
    last = await identity.call("DELETE", "/v1/me/doors/steam", headers=bearer(guest))
    never = await identity.call("DELETE", "/v1/me/doors/epic", headers=bearer(guest))

    assert (doors_of(linked), linked.json["scope"]) == (["guest", "steam"], "authenticated")
    assert doors_of(unlinked) == ["steam"]
    assert (last.status, last.json["code"]) == (409, "last_door")
    assert (never.status, never.json["code"]) == (404, "door_not_linked")


async def conflict(identity: Identity) -> tuple[Any, Any, Reply]:
    """A guest who wants the Steam identity of another account."""
    owner, guest = await identity.sign_in("steam", "7656"), await identity.guest()
    return owner, guest, await link(identity, guest, "steam", "7656")


async def resolve(identity: Identity, tokens: Any, offer: Reply, choice: str) -> Reply:
    body = {"resolution_token": offer.json["resolution_token"], "choice": choice}
    return await identity.post("/v1/me/conflicts/resolve", json=body, headers=bearer(tokens))


async def test_somebody_elses_identity_is_a_conflict_with_an_offer(identity: Identity) -> None:
    owner, guest, offer = await conflict(identity)

    assert (offer.status, offer.json["code"]) == (409, "identity_conflict")
    assert offer.headers["Content-Type"] == "application/problem+json"
    assert offer.headers["X-Error-Code"] == "identity_conflict"
    assert (offer.json["current"]["user_id"], offer.json["owner"]["user_id"]) == (guest["user_id"], owner["user_id"])
    assert offer.json["resolution_expires_in"] == 600
    assert offer.json["resolution_token"] not in str(identity.world.accounts.resolutions)


async def test_switch_signs_in_to_the_other_account_and_uses_the_offer_up(identity: Identity) -> None:
    owner, guest, offer = await conflict(identity)

    switched = await resolve(identity, guest, offer, "switch")
    again = await resolve(identity, guest, offer, "switch")

    assert switched.json["tokens"]["user_id"] == switched.json["profile"]["user_id"] == owner["user_id"]
    assert (again.status, again.json["code"]) == (409, "resolution_refused")


async def test_merge_makes_the_other_account_an_alias_that_every_door_leads_past(identity: Identity) -> None:
    other = await identity.guest()
    await link(identity, other, "steam", "7656")
    guest = await identity.guest()
    offer = await link(identity, guest, "steam", "7656")

    merged = await resolve(identity, guest, offer, "merge")
    by_steam = await identity.sign_in("steam", "7656")
    by_old_secret = await identity.post("/v1/guests", json={name: other[name] for name in ("user_id", "guest_secret")})

    assert (merged.status, merged.json["profile"]["user_id"]) == (200, guest["user_id"])
    assert by_steam["user_id"] == by_old_secret.json["user_id"] == guest["user_id"]
    assert await code_of_refresh(identity, other) == "refresh_refused"
    assert ("user.merged", other["user_id"]) in identity.world.accounts.told


async def test_keep_moves_the_identity_unless_it_is_the_other_accounts_last_door(identity: Identity) -> None:
    owner, guest, offer = await conflict(identity)
    last = await resolve(identity, guest, offer, "keep")
    await link(identity, owner, "epic", "e1")

    kept = await resolve(identity, guest, offer, "keep")

    assert (last.status, last.json["code"]) == (409, "last_door")
    assert doors_of_profile(kept) == ["guest", "steam"]
    assert (await identity.sign_in("steam", "7656"))["user_id"] == guest["user_id"]
    assert (await identity.sign_in("epic", "e1"))["user_id"] == owner["user_id"]
    assert await code_of_refresh(identity, owner) == "refresh_refused"


def doors_of_profile(reply: Reply) -> list[str]:
    return [each["door"] for each in reply.json["profile"]["doors"]]


async def test_a_switch_that_fails_leaves_the_offer(identity: Identity, monkeypatch: pytest.MonkeyPatch) -> None:
    _, guest, offer = await conflict(identity)
    accounts = identity.world.accounts

    async def fails(*_: Any) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(accounts, "commit", fails)
        patch.setattr(accounts, "open_session", fails)
        assert (await resolve(identity, guest, offer, "switch")).status == 503

    assert (await resolve(identity, guest, offer, "switch")).status == 200
    assert (await resolve(identity, guest, offer, "switch")).json["code"] == "resolution_refused"


async def test_an_offer_is_for_its_own_session_and_its_own_time(identity: Identity) -> None:
    _, guest, offer = await conflict(identity)
    secret = {name: guest[name] for name in ("user_id", "guest_secret")}
    elsewhere = (await identity.post("/v1/guests", json=secret)).json

    stolen = await resolve(identity, elsewhere, offer, "switch")
    identity.clock.advance(601)
    late = await resolve(identity, guest, offer, "switch")

    assert [(each.status, each.json["code"]) for each in (stolen, late)] == [(409, "resolution_refused")] * 2


async def test_one_session_ends_or_all_do_and_verifiers_are_told(identity: Identity) -> None:
    guest = await identity.guest()
    secret = {name: guest[name] for name in ("user_id", "guest_secret")}
    phone, tablet = [(await identity.post("/v1/guests", json=secret)).json for _ in range(2)]
    phone_id = claims_of(phone["access_token"])["sid"]

    listed = (await identity.get("/v1/me/sessions", headers=bearer(guest))).json["sessions"]
    ended = await identity.call("DELETE", f"/v1/me/sessions/{phone_id}", headers=bearer(guest))
    unknown = await identity.call("DELETE", f"/v1/me/sessions/{phone_id}", headers=bearer(guest))

    assert (len(listed), [each["is_current"] for each in listed].count(True)) == (3, 1)
    assert (ended.status, unknown.status) == (204, 404)
    assert await code_of_refresh(identity, phone) == "refresh_refused"
    assert (await identity.get("/v1/me", headers=bearer(phone))).json["code"] == "session_over"
    revoked = (await identity.get("/.well-known/revocations.json")).json["revoked"]
    assert mark_of("session", phone_id) in {mark for mark, _, _ in revoked}

    identity.clock.advance(2)
    everywhere = await identity.call("DELETE", "/v1/me/sessions", headers=bearer(tablet))

    assert everywhere.status == 204
    assert [await code_of_refresh(identity, each) for each in (guest, tablet)] == ["refresh_refused"] * 2
    told = await identity.get("/.well-known/revocations.json")
    assert mark_of("user", guest["user_id"]) in {mark for mark, _, _ in told.json["revoked"]}
    unchanged = await identity.get("/.well-known/revocations.json", headers={"If-None-Match": told.headers["ETag"]})
    assert unchanged.status == 304


async def test_nobody_ends_the_session_of_another(identity: Identity) -> None:
    guest, stranger = await identity.guest(), await identity.guest()
    session_id = claims_of(guest["auth_token"])["sid"]

    reply = await identity.call("DELETE", f"/v1/me/sessions/{session_id}", headers=bearer(stranger))

    assert (reply.status, reply.json["code"]) == (404, "session_not_found")
    assert await code_of_refresh(identity, guest) == ""


async def test_a_player_is_renamed_and_takes_everything_along(identity: Identity) -> None:
    player = await identity.sign_in("steam", "7656", device="phone")
    renamed = await identity.call("PATCH", "/v1/me", json={"display_name": " Ann "}, headers=bearer(player))

    archive = await identity.get("/v1/me/export", headers=bearer(player))

    assert renamed.json["display_name"] == archive.json["profile"]["display_name"] == "Ann"
    assert [(each["door"], each["subject"]) for each in archive.json["identities"]] == [("steam", "7656")]
    assert [each["device"] for each in archive.json["sessions"]] == ["phone"]
    # Renaming leaves no line: thousands of them would bury those that matter.
    assert [each["action"] for each in archive.json["history"]] == ["created"]


@pytest.mark.parametrize(
    "name",
    [
        "An\x7fn",
        "An\x85n",
        "An\tn",
        "An\u2028n",
        "An\u2029n",
        "\u202enimda",
        "\u2066Ann",
        "An\u200bn",
        "\ue000",
        "\U000e0041",
        "\ufffe",
        "\u200b\u200d",
        "\u0301\ufe0f",
        "\u3164",
        " \u3000 ",
        "",
    ],
)
async def test_a_name_that_shows_nothing_or_turns_the_text_around_it_is_refused(identity: Identity, name: str) -> None:
    player = await identity.guest()

    reply = await identity.call("PATCH", "/v1/me", json={"display_name": name}, headers=bearer(player))

    assert (reply.status, reply.json["code"]) == (422, "fields_invalid")
    (problem,) = reply.json["errors"]
    assert problem["field"] == "body.display_name"
    assert problem["code"] in {"name_unseen", "string_too_short"}
    assert (await identity.get("/v1/me", headers=bearer(player))).json["display_name"] == ""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Änn", "Änn"),
        ("Zoe\u0301", "Zoe\u0301"),
        ("安娜", "安娜"),
        ("آنا", "آنا"),
        ("\U0001f9e1\ufe0f", "\U0001f9e1\ufe0f"),
        ("--", "--"),
        (" Ann \u3000  B ", "Ann B"),
    ],
)
async def test_a_name_may_be_in_any_script(identity: Identity, name: str, shown: str) -> None:
    player = await identity.guest()

    reply = await identity.call("PATCH", "/v1/me", json={"display_name": name}, headers=bearer(player))

    assert (reply.status, reply.json["display_name"]) == (200, shown)


async def test_a_new_guest_secret_voids_the_old_one(identity: Identity) -> None:
    guest = await identity.guest()

    changed = (await identity.post("/v1/me/guest-secret", headers=bearer(guest))).json

    old = await identity.post("/v1/guests", json={name: guest[name] for name in ("user_id", "guest_secret")})
    assert (old.status, old.json["code"]) == (401, "guest_refused")
    assert (await identity.post("/v1/guests", json=changed)).status == 200


async def again(identity: Identity, guest: Any) -> Any:
    """Sign a guest in once more."""
    secret = {name: guest[name] for name in ("user_id", "guest_secret")}
    return (await identity.post("/v1/guests", json=secret)).json


async def test_who_came_in_by_a_door_that_is_closed_goes_and_who_closed_it_stays(identity: Identity) -> None:
    owner = await identity.guest()
    await link(identity, owner, "steam", "666")
    thief, elsewhere = await identity.sign_in("steam", "666"), await again(identity, owner)
    assert thief["user_id"] == owner["user_id"]

    closed = await identity.call("DELETE", "/v1/me/doors/steam", headers=bearer(owner))

    assert (closed.status, doors_of(closed)) == (200, ["guest"])
    for gone in (thief, elsewhere):
        assert await code_of_refresh(identity, gone) == "refresh_refused"
        listed = (await identity.get("/.well-known/revocations.json")).json["revoked"]
        assert mark_of("session", claims_of(gone["access_token"])["sid"]) in {mark for mark, *_ in listed}
    assert (await identity.get("/v1/me", headers=bearer(owner))).status == 200
    refreshed = await identity.post("/v1/tokens/refresh", json={"refresh_token": owner["refresh_token"]})
    assert refreshed.status == 200
    assert (await identity.get("/v1/me", headers=bearer(refreshed.json))).status == 200


async def test_who_came_in_by_the_old_guest_secret_goes(identity: Identity) -> None:
    owner = await identity.guest()
    thief = await again(identity, owner)

    assert (await identity.post("/v1/me/guest-secret", headers=bearer(owner))).status == 200

    assert await code_of_refresh(identity, thief) == "refresh_refused"
    assert (await identity.post("/v1/me/guest-secret", headers=bearer(thief))).status == 401
    assert (await identity.get("/v1/me", headers=bearer(owner))).status == 200


async def test_an_account_is_deleted_after_the_grace_and_nothing_of_it_is_left(identity: Identity) -> None:
    player = await identity.sign_in("steam", "7656")

    leaving = await identity.call("DELETE", "/v1/me", headers=bearer(player))
    refused = await code_of_refresh(identity, player)
    identity.clock.advance(14 * 86_400 + 1)
    # In virtual time the ring was read long ago.
    await identity.handlers.keys.rotate()
    await identity.handlers.accounts.finish_deletions()

    assert (leaving.status, refused) == (202, "refresh_refused")
    assert not identity.world.accounts.owners
    assert not identity.world.accounts.sessions
    user = identity.world.accounts.users[player["user_id"]]
    assert (user.is_gone, user.doors, user.display_name) == (True, (), "")
    assert ("user.deleted", player["user_id"]) in identity.world.accounts.told
    assert (await identity.sign_in("steam", "7656"))["user_id"] != player["user_id"]


async def test_who_comes_back_within_the_grace_stays(identity: Identity) -> None:
    player = await identity.sign_in("steam", "7656")
    await identity.call("DELETE", "/v1/me", headers=bearer(player))
    identity.clock.advance(3600)

    back = await identity.sign_in("steam", "7656")
    identity.clock.advance(15 * 86_400)
    await identity.handlers.keys.rotate()
    await identity.handlers.accounts.finish_deletions()

    assert back["user_id"] == player["user_id"] == (await identity.sign_in("steam", "7656"))["user_id"]


async def test_a_ban_ends_sessions_shuts_every_door_and_ends_by_itself(identity: Identity) -> None:
    guest, tool = await identity.guest(), await operator(identity)
    until = datetime.fromtimestamp(identity.clock.epoch_s(), UTC) + timedelta(hours=1)
    order = {"reason": "aimbot", "until": until.isoformat()}

    banned = await identity.call("PUT", f"/v1/users/{guest['user_id']}/ban", json=order, headers=tool)
    secret = {name: guest[name] for name in ("user_id", "guest_secret")}
    shut = await identity.post("/v1/guests", json=secret)

    assert (banned.status, banned.json["ban"]["reason"]) == (200, "aimbot")
    assert (shut.status, shut.json["code"]) == (403, "banned")
    assert "aimbot" in shut.json["detail"]
    assert await code_of_refresh(identity, guest) == "banned"
    identity.clock.advance(3601)
    assert (await identity.post("/v1/guests", json=secret)).status == 200
    assert await code_of_refresh(identity, guest) == "refresh_refused"


async def test_no_choice_in_a_conflict_takes_an_identity_out_of_a_ban(identity: Identity) -> None:
    owner, tool = await identity.guest(), await operator(identity)
    await link(identity, owner, "steam", "7656")
    fresh = await identity.guest()
    offer = await link(identity, fresh, "steam", "7656")

    await identity.call("PUT", f"/v1/users/{owner['user_id']}/ban", json={"reason": "aimbot"}, headers=tool)

    for choice in ("keep", "switch", "merge"):
        refused = await resolve(identity, fresh, offer, choice)
        assert (refused.status, refused.json["code"]) == (403, "banned")
    again = await link(identity, fresh, "steam", "7656")
    assert (again.status, again.json["code"]) == (403, "banned")
    back = await identity.post("/v1/sign-in/steam", json={"credential": credential_of("steam", "7656")})
    assert back.status == 403


async def test_a_shorter_ban_of_the_person_does_not_shorten_the_accounts(identity: Identity) -> None:
    player, tool = await identity.sign_in("steam", "7656"), await operator(identity)
    until = (identity.clock.now() + timedelta(hours=1)).isoformat()
    for path, order in (
        (f"/v1/users/{player['user_id']}/ban", {"reason": "for good"}),
        ("/v1/identities/steam/7656/ban", {"reason": "an hour", "until": until}),
    ):
        assert (await identity.call("PUT", path, json=order, headers=tool)).status == 200

    identity.clock.advance(3601)

    back = await identity.post("/v1/sign-in/steam", json={"credential": credential_of("steam", "7656")})
    assert back.status == 403
    assert "for good" in back.json["detail"]


async def test_a_short_ban_of_a_deleted_account_does_not_shorten_the_persons(identity: Identity) -> None:
    player, tool = await identity.sign_in("steam", "7656"), await operator(identity)
    await identity.call("DELETE", "/v1/me", headers=bearer(player))
    await identity.call("PUT", "/v1/identities/steam/7656/ban", json={"reason": "for good"}, headers=tool)
    until = (identity.clock.now() + timedelta(days=15)).isoformat()
    order = {"reason": "short", "until": until}
    await identity.call("PUT", f"/v1/users/{player['user_id']}/ban", json=order, headers=tool)
    identity.clock.advance(14 * 86_400 + 1)
    await identity.handlers.accounts.finish_deletions()

    identity.clock.advance(2 * 86_400)
    await identity.parts[0].keys.reload()

    back = await identity.post("/v1/sign-in/steam", json={"credential": credential_of("steam", "7656")})
    assert (back.status, back.json["code"]) == (403, "banned")


@pytest.mark.parametrize(
    "until",
    ["9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "1969-12-31T00:00:00Z"],
)
async def test_an_end_of_a_ban_that_no_calendar_has_is_refused(identity: Identity, until: str) -> None:
    player, tool = await identity.sign_in("steam", "7656"), await operator(identity)

    for path in (f"/v1/users/{player['user_id']}/ban", "/v1/identities/epic/abc/ban"):
        reply = await identity.call("PUT", path, json={"reason": "x", "until": until}, headers=tool)
        assert (reply.status, reply.json["code"]) == (422, "fields_invalid")


async def test_an_account_that_cannot_be_deleted_keeps_no_other_from_it(identity: Identity) -> None:
    players = [await identity.sign_in("steam", f"player-{number}") for number in range(3)]
    for each in players:
        await identity.call("DELETE", "/v1/me", headers=bearer(each))
    # As if a row had been removed by hand: this account can never be deleted as it is stored.
    del identity.world.accounts.owners["steam", "player-0"]
    identity.clock.advance(14 * 86_400 + 1)

    await identity.handlers.accounts.finish_deletions()

    users = identity.world.accounts.users
    assert [users[each["user_id"]].deleted_at_s is None for each in players] == [True, False, False]


async def test_a_ban_of_an_identity_outlives_the_account(identity: Identity) -> None:
    player, tool = await identity.sign_in("steam", "7656"), await operator(identity)
    path = "/v1/identities/steam/7656/ban"

    banned = await identity.call("PUT", path, json={"reason": "aimbot"}, headers=tool)
    deleted = await identity.call("DELETE", f"/v1/users/{player['user_id']}", headers=tool)
    identity.clock.advance(15 * 86_400)
    await identity.handlers.keys.rotate()
    await identity.handlers.accounts.finish_deletions()
    shut = await identity.post("/v1/sign-in/steam", json={"credential": {"ticket": "7656"}})
    tool = await operator(identity)
    pardoned = await identity.call("DELETE", path, headers=tool)

    assert (banned.json["account"]["user_id"], deleted.status) == (player["user_id"], 202)
    assert (shut.status, shut.json["code"]) == (403, "banned")
    assert "7656" not in str(identity.world.accounts.bans)
    assert pardoned.status == 204
    assert (await identity.sign_in("steam", "7656"))["user_id"] != player["user_id"]


async def test_deleting_a_banned_account_is_no_way_out_of_the_ban(identity: Identity) -> None:
    """Whoever signs in at the very moment of the deletion included."""
    player, tool = await identity.sign_in("steam", "7656"), await operator(identity)
    await identity.call("DELETE", "/v1/me", headers=bearer(player))
    await identity.call("PUT", f"/v1/users/{player['user_id']}/ban", json={"reason": "aimbot"}, headers=tool)
    identity.clock.advance(15 * 86_400)
    await identity.handlers.keys.rotate()

    shut = [await identity.post("/v1/sign-in/steam", json={"credential": {"ticket": "7656"}}) for _ in range(2)]

    assert [(each.status, each.json["code"]) for each in shut] == [(403, "banned")] * 2
    assert identity.world.accounts.users[player["user_id"]].is_gone
    assert len(identity.world.accounts.users) == 1


async def test_operators_look_sign_out_and_pardon_and_players_may_not(identity: Identity) -> None:
    guest, tool = await identity.guest(), await operator(identity)
    user = f"/v1/users/{guest['user_id']}"

    await identity.call("PUT", f"{user}/ban", json={"reason": "aimbot"}, headers=tool)
    pardoned = await identity.call("DELETE", f"{user}/ban", headers=tool)
    out = await identity.call("DELETE", f"{user}/sessions", headers=tool)
    dossier = await identity.get(user, headers=tool)
    unknown = await identity.get("/v1/users/nobody", headers=tool)
    as_player = await identity.get(user, headers=bearer(guest))

    assert (pardoned.json["ban"], out.status) == (None, 204)
    history = [(each["action"], each["actor"]) for each in dossier.json["history"]]
    assert history[:3] == [
        ("signed_out_everywhere", "operator:tool"), ("unbanned", "operator:tool"), ("banned", "operator:tool"),
    ]  # fmt: skip
    assert (unknown.status, unknown.json["code"]) == (404, "account_not_found")
    assert (as_player.status, as_player.json["code"]) == (403, "scope_insufficient")


async def test_a_stolen_key_is_taken_out_of_use_at_once(identity: Identity) -> None:
    guest, tool = await identity.guest(), await operator(identity)
    (stolen,) = [each["kid"] for each in (await identity.get("/.well-known/jwks.json")).json["keys"]]

    reply = await identity.call("DELETE", f"/v1/keys/{stolen}", headers=tool)
    identity.clock.advance(2)

    assert reply.status == 204
    repeated = await identity.call("DELETE", f"/v1/keys/{stolen}", headers=tool)
    assert (repeated.status, repeated.json["code"]) == (401, "token_invalid")
    unknown = await identity.call("DELETE", f"/v1/keys/{stolen}", headers=await operator(identity))
    assert (unknown.status, unknown.json["code"]) == (404, "key_not_found")
    assert stolen not in {each["kid"] for each in (await identity.get("/.well-known/jwks.json")).json["keys"]}
    assert await code_of_refresh(identity, guest) == "refresh_refused"
    assert (await identity.get("/v1/me", headers=bearer(guest))).json["code"] == "token_invalid"
    secret = {name: guest[name] for name in ("user_id", "guest_secret")}
    back = (await identity.post("/v1/guests", json=secret)).json
    assert (await identity.get("/v1/me", headers=bearer(back))).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/v1/me/doors/guest"), ("GET", "/v1/me/export"), ("DELETE", "/v1/me"), ("POST", "/v1/me/guest-secret")],
)
async def test_what_changes_who_may_come_in_needs_a_sign_in_of_a_short_while_ago(
    identity: Identity, method: str, path: str
) -> None:
    player = await identity.sign_in("steam", "7656")
    identity.clock.advance(3601)
    refreshed = (await identity.post("/v1/tokens/refresh", json={"refresh_token": player["refresh_token"]})).json

    reply = await identity.call(method, path, headers=bearer(refreshed))

    assert (reply.status, reply.json["code"]) == (403, "sign_in_too_old")
