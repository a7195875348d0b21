"""The cases of guests and of refreshes."""

from collections.abc import Iterator
from typing import Final

from difference_cases import NO_CREDENTIALS, NO_STORE, REUSE, TOKENS, TRAP, Case, gateway, refused

GUEST: Final = "GET /login-as-guest"
KNOWN: Final = "user_id={guest.user_id}&guest_secret={guest.guest_secret}"
REFRESH: Final = "GET /refresh-access-token?refresh_token={guest.refresh_token}"
NEW: Final = {"status": 200, "user": "new"}
NOBODY: Final = refused(401, "Could not validate user")
NOT_REFRESHED: Final = refused(401, "Failed to validate refresh token")


def guest_cases() -> Iterator[Case]:
    """Yield the rows of `/login-as-guest`."""
    for variant, query in {"none": "", "mark": "?", "pair": "?&"}.items():
        yield Case(
            name=f"1.2.guest.new/{variant}",
            says=f"no query, or an empty one: `/login-as-guest{query}`",
            request=f"{GUEST}{query}",
            reference={
                **NEW,
                "type": "application/json",
                "members": ("guest_secret", "user_id", *TOKENS),
                "secret": "new",
                "scope": "guest",
                "origin": "*",
            },
        )
    yield Case(
        name="1.2.guest.ids",
        says="the forms of the new ids",
        request=GUEST,
        reference={"user_form": "UUIDv4", "secret_form": "two UUIDv4, 73 characters"},
    )
    yield Case(
        name="1.2.guest.known",
        says="a user id and the matching secret",
        request=f"{GUEST}?{KNOWN}",
        reference={"status": 200, "user": "the guest", "secret": "echoed", "scope": "guest", "origin": "*"},
    )
    for variant, query in {
        "wrong-secret": "user_id={guest.user_id}&guest_secret=wrong",
        "unknown-user": "user_id=nobody-3&guest_secret={guest.guest_secret}",
        "no-secret-stored": "user_id={doorless}&guest_secret={guest.guest_secret}",
        "empty": "user_id=&guest_secret=",
        "empty-secret": "user_id={guest.user_id}&guest_secret=",
        "empty-user": "user_id=&guest_secret={guest.guest_secret}",
    }.items():
        yield Case(
            name=f"1.2.guest.refused/{variant}",
            says=f"what proves no user: {variant.replace('-', ' ')}",
            request=f"{GUEST}?{query}",
            reference={**NOBODY, "origin": None, "credentials": None},
        )
    yield Case(
        name="1.2.guest.half/user",
        says="a user id without a secret",
        request=f"{GUEST}?user_id={{guest.user_id}}",
        reference={**refused(400, "No guest_secret in query string"), "origin": None, "credentials": None},
    )
    yield Case(
        name="1.2.guest.half/secret",
        says="a secret without a user id",
        request=f"{GUEST}?guest_secret={{guest.guest_secret}}",
        reference={**NEW, "secret": "new"},
    )
    yield Case(
        name="1.2.guest.collisions",
        says="ten user ids in a row are taken",
        before=("ids are taken",),
        request=GUEST,
        reference={**refused(401, "Could not create user"), "origin": None, "credentials": None},
    )
    yield from headers("guest", GUEST)


def refresh_cases() -> Iterator[Case]:
    """Yield the rows of `/refresh-access-token`."""
    yield Case(
        name="1.2.refresh.valid",
        says="a good refresh token, a minute after the sign-in",
        before=("the guest exists", "a minute passes"),
        request=REFRESH,
        reference={
            "status": 200,
            "type": "application/json",
            "members": ("user_id", *TOKENS),
            "user": "the guest",
            "access_life": 900,
            "refresh_life": 518_340,
            "end": "kept",
            "pair": "another",
            "origin": "*",
        },
    )
    yield Case(
        name="1.2.refresh.replay/at-once",
        says="a token that was used a moment ago",
        before=("the guest refreshes",),
        request=REFRESH,
        reference={"status": 200, "user": "the guest", "pair": "another"},
        changed={"pair": "the same successor"},
        reason=f"{REUSE} Within 30 s the answer is repeated, for a client that lost it.",
    )
    yield Case(
        name="1.2.refresh.replay/later",
        says="a token that was used a minute ago",
        before=("the guest refreshes", "a minute passes"),
        request=REFRESH,
        reference={"status": 200, "user": "the guest"},
        changed={**NOT_REFRESHED, "user": None},
        reason=f"{REUSE} Two parties hold it now, so the session ends.",
    )
    for variant in (
        "access-token",
        "garbage",
        "tampered",
        "alg-none",
        "expired",
        "foreign-iss",
        "no-kid-claim",
        "key-not-published",
    ):
        yield Case(
            name=f"1.2.refresh.refused/{variant}",
            says=f"no good refresh token: {variant.replace('-', ' ')}",
            request=f"GET /refresh-access-token?refresh_token={{forged.{variant}}}",
            reference={**NOT_REFRESHED, "origin": "*"},
        )
    yield Case(
        name="1.2.refresh.other-query",
        says="a query that holds no refresh token",
        request="GET /refresh-access-token?token=x",
        reference={**NOT_REFRESHED, "origin": "*"},
    )
    yield Case(
        name="1.2.refresh.no-query",
        says="no query at all: the gateway's own answer",
        request="GET /refresh-access-token",
        reference=gateway(400, "Missing required request parameters: [refresh_token]"),
        changed=NOT_REFRESHED,
        reason=TRAP,
    )
    yield Case(
        name="1.2.refresh.user-gone",
        says="the user's row is no more",
        before=("the guest is gone",),
        request=REFRESH,
        reference={"status": 200, "user": "the guest"},
        changed={**NOT_REFRESHED, "user": None},
        reason="Finding 3: a deleted user keeps playing otherwise.",
    )
    yield from headers("refresh", REFRESH)


def headers(endpoint: str, request: str, body: dict[str, object] | None = None) -> Iterator[Case]:
    """Yield what every endpoint's success carries besides."""
    yield Case(
        name=f"1.2.{endpoint}.credentials",
        says="`Access-Control-Allow-Credentials` of a success",
        request=request,
        body=body,
        reference={"status": 200, "origin": "*", "credentials": "true"},
        changed={"credentials": None},
        reason=NO_CREDENTIALS,
    )
    yield Case(
        name=f"1.2.{endpoint}.caching",
        says="`Cache-Control` of a success",
        request=request,
        body=body,
        reference={"status": 200, "caching": None},
        changed={"caching": "no-store"},
        reason=NO_STORE,
    )
