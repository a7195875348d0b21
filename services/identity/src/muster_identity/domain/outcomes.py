"""What the handlers give back, and what they are asked to choose."""

from dataclasses import dataclass
from enum import StrEnum

from muster_identity.domain.changes import AuditEntry
from muster_identity.domain.doors import ProviderIdentity
from muster_identity.domain.sessions import Session
from muster_identity.domain.tokens import TokenPair
from muster_identity.domain.users import User


class Choice(StrEnum):
    """What becomes of an identity that opens another account."""

    KEEP = "keep"
    SWITCH = "switch"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class DoorSignedIn:
    """A sign-in with a provider.

    Attributes:
        tokens: the tokens, with the user id.
        identity: whom the provider proved.
        is_new: the account was created just now.
    """

    tokens: TokenPair
    identity: ProviderIdentity
    is_new: bool


@dataclass(frozen=True, slots=True)
class Resolved:
    """How a conflict ended.

    Attributes:
        user: the account that the identity opens now.
        tokens: a session of it, after a switch; None otherwise, the present session goes on.
    """

    user: User
    tokens: TokenPair | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """Everything that is kept about one player.

    Attributes:
        user: the account.
        sessions: its sessions, newest first.
        history: what happened to it, newest first.
        exported_at_s: when this was read, seconds since the epoch.
    """

    user: User
    sessions: tuple[Session, ...]
    history: tuple[AuditEntry, ...]
    exported_at_s: int


@dataclass(frozen=True, slots=True)
class Dossier:
    """What an operator sees of an account.

    Attributes:
        user: the account.
        sessions: its sessions that live, newest first.
        history: what happened to it, newest first.
    """

    user: User
    sessions: tuple[Session, ...]
    history: tuple[AuditEntry, ...]
