"""Events published by identity."""

from pydantic import AwareDatetime, Field

from muster_events.envelope import EventData


class UserCreated(EventData):
    """A person, or a guest, has an account now. Subject: the user id.

    The kind is the door they came in by: `guest`, or a provider's name. Kinds are open; a consumer must expect one it
    does not know.
    """

    TYPE = "user.created"
    PRODUCER = "identity"

    user_id: str
    kind: str = Field(min_length=1, max_length=64, examples=["guest"])


class IdentityLinked(EventData):
    """One more identity opens an account. Subject: the user id.

    Doors are open: a consumer must expect one it does not know. Whose identity it is is not told.
    """

    TYPE = "identity.linked"
    PRODUCER = "identity"

    user_id: str
    door: str = Field(min_length=1, max_length=64, examples=["steam"])


class IdentityUnlinked(EventData):
    """An identity opens an account no more. Subject: the user id."""

    TYPE = "identity.unlinked"
    PRODUCER = "identity"

    user_id: str
    door: str = Field(min_length=1, max_length=64, examples=["steam"])


class SessionRevoked(EventData):
    """A session ended early, or all of a user's did. Subject: the user id.

    With `sid`, the tokens that carry it are void; without, all tokens of this user that were issued up to
    `revoked_at`. Reasons are open.
    """

    TYPE = "session.revoked"
    PRODUCER = "identity"

    user_id: str
    sid: str | None = None
    reason: str = Field(min_length=1, max_length=64, examples=["signed_out"])
    revoked_at: AwareDatetime


class UserBanned(EventData):
    """A user may not play until the ban ends, or is lifted; all their sessions ended. Subject: the user id."""

    TYPE = "user.banned"
    PRODUCER = "identity"

    user_id: str
    reason: str = Field(max_length=500)
    until: AwareDatetime | None = None


class UserUnbanned(EventData):
    """A ban was lifted before its end. Subject: the user id."""

    TYPE = "user.unbanned"
    PRODUCER = "identity"

    user_id: str


class UserMerged(EventData):
    """An account became an alias of another, which goes on for both. Subject: the user id that is no more."""

    TYPE = "user.merged"
    PRODUCER = "identity"

    user_id: str
    survivor_id: str


class UserDeleted(EventData):
    """An account is gone for good; whatever is kept about this user must go too. Subject: the user id."""

    TYPE = "user.deleted"
    PRODUCER = "identity"

    user_id: str


class KeysRotated(EventData):
    """The signing keys changed. Subject: the key id that signs from now on."""

    TYPE = "keys.rotated"
    PRODUCER = "identity"

    key_id: str
    signs_from: AwareDatetime
