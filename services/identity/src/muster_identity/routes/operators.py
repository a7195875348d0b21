"""Our own API: what operators do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muster_identity.api.accounts import Leaving, moment
from muster_identity.api.operators import Account, BannedIdentity, BanOrder, DossierOf
from muster_identity.errors import AccountContended, AccountNotFound, DoorUnknown, KeyNotFound, KeyringChanged
from muster_identity.routes.edge import SIGNING_ERRORS, Handlers
from muster_runtime.auth.principal import OPERATOR_SCOPES
from muster_runtime.http.routes import Answer, Call, Route

USER_ERRORS = (AccountNotFound, AccountContended)


def operator_routes(handlers: Handlers) -> tuple[Route, ...]:
    """Return the routes of our own API for operators."""
    edge = Edge(handlers)
    return (*_users(edge), *_identities(edge), *_keys(edge))


def _users(edge: "Edge") -> tuple[Route, ...]:
    shared: Mapping[str, Any] = {"scopes": OPERATOR_SCOPES, "errors": USER_ERRORS}
    user = "/v1/users/{user_id}"
    return (
        Route("GET", user, edge.look, "Show an account, its sessions and its history", answer=DossierOf, **shared),
        Route(
            "PUT",
            f"{user}/ban",
            edge.ban,
            "Ban an account and end its sessions",
            body=BanOrder,
            answer=Account,
            **shared,
        ),
        Route("DELETE", f"{user}/ban", edge.pardon, "Lift the ban of an account", answer=Account, **shared),
        Route("DELETE", f"{user}/sessions", edge.sign_out, "End all sessions of an account", status=204, **shared),
        Route(
            "DELETE",
            user,
            edge.delete,
            "Delete an account after the grace, within which its player may still come back",
            answer=Leaving,
            status=202,
            **shared,
        ),
    )


def _identities(edge: "Edge") -> tuple[Route, ...]:
    path = "/v1/identities/{door}/{subject}/ban"
    return (
        Route(
            "PUT",
            path,
            edge.ban_identity,
            "Ban a person as a provider knows them, and the account that they have",
            scopes=OPERATOR_SCOPES,
            body=BanOrder,
            answer=BannedIdentity,
            errors=(DoorUnknown, AccountContended),
        ),
        Route(
            "DELETE",
            path,
            edge.pardon_identity,
            "Lift the ban of an identity; a ban of the account stays",
            scopes=OPERATOR_SCOPES,
            status=204,
            errors=(DoorUnknown,),
        ),
    )


def _keys(edge: "Edge") -> tuple[Route, ...]:
    return (
        Route(
            "DELETE",
            "/v1/keys/{key_id}",
            edge.revoke_key,
            "Emergency: take a signing key out of use at once; what it signed is void",
            scopes=OPERATOR_SCOPES,
            status=204,
            errors=(KeyNotFound, KeyringChanged, *SIGNING_ERRORS),
        ),
    )


@dataclass(frozen=True, slots=True)
class Edge:
    """The handlers of these routes: parse, call, render."""

    handlers: Handlers

    async def look(self, call: Call) -> Answer:
        """Show an account."""
        return Answer(DossierOf.of(await self.handlers.operators.look(call.path["user_id"])))

    async def ban(self, call: Call) -> Answer:
        """Ban an account."""
        user = await self.handlers.operators.ban(call.path["user_id"], **_terms(call))
        return Answer(Account.of(user))

    async def pardon(self, call: Call) -> Answer:
        """Lift a ban."""
        user = await self.handlers.operators.pardon(call.path["user_id"], operator=call.caller.subject)
        return Answer(Account.of(user))

    async def sign_out(self, call: Call) -> Answer:
        """End all sessions of an account."""
        await self.handlers.operators.sign_out(call.path["user_id"], operator=call.caller.subject)
        return Answer(status=204)

    async def delete(self, call: Call) -> Answer:
        """Ask for the deletion of an account."""
        due_s = await self.handlers.operators.delete(call.path["user_id"], operator=call.caller.subject)
        return Answer(Leaving(delete_at=moment(due_s)), status=202)

    async def ban_identity(self, call: Call) -> Answer:
        """Ban an identity."""
        door = call.path["door"]
        owner = await self.handlers.operators.ban_identity(door, call.path["subject"], **_terms(call))
        return Answer(BannedIdentity(door=door, account=None if owner is None else Account.of(owner)))

    async def pardon_identity(self, call: Call) -> Answer:
        """Lift the ban of an identity."""
        await self.handlers.operators.pardon_identity(
            call.path["door"], call.path["subject"], operator=call.caller.subject
        )
        return Answer(status=204)

    async def revoke_key(self, call: Call) -> Answer:
        """Take a key out of use."""
        if not await self.handlers.keys.revoke(call.path["key_id"]):
            raise KeyNotFound
        return Answer(status=204)


def _terms(call: Call) -> dict[str, Any]:
    """Return reason, end and author of a ban."""
    order: BanOrder = call.body
    until_s = None if order.until is None else int(order.until.timestamp())
    return {"reason": order.reason, "until_s": until_s, "operator": call.caller.subject}
