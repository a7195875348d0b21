"""Accounts as their players see them."""

from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from muster_identity.api.guests import Device, Opaque, Presented, Tokens
from muster_identity.api.names import Name
from muster_identity.domain.changes import AuditEntry, Offer
from muster_identity.domain.doors import Door
from muster_identity.domain.outcomes import Archive, DoorSignedIn, Resolved
from muster_identity.domain.sessions import Session
from muster_identity.domain.users import LinkedDoor, User, scope_of

STRICT = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class Credential(BaseModel):
    """What a player brings to a provider's door; which fields, the door says."""

    model_config = STRICT

    credential: dict[str, Presented] = Field(
        max_length=4,
        description="steam: ticket; apple: identity_token, nonce, authorization_code; google_play: server_auth_code; "
        "facebook: access_token, user_id; epic and oidc: id_token, nonce; discord: code, redirect_uri, code_verifier; "
        "cognito: username, password",
        repr=False,
    )


class SignIn(Credential):
    """A sign-in with a provider."""

    create: bool = Field(default=True, description="make an account when the identity opens none")
    device: Device = Field(default="", description="what the list of sessions calls this one")


class SignedIn(Tokens):
    """A player who is signed in."""

    door: str = Field(description="the provider")
    is_new: bool = Field(description="the account was created just now")

    @classmethod
    def of_door(cls, signed_in: DoorSignedIn) -> "SignedIn":
        """Show a sign-in to its player."""
        tokens = Tokens.of(signed_in.tokens).model_dump()
        return cls(door=signed_in.identity.door, is_new=signed_in.is_new, **tokens)


class DoorOf(BaseModel):
    """A door that opens an account."""

    door: str
    linked_at: datetime
    display_name: str = Field(description="what the provider called the person then; empty when it did not say")

    @classmethod
    def of(cls, door: LinkedDoor) -> "DoorOf":
        """Show a linked door."""
        return cls(door=door.door, linked_at=moment(door.linked_at_s), display_name=door.display_name)


class Profile(BaseModel):
    """An account."""

    user_id: str = Field(description="stable, and public: other players may see it")
    display_name: str
    scope: str = Field(description="what the next access token opens")
    created_at: datetime
    doors: tuple[DoorOf, ...] = Field(description="what opens the account, guest first")

    @classmethod
    def of(cls, user: User) -> "Profile":
        """Show *user* to its player."""
        return cls(
            user_id=user.user_id,
            display_name=user.display_name,
            scope=scope_of(user),
            created_at=moment(user.created_at_s),
            doors=doors_of(user),
        )


class ProfileChange(BaseModel):
    """What a player changes about the own account."""

    model_config = STRICT

    display_name: Name = Field(description="what other players see: one line, no control or invisible characters")


class Party(BaseModel):
    """One of the two accounts of a conflict."""

    user_id: str
    display_name: str
    created_at: datetime
    doors: tuple[str, ...]

    @classmethod
    def of(cls, user: User) -> "Party":
        """Show *user* to the player who has proved to be its owner."""
        return cls(
            user_id=user.user_id,
            display_name=user.display_name,
            created_at=moment(user.created_at_s),
            doors=tuple(each.door for each in doors_of(user)),
        )


class Conflict(BaseModel):
    """The problem `identity_conflict`, with the offer to resolve it (RFC 9457 section 3.2)."""

    type: Literal["urn:muster:problem:identity_conflict"] = "urn:muster:problem:identity_conflict"
    title: Literal["Identity conflict"] = "Identity conflict"
    status: Literal[409] = 409
    detail: str
    code: Literal["identity_conflict"] = "identity_conflict"
    request_id: str
    resolution_token: str = Field(description="good for one use")
    resolution_expires_in: int = Field(description="seconds")
    current: Party = Field(description="the account that is signed in")
    owner: Party = Field(description="the account that the identity opens")

    @classmethod
    def of(cls, offer: Offer, *, detail: str, request_id: str) -> "Conflict":
        """Show an offer to its player."""
        return cls(
            detail=detail,
            request_id=request_id,
            resolution_token=offer.token,
            resolution_expires_in=offer.expires_in_s,
            current=Party.of(offer.current),
            owner=Party.of(offer.owner),
        )


class Resolve(BaseModel):
    """How a conflict shall end."""

    model_config = STRICT

    resolution_token: Opaque
    choice: Literal["keep", "switch", "merge"] = Field(
        description="keep: the identity opens this account from now on; switch: sign in to the other; merge: the other "
        "becomes an alias of this one"
    )
    device: Device = ""


class Outcome(BaseModel):
    """How a conflict ended."""

    profile: Profile = Field(description="the account that the identity opens now")
    tokens: Tokens | None = Field(description="a session of it, after a switch")

    @classmethod
    def of(cls, resolved: Resolved) -> "Outcome":
        """Show an outcome to its player."""
        tokens = None if resolved.tokens is None else Tokens.of(resolved.tokens)
        return cls(profile=Profile.of(resolved.user), tokens=tokens)


class SessionOf(BaseModel):
    """A sign-in that lives."""

    session_id: str
    door: str
    device: str
    network: str = Field(description="the network that the sign-in came from; never the whole address")
    signed_in_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool

    @classmethod
    def of(cls, session: Session, *, current: str = "") -> "SessionOf":
        """Show *session* to its player."""
        return cls(
            session_id=session.session_id,
            door=session.door,
            device=session.device,
            network=session.network,
            signed_in_at=moment(session.signed_in_at_s),
            last_used_at=moment(session.issued_at_s),
            expires_at=moment(session.expires_at_s),
            is_current=session.session_id == current,
        )


class Sessions(BaseModel):
    """An account's sessions."""

    sessions: tuple[SessionOf, ...]


class GuestSecret(BaseModel):
    """A guest door with a new secret."""

    user_id: str
    guest_secret: str = Field(description="keep it: older ones open nothing any more")


class Entry(BaseModel):
    """One line of an account's history."""

    at: datetime
    action: str
    actor: str
    detail: str

    @classmethod
    def of(cls, entry: AuditEntry) -> "Entry":
        """Show a line of history."""
        return cls(at=moment(entry.at_s), action=entry.action, actor=entry.actor, detail=entry.detail)


class IdentityOf(DoorOf):
    """A door with what the provider knows the person by: for the person alone."""

    subject: str


class ArchiveOf(BaseModel):
    """Everything that identity keeps about a player."""

    exported_at: datetime
    profile: Profile
    identities: tuple[IdentityOf, ...]
    sessions: tuple[SessionOf, ...]
    history: tuple[Entry, ...]

    @classmethod
    def of(cls, archive: Archive) -> "ArchiveOf":
        """Show an archive to its player."""
        return cls(
            exported_at=moment(archive.exported_at_s),
            profile=Profile.of(archive.user),
            identities=tuple(
                IdentityOf(subject=each.subject, **DoorOf.of(each).model_dump()) for each in archive.user.doors
            ),
            sessions=tuple(SessionOf.of(each) for each in archive.sessions),
            history=tuple(Entry.of(each) for each in archive.history),
        )


class Leaving(BaseModel):
    """An account that is going to be deleted."""

    delete_at: datetime = Field(description="signing in before this calls it off")


def doors_of(user: User) -> tuple[DoorOf, ...]:
    """Return what opens *user*'s account, guest first."""
    guest = DoorOf(door=Door.GUEST, linked_at=moment(user.created_at_s), display_name="")
    return (*((guest,) if user.guest_hashes else ()), *(DoorOf.of(each) for each in user.doors))


def moment(epoch_s: int) -> datetime:
    """Return an instant as the wire has it."""
    return datetime.fromtimestamp(epoch_s, UTC)
