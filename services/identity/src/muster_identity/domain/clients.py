"""Machines that call us in their own name: operators' tools and game servers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from muster_identity.domain import fingerprints

ClientId = NewType("ClientId", str)

CLIENT_SCOPES = frozenset({"operator", "server"})
"""What a client can be. A client never gets a player's scope: it has no user id."""


@dataclass(frozen=True, slots=True)
class Client:
    """One registered OAuth client.

    Attributes:
        client_id: its name, and the `sub` of its tokens.
        scope: one of `CLIENT_SCOPES`.
        secret_hash: fingerprint of its secret.
    """

    client_id: ClientId
    scope: str
    secret_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grant:
    """A request for a token, as RFC 6749 section 4.4 has it.

    Attributes:
        grant_type: what kind of grant; we offer `client_credentials`.
        client_id: who asks.
        client_secret: the proof.
        scope: what the token shall open; empty for what the client is registered for.
    """

    grant_type: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""


def authenticate(clients: Mapping[str, Client], client_id: str, client_secret: str) -> Client | None:
    """Return the client that this id and secret prove, or None; unknown ids cost as much as wrong secrets."""
    client = clients.get(client_id)
    proven = fingerprints.is_same(client_secret, client.secret_hash if client is not None else None)
    return client if proven else None
