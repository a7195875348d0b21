"""The routes of AWS's published game backend, and their twins that keep secrets out of the address.

Refusals are plain text, because one of the published clients takes any JSON object for success.

Source: Guidance for Custom Game Backend Hosting on AWS, identity component.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pydantic import BaseModel

from muster_identity.api.compatible import (
    LegacyGuest,
    LegacyTokens,
    LinkQuery,
    LoginAsGuest,
    LoginAsGuestBody,
    LoginWithAppleId,
    LoginWithAppleIdBody,
    LoginWithFacebook,
    LoginWithFacebookBody,
    LoginWithGooglePlay,
    LoginWithGooglePlayBody,
    LoginWithSteam,
    LoginWithSteamBody,
    RefreshAccessToken,
    RefreshAccessTokenBody,
    SignedInWith,
)
from muster_identity.domain.doors import Door
from muster_identity.errors import (
    CredentialRefused,
    DoorTaken,
    GuestSecretMissing,
    IdentityConflict,
    LinkRefused,
    ParameterMissing,
    UserNotCreated,
)
from muster_identity.routes.edge import (
    CORS,
    GUEST_ERRORS,
    PROVIDER_ERRORS,
    REFRESH_ERRORS,
    SIGNING_ERRORS,
    Handlers,
    origin_of,
)
from muster_runtime.auth.principal import PLAYER_SCOPES, Principal
from muster_runtime.errors import MusterError, Unauthenticated
from muster_runtime.http.callers import wants_json
from muster_runtime.http.problems import answer_of
from muster_runtime.http.routes import Answer, Call, Route

LINK_FAILED = "Failed to link new user to existing user"
"""The published design's words for a link that cannot be."""


@dataclass(frozen=True, slots=True)
class PublishedDoor:
    """One provider's route.

    Attributes:
        path: the route.
        door: the provider.
        query: its parameters in the address.
        body: the same in a body.
        fields: which parameter is which field of the credential.
        id_field: what the answer calls the provider's id of the person.
        refusal: the published design's words for a credential that is no good.
        refusals: its words where it tells the reason apart.
    """

    path: str
    door: Door
    query: type[LinkQuery]
    body: type[LinkQuery]
    fields: Mapping[str, str]
    id_field: str
    refusal: str
    refusals: Mapping[str, str] = field(default_factory=dict)

    def words_for(self, reason: str) -> str:
        """Return the published words for a credential that was refused for *reason*."""
        return self.refusals.get(reason, self.refusal)


PUBLISHED = (
    PublishedDoor(
        "/login-with-steam",
        Door.STEAM,
        LoginWithSteam,
        LoginWithSteamBody,
        {"steam_auth_token": "ticket"},
        "steam_id",
        "Failed to validate Steam token",
    ),
    PublishedDoor(
        "/login-with-apple-id",
        Door.APPLE,
        LoginWithAppleId,
        LoginWithAppleIdBody,
        {"apple_auth_token": "identity_token"},
        "apple_id",
        "Token validation error",
    ),
    PublishedDoor(
        "/login-with-google-play",
        Door.GOOGLE_PLAY,
        LoginWithGooglePlay,
        LoginWithGooglePlayBody,
        {"google_play_auth_token": "server_auth_code"},
        "google_play_id",
        "Failed to validate Google Play bearer token",
        {"code_refused": "Failed to generate Google Play bearer token"},
    ),
    PublishedDoor(
        "/login-with-facebook",
        Door.FACEBOOK,
        LoginWithFacebook,
        LoginWithFacebookBody,
        {"facebook_access_token": "access_token", "facebook_user_id": "user_id"},
        "facebook_id",
        "User validation error",
        {"token_of_another_app": "Token not linked to correct app"},
    ),
)


def compatible_routes(handlers: Handlers) -> tuple[Route, ...]:
    """Return the routes of the published design for guests, refreshes and providers."""
    edge = Edge(handlers)
    providers = (route for published in PUBLISHED for route in _provider(edge, published))
    return (*_guests(edge), *_refreshes(edge), *providers)


def _guests(edge: "Edge") -> tuple[Route, ...]:
    shared: Mapping[str, Any] = {
        "path": "/login-as-guest",
        "handler": edge.login_as_guest,
        "answer": LegacyGuest,
        "errors": (GuestSecretMissing, *GUEST_ERRORS),
        "plain_errors": True,
    }
    summary = "Create a guest, or sign one in, as the published design does"
    return (
        Route("GET", summary=summary, query=LoginAsGuest, has_effects=True, **shared),
        Route(
            "POST", summary="The same with the secret in the body", body=LoginAsGuestBody, body_optional=True, **shared
        ),
    )


def _refreshes(edge: "Edge") -> tuple[Route, ...]:
    shared: Mapping[str, Any] = {
        "path": "/refresh-access-token",
        "handler": edge.refresh_access_token,
        "answer": LegacyTokens,
        "errors": REFRESH_ERRORS,
        "plain_errors": True,
    }
    summary = "Exchange a refresh token, as the published design does"
    return (
        Route("GET", summary=summary, query=RefreshAccessToken, has_effects=True, **shared),
        Route("POST", summary="The same with the token in the body", body=RefreshAccessTokenBody, **shared),
    )


def _provider(edge: "Edge", published: PublishedDoor) -> tuple[Route, ...]:
    shared: Mapping[str, Any] = {
        "path": published.path,
        "handler": partial(edge.login_with, published),
        "answer": SignedInWith,
        "errors": link_errors(),
        "plain_errors": True,
    }
    summary = f"Sign in with {published.door}, or link it, as the published design does"
    return (
        Route("GET", summary=summary, query=published.query, has_effects=True, **shared),
        Route("POST", summary="The same with secrets in the body", body=published.body, **shared),
    )


def link_errors() -> tuple[type[MusterError], ...]:
    """Return what a provider's route can answer with."""
    return (
        ParameterMissing, LinkRefused, IdentityConflict, DoorTaken, UserNotCreated, *PROVIDER_ERRORS, *SIGNING_ERRORS,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of these routes: parse, call, render."""

    handlers: Handlers

    async def login_as_guest(self, call: Call) -> Answer:
        """Create a guest or sign one in: 200 either way; refusals carry no CORS headers, as published."""
        asked: LoginAsGuest = call.query or call.body or LoginAsGuest()
        guest = await self.handlers.players.sign_in_guest(asked.user_id, asked.guest_secret, origin=origin_of(call))
        return Answer(LegacyGuest.of(guest), headers=CORS)

    async def refresh_access_token(self, call: Call) -> Answer:
        """Exchange a refresh token."""
        asked: RefreshAccessToken = call.query or call.body

        async def refreshed() -> BaseModel:
            return LegacyTokens.of(await self.handlers.players.refresh(asked.refresh_token))

        return await with_cors(call, refreshed)

    async def login_with(self, published: PublishedDoor, call: Call) -> Answer:
        """Sign in with a provider, or link its identity to the account of an access token."""
        asked: LinkQuery = call.query or call.body

        async def signed_in() -> BaseModel:
            given = {name: getattr(asked, name) for name in published.fields}
            if not all(given.values()):
                missing = ", ".join(name for name, value in given.items() if not value)
                raise ParameterMissing(f"Missing required request parameters: [{missing}]")
            credential = {published.fields[name]: value for name, value in given.items()}
            return await self.enter(published, credential, asked, call)

        return await with_cors(call, signed_in)

    async def enter(
        self, published: PublishedDoor, credential: Mapping[str, str], asked: LinkQuery, call: Call
    ) -> SignedInWith:
        """Sign in or link, and say what went wrong in the published design's words."""
        linking = partial(self._holder, asked.auth_token or "") if asked.wants_link else None
        try:
            done = await self.handlers.doors.sign_in_or_link(
                published.door, credential, origin=origin_of(call), linking=linking
            )
        except CredentialRefused as error:
            raise CredentialRefused(published.words_for(error.reason), reason=error.reason) from error
        except (IdentityConflict, DoorTaken) as error:
            raise type(error)(LINK_FAILED) from error
        except UserNotCreated as error:
            raise UserNotCreated("Failed to create user") from error
        except LinkRefused:
            raise
        except Unauthenticated as error:
            # The session of the token to link to has ended.
            raise LinkRefused from error
        return SignedInWith.of_door(done.tokens, published.id_field, done.identity.subject)

    async def _holder(self, access_token: str) -> Principal:
        """Return the player whom the access token to link to proves.

        Raises:
            LinkRefused: it proves none.
        """
        try:
            principal = await self.handlers.verifier.verify(access_token)
        except Unauthenticated as error:
            raise LinkRefused from error
        if principal.scope not in PLAYER_SCOPES:
            raise LinkRefused
        return principal


async def with_cors(call: Call, answered: Callable[[], Awaitable[BaseModel]]) -> Answer:
    """Return the answer with the CORS headers, which refusals of these routes carry too."""
    try:
        return Answer(await answered(), headers=CORS)
    except MusterError as error:
        return refusal_of(call, error)


def refusal_of(call: Call, error: MusterError) -> Answer:
    """Return the answer that tells *error*, in plain text unless the caller asks for JSON, with the CORS headers."""
    plain = not wants_json({"Accept": call.headers.get("accept", "")})
    refusal = answer_of(error, request_id=call.request_id, plain=plain)
    return replace(refusal, headers={**refusal.headers, **CORS})
