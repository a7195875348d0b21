"""Accounts as operators see them."""

from datetime import UTC, datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from muster_identity.api.accounts import DoorOf, Entry, SessionOf, doors_of, moment
from muster_identity.domain.outcomes import Dossier
from muster_identity.domain.users import Ban, User

_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
"""Ends of bans that every time zone can tell."""


class BanOrder(BaseModel):
    """A ban."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    reason: str = Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description="the player reads it")
    until: AwareDatetime | None = Field(
        default=None, ge=_EARLIEST, lt=_LATEST, description="when it ends; leave out for a ban for good"
    )


class BanOf(BaseModel):
    """A ban that stands, or stood."""

    reason: str
    banned_at: datetime
    until: datetime | None

    @classmethod
    def of(cls, ban: Ban) -> "BanOf":
        """Show a ban."""
        until = None if ban.until_s is None else moment(ban.until_s)
        return cls(reason=ban.reason, banned_at=moment(ban.banned_at_s), until=until)


class Account(BaseModel):
    """An account, with what stands against it."""

    user_id: str
    display_name: str
    created_at: datetime
    doors: tuple[DoorOf, ...]
    ban: BanOf | None
    delete_at: datetime | None
    deleted_at: datetime | None
    merged_into: str | None

    @classmethod
    def of(cls, user: User) -> "Account":
        """Show *user* to an operator."""
        return cls(
            user_id=user.user_id,
            display_name=user.display_name,
            created_at=moment(user.created_at_s),
            doors=doors_of(user),
            ban=None if user.ban is None else BanOf.of(user.ban),
            delete_at=None if user.delete_at_s is None else moment(user.delete_at_s),
            deleted_at=None if user.deleted_at_s is None else moment(user.deleted_at_s),
            merged_into=user.merged_into or None,
        )


class BannedIdentity(BaseModel):
    """An identity that is banned."""

    door: str
    account: Account | None = Field(description="the account that it opens, which is banned with it")


class DossierOf(BaseModel):
    """What is known of an account."""

    account: Account
    sessions: tuple[SessionOf, ...]
    history: tuple[Entry, ...]

    @classmethod
    def of(cls, dossier: Dossier) -> "DossierOf":
        """Show a dossier to an operator."""
        return cls(
            account=Account.of(dossier.user),
            sessions=tuple(SessionOf.of(each) for each in dossier.sessions),
            history=tuple(Entry.of(each) for each in dossier.history),
        )
