"""The cases of the providers' routes: what all of them do alike."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from difference_cases import APART, TOKENS, Case, refused
from difference_guests import headers

LINK: Final = "auth_token={guest.auth_token}&link_to_existing_user=Yes"
AUTHENTICATED: Final = "auth_token={player.auth_token}&link_to_existing_user=Yes"
NOT_LINKED: Final = refused(409, "Failed to link new user to existing user")
NOT_PROVED: Final = refused(401, "Failed to authenticate with existing identity")
NEW: Final = {"status": 200, "user": "new", "scope": "authenticated"}
SWITCH: Final = "Finding 7: the player never asked to be somebody else, and is told instead."
ORPHAN: Final = (
    "Finding 6: a sign-in is one transaction, so there is no half of it. Nothing is written; 503 says: try again."
)


@dataclass(frozen=True, slots=True)
class Door:
    """One provider's route.

    Attributes:
        name: as it is in the names of cases.
        path: the route.
        query: the credential in the query, empty for none.
        id_field: what the answer calls the provider's id.
        body: the credential in a body, where the route takes one.
        missing: the required parameters, in the gateway's order.
        down: the reference's words when the provider fails; None for the step that failed in Cognito.
        lying: the reference's words when the provider answers nonsense.
    """

    name: str
    path: str
    query: str
    id_field: str
    body: Mapping[str, Any] | None = None
    missing: str = ""
    down: str = "Token validation error"
    lying: str = "Token validation error"

    def ask(self, more: str = "") -> dict[str, Any]:
        """Return the request of a case, with *more* in the query."""
        method = "GET" if self.body is None else "POST"
        query = "&".join(part for part in (self.query, more) if part)
        return {"request": f"{method} {self.path}?&{query}", "body": self.body}


GET_DOORS: Final = (
    Door(
        "steam",
        "/login-with-steam",
        "steam_auth_token={steam}",
        "steam_id",
        missing="steam_auth_token",
        down="Failed to validate Steam token",
    ),
    Door("apple", "/login-with-apple-id", "apple_auth_token={apple}", "apple_id", missing="apple_auth_token"),
    Door(
        "google-play",
        "/login-with-google-play",
        "google_play_auth_token={google}",
        "google_play_id",
        missing="google_play_auth_token",
    ),
    Door(
        "facebook",
        "/login-with-facebook",
        "facebook_access_token={facebook}&facebook_user_id={facebook_id}",
        "facebook_id",
        missing="facebook_access_token, facebook_user_id",
    ),
)
COGNITO: Final = Door(
    "cognito",
    "/login-with-cognito",
    "",
    "cognito_id",
    body={"body": {"username": "{member}", "password": "{password}", "signin": "True"}},
)


def login_cases(door: Door) -> Iterator[Case]:
    """Yield the algorithm that all providers share, at *door*."""
    at = f"1.2.{door.name}"
    yield Case(
        name=f"{at}.new",
        says="nobody owns the identity, no link is asked for",
        **door.ask(),
        reference={
            **NEW,
            "type": "application/json",
            "members": ("user_id", door.id_field, *TOKENS),
            "subject": "the provider's",
            "access_life": 900,
            "refresh_life": 518_400,
            "origin": "*",
        },
    )
    yield Case(
        name=f"{at}.known/plain",
        says="somebody owns the identity",
        before=(f"{door.name}: the owner exists",),
        **door.ask(),
        reference={"status": 200, "user": "the owner", "scope": "authenticated"},
    )
    yield Case(
        name=f"{at}.known/own-link",
        says="a link is asked for that is there already",
        before=(f"{door.name}: the guest links it",),
        **door.ask(LINK),
        reference={"status": 200, "user": "the guest", "scope": "authenticated"},
    )
    yield Case(
        name=f"{at}.known/foreign-link",
        says="a link is asked for, and somebody else owns the identity",
        before=(f"{door.name}: the owner exists",),
        **door.ask(LINK),
        reference={"status": 200, "type": "application/json", "body": None, "user": "the owner"},
        changed={**NOT_LINKED, "user": None},
        reason=f"{SWITCH} `IDENTITY_COMPATIBLE_LINK_SWITCHES=true` gives the old way.",
    )
    yield Case(
        name=f"{at}.known/bad-token",
        says="somebody owns the identity, and the token to link to is no good",
        before=(f"{door.name}: the owner exists",),
        **door.ask("auth_token=garbage&link_to_existing_user=Yes"),
        reference={"status": 200, "type": "application/json", "body": None, "user": "the owner"},
        changed={**NOT_PROVED, "user": None},
        reason=f"{SWITCH} Without a good token nobody can say whether it would be a switch.",
    )
    yield from _links(door, at)
    yield from _no_links(door, at)
    yield from _stores(door, at)
    yield from _ill(door, at)
    request: dict[str, Any] = door.ask()
    yield from headers(door.name, **request)


def _links(door: Door, at: str) -> Iterator[Case]:
    for variant, more, user in (("guest", LINK, "the guest"), ("authenticated", AUTHENTICATED, "the player")):
        yield Case(
            name=f"{at}.link/{variant}",
            says=f"a link to the account of {user}",
            **door.ask(more),
            reference={"status": 200, "user": user, "scope": "authenticated", "renewed_scope": "authenticated"},
        )
    for variant, token in {
        "garbage": "garbage",
        "refresh-token": "{guest.refresh_token}",
        "expired": "{forged.expired-access}",
        "foreign": "{forged.foreign-access}",
    }.items():
        yield Case(
            name=f"{at}.link-refused/{variant}",
            says=f"the token to link to is no good: {variant.replace('-', ' ')}",
            **door.ask(f"auth_token={token}&link_to_existing_user=Yes"),
            reference={**NOT_PROVED, "origin": "*"},
        )
    yield Case(
        name=f"{at}.link-refused/no-row",
        says="the row of the user to link to is no more",
        before=("the guest is gone",),
        **door.ask(LINK),
        reference=refused(401, "Failed to link new user to existing user"),
        changed=NOT_PROVED,
        reason="Finding 3: a token of a deleted user proves nobody, before anything is tried.",
    )
    yield Case(
        name=f"{at}.second-id",
        says="the account has another identity of this provider",
        before=(f"{door.name}: the guest links another",),
        **door.ask(LINK),
        reference={"status": 200, "type": "application/json", "body": None, "user": "the guest"},
        changed={**NOT_LINKED, "user": None},
        reason="Finding 7: the first one would go on opening an account that no longer shows it.",
    )
    yield Case(
        name=f"{at}.link-any-token/old-sign-in",
        says="a link with a fresh token of a sign-in an hour ago",
        before=("the guest signed in an hour ago",),
        **door.ask(LINK),
        reference={"status": 200, "type": "application/json", "body": None, "user": "the guest"},
        changed={**refused(403, "Sign in again, then repeat the request with the new access token."), "user": None},
        reason="Finding 8: a token found in a log would link for ever.",
    )
    yield Case(
        name=f"{at}.link-any-token/superseded",
        says="a link with a token that a refresh has replaced",
        before=("the guest exists", "a minute passes", "the guest refreshes"),
        **door.ask(LINK),
        reference={"status": 200, "type": "application/json", "body": None, "user": "the guest"},
        changed={**NOT_PROVED, "user": None},
        reason="Finding 8: as above.",
    )


def _no_links(door: Door, at: str) -> Iterator[Case]:
    for variant, more in {
        "lower-case": "auth_token={guest.auth_token}&link_to_existing_user=yes",
        "upper-case": "auth_token={guest.auth_token}&link_to_existing_user=YES",
        "true": "auth_token={guest.auth_token}&link_to_existing_user=true",
        "token-alone": "auth_token={guest.auth_token}",
        "flag-alone": "link_to_existing_user=Yes",
    }.items():
        yield Case(
            name=f"{at}.no-link/{variant}",
            says=f"not quite a link: {variant.replace('-', ' ')}",
            **door.ask(more),
            reference=NEW,
        )


def _stores(door: Door, at: str) -> Iterator[Case]:
    yield Case(
        name=f"{at}.collisions",
        says="ten user ids in a row are taken",
        before=("ids are taken",),
        **door.ask(),
        reference={**refused(401, "Failed to create user"), "origin": "*"},
    )
    down = refused(503, "AWS does not answer (TimeoutError).")
    yield Case(
        name=f"{at}.store/look-up",
        says="the identity cannot be looked up",
        before=("reading identities fails",),
        **door.ask(),
        # At Cognito's route alone the published handler goes on after it, and makes one more account.
        reference=NEW if door is COGNITO else refused(401, "Failed the try getting existing user"),
        changed={**down, "user": None, "scope": None} if door is COGNITO else down,
        reason=ORPHAN,
    )
    yield Case(
        name=f"{at}.store/link",
        says="the link cannot be written",
        before=("the guest exists", "writing accounts fails"),
        **door.ask(LINK),
        reference=refused(401, "Failed to link new user to existing user"),
        changed=down,
        reason=ORPHAN,
    )
    yield Case(
        name=f"{at}.store/mapping",
        says="the user can be written, whose identity it is cannot",
        before=("writing accounts fails",),
        **door.ask(),
        reference={"status": 200, "type": "application/json", "body": None, "user": "new"},
        changed={**down, "user": None},
        reason=ORPHAN,
    )


def _ill(door: Door, at: str) -> Iterator[Case]:
    in_cognito = {
        "status": 400,
        "type": "application/json",
        "body": '"Cognito SignIn failed, no user found"',
    }
    for variant, words, ours in (
        ("down", door.down, refused(503, "The provider does not answer. Try again later.")),
        ("lying", door.lying, refused(502, "The provider's answer made no sense. Try again later.")),
    ):
        yield Case(
            name=f"{at}.ill/{variant}",
            says=f"the provider is {variant}",
            before=(f"{door.name} is {variant}",),
            **door.ask(),
            reference=in_cognito if door is COGNITO else refused(401, words),
            changed=ours,
            reason=APART,
        )
