"""Our own API: signing in, and what players do with their accounts."""

from dataclasses import dataclass

from muster_identity.api.accounts import (
    ArchiveOf,
    Conflict,
    Credential,
    GuestSecret,
    Leaving,
    Outcome,
    Profile,
    ProfileChange,
    Resolve,
    SessionOf,
    Sessions,
    SignedIn,
    SignIn,
    moment,
)
from muster_identity.api.guests import Guest, RefreshTokens, SignInGuest, Tokens
from muster_identity.domain.changes import Offer
from muster_identity.domain.outcomes import Choice
from muster_identity.errors import (
    AccountNotFound,
    Banned,
    DoorNotLinked,
    DoorTaken,
    GuestIncomplete,
    IdentityConflict,
    LastDoor,
    MergeRefused,
    ResolutionRefused,
    SessionNotFound,
)
from muster_identity.routes.edge import (
    CALLER_ERRORS,
    GUEST_ERRORS,
    PROVIDER_ERRORS,
    RECENT_ERRORS,
    REFRESH_ERRORS,
    SIGN_IN_ERRORS,
    SIGNING_ERRORS,
    Handlers,
    origin_of,
)
from muster_runtime.auth.principal import PLAYER_SCOPES
from muster_runtime.http.problems import PROBLEM_TYPE
from muster_runtime.http.routes import Answer, Call, Handler, Route


def player_routes(handlers: Handlers) -> tuple[Route, ...]:
    """Return the routes of our own API for players."""
    edge = Edge(handlers)
    return (*_sign_in(edge), *_doors(edge), *_sessions(edge), *_account(edge))


def _sign_in(edge: "Edge") -> tuple[Route, ...]:
    return (
        Route(
            method="POST",
            path="/v1/guests",
            handler=edge.sign_in_guest,
            summary="Create a guest, or sign one in",
            body=SignInGuest,
            body_optional=True,
            answer=Guest,
            status=201,
            errors=(GuestIncomplete, *GUEST_ERRORS),
        ),
        Route(
            method="POST",
            path="/v1/sign-in/{door}",
            handler=edge.sign_in,
            summary="Sign in with a provider, and make an account when there is none",
            body=SignIn,
            answer=SignedIn,
            errors=(AccountNotFound, *SIGN_IN_ERRORS),
        ),
        Route(
            method="POST",
            path="/v1/tokens/refresh",
            handler=edge.refresh,
            summary="Exchange a refresh token for the next pair of tokens",
            body=RefreshTokens,
            answer=Tokens,
            errors=REFRESH_ERRORS,
        ),
    )


def _doors(edge: "Edge") -> tuple[Route, ...]:
    return (
        Route(
            method="POST",
            path="/v1/me/doors/{door}",
            handler=edge.link,
            summary="Let an identity open this account too; a 409 `identity_conflict` offers to resolve it",
            scopes=PLAYER_SCOPES,
            body=Credential,
            answer=Profile,
            errors=(IdentityConflict, DoorTaken, *PROVIDER_ERRORS, *RECENT_ERRORS),
        ),
        Route(
            method="DELETE",
            path="/v1/me/doors/{door}",
            handler=edge.unlink,
            summary="Close a door of this account, never the last one",
            scopes=PLAYER_SCOPES,
            answer=Profile,
            errors=(DoorNotLinked, LastDoor, *RECENT_ERRORS),
        ),
        Route(
            method="POST",
            path="/v1/me/conflicts/resolve",
            handler=edge.resolve,
            summary="End an identity conflict: keep, switch or merge",
            scopes=PLAYER_SCOPES,
            body=Resolve,
            answer=Outcome,
            errors=(ResolutionRefused, DoorTaken, LastDoor, MergeRefused, Banned, *RECENT_ERRORS, *SIGNING_ERRORS),
        ),
        Route(
            method="POST",
            path="/v1/me/guest-secret",
            handler=edge.change_guest_secret,
            summary="Give the guest door a new secret",
            scopes=PLAYER_SCOPES,
            answer=GuestSecret,
            errors=RECENT_ERRORS,
        ),
    )


def _sessions(edge: "Edge") -> tuple[Route, ...]:
    return (
        _mine("GET", "/v1/me/sessions", edge.sessions, "List the sessions that live", Sessions),
        Route(
            method="DELETE",
            path="/v1/me/sessions/{session_id}",
            handler=edge.end_session,
            summary="End one session; `current` is the one that asks",
            scopes=PLAYER_SCOPES,
            status=204,
            errors=(SessionNotFound, *CALLER_ERRORS),
        ),
        Route(
            method="DELETE",
            path="/v1/me/sessions",
            handler=edge.end_all_sessions,
            summary="End all sessions, this one included",
            scopes=PLAYER_SCOPES,
            status=204,
            errors=CALLER_ERRORS,
        ),
    )


def _account(edge: "Edge") -> tuple[Route, ...]:
    return (
        _mine("GET", "/v1/me", edge.profile, "Show this account", Profile),
        Route(
            method="PATCH",
            path="/v1/me",
            handler=edge.rename,
            summary="Change the display name",
            scopes=PLAYER_SCOPES,
            body=ProfileChange,
            answer=Profile,
            errors=CALLER_ERRORS,
        ),
        Route(
            method="GET",
            path="/v1/me/export",
            handler=edge.export,
            summary="Everything that identity keeps about this player",
            scopes=PLAYER_SCOPES,
            answer=ArchiveOf,
            errors=RECENT_ERRORS,
        ),
        Route(
            method="DELETE",
            path="/v1/me",
            handler=edge.leave,
            summary="Delete this account after a grace, within which signing in calls it off",
            scopes=PLAYER_SCOPES,
            answer=Leaving,
            status=202,
            errors=RECENT_ERRORS,
        ),
    )


def _mine(method: str, path: str, handler: Handler, summary: str, answer: type) -> Route:
    return Route(method, path, handler, summary, scopes=PLAYER_SCOPES, answer=answer, errors=CALLER_ERRORS)


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of these routes: parse, call, render."""

    handlers: Handlers

    async def sign_in_guest(self, call: Call) -> Answer:
        """Create a guest (201), or sign one in (200)."""
        asked: SignInGuest = call.body or SignInGuest()
        if (asked.user_id is None) != (asked.guest_secret is None):
            raise GuestIncomplete
        guest = await self.handlers.players.sign_in_guest(
            asked.user_id, asked.guest_secret, origin=origin_of(call, asked.device)
        )
        return Answer(Guest.of_guest(guest), status=201 if guest.is_new else 200)

    async def sign_in(self, call: Call) -> Answer:
        """Sign in with a provider: 201 for a new account, 200 otherwise."""
        asked: SignIn = call.body
        origin = origin_of(call, asked.device)
        signed_in = await self.handlers.doors.sign_in(
            call.path["door"], asked.credential, origin=origin, create=asked.create
        )
        return Answer(SignedIn.of_door(signed_in), status=201 if signed_in.is_new else 200)

    async def refresh(self, call: Call) -> Answer:
        """Exchange a refresh token."""
        return Answer(Tokens.of(await self.handlers.players.refresh(call.body.refresh_token)))

    async def link(self, call: Call) -> Answer:
        """Link an identity, or offer to resolve the conflict."""
        outcome = await self.handlers.doors.link(call.caller, call.path["door"], call.body.credential)
        if not isinstance(outcome, Offer):
            return Answer(Profile.of(outcome))
        body = Conflict.of(outcome, detail=IdentityConflict.advice, request_id=call.request_id)
        headers = {"X-Error-Code": IdentityConflict.code}
        return Answer(body, status=409, headers=headers, content_type=PROBLEM_TYPE)

    async def unlink(self, call: Call) -> Answer:
        """Close a door."""
        return Answer(Profile.of(await self.handlers.doors.unlink(call.caller, call.path["door"])))

    async def resolve(self, call: Call) -> Answer:
        """End a conflict."""
        asked: Resolve = call.body
        resolved = await self.handlers.doors.resolve(
            call.caller, asked.resolution_token, Choice(asked.choice), origin=origin_of(call, asked.device)
        )
        return Answer(Outcome.of(resolved))

    async def change_guest_secret(self, call: Call) -> Answer:
        """Give the guest door a new secret."""
        user, guest_secret = await self.handlers.accounts.change_guest_secret(call.caller)
        return Answer(GuestSecret(user_id=user.user_id, guest_secret=guest_secret))

    async def sessions(self, call: Call) -> Answer:
        """List sessions."""
        found = await self.handlers.accounts.sessions(call.caller)
        return Answer(Sessions(sessions=tuple(SessionOf.of(each, current=call.caller.session_id) for each in found)))

    async def end_session(self, call: Call) -> Answer:
        """End one session."""
        await self.handlers.accounts.end_session(call.caller, call.path["session_id"])
        return Answer(status=204)

    async def end_all_sessions(self, call: Call) -> Answer:
        """End all sessions."""
        await self.handlers.accounts.end_all_sessions(call.caller)
        return Answer(status=204)

    async def profile(self, call: Call) -> Answer:
        """Show the account."""
        return Answer(Profile.of(await self.handlers.accounts.profile(call.caller)))

    async def rename(self, call: Call) -> Answer:
        """Change the display name."""
        return Answer(Profile.of(await self.handlers.accounts.rename(call.caller, call.body.display_name)))

    async def export(self, call: Call) -> Answer:
        """Give everything there is."""
        archive = ArchiveOf.of(await self.handlers.accounts.export(call.caller))
        return Answer(archive, headers={"Content-Disposition": 'attachment; filename="account.json"'})

    async def leave(self, call: Call) -> Answer:
        """Ask for deletion."""
        return Answer(Leaving(delete_at=moment(await self.handlers.accounts.leave(call.caller))), status=202)
