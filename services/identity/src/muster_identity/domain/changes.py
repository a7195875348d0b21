"""What a decision about accounts writes: all of it or nothing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from muster_identity.domain.sessions import Session
from muster_identity.domain.users import Ban, User, UserId


class Told(StrEnum):
    """Kinds of facts that the other services are told; the types of the events."""

    CREATED = "user.created"
    LINKED = "identity.linked"
    UNLINKED = "identity.unlinked"
    REVOKED = "session.revoked"
    BANNED = "user.banned"
    UNBANNED = "user.unbanned"
    MERGED = "user.merged"
    DELETED = "user.deleted"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is true from the change on.

    Attributes:
        told: its kind.
        user_id: whom it is about.
        at_s: since when, seconds since the epoch.
        sequence: place among the facts about this user: the version that the change makes.
        epoch: of the account before the change.
        key: what makes it the one fact of its kind and user; empty when the sequence does.
        door: the door concerned; for a creation the first one. Empty where none is.
        session_id: the session concerned; empty for all of the user's.
        reason: why, for a ban or a revocation.
        until_s: when it ends, for a ban; None for never.
        survivor: the account that goes on, for a merger.
    """

    told: Told
    user_id: UserId
    at_s: int
    sequence: int
    epoch: int = 0
    key: str = ""
    door: str = ""
    session_id: str = ""
    reason: str = ""
    until_s: int | None = None
    survivor: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of an account's history.

    Attributes:
        user_id: whose account.
        at_s: when, seconds since the epoch.
        action: what happened, one word of ours.
        actor: who did it: `player`, `system`, or `operator:` and the OAuth client's id.
        key: tells entries of one second apart.
        detail: more about it; never a secret, and no provider's id of the person.
    """

    user_id: UserId
    at_s: int
    action: str
    actor: str
    key: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whom an identity opens the account of, before and after.

    Attributes:
        door: the provider's name.
        subject: the provider's own id of the person.
        before: who owns it as decided on; None for nobody.
        after: who owns it from then on; None for nobody.
    """

    door: str
    subject: str
    before: UserId | None
    after: UserId | None


@dataclass(frozen=True, slots=True)
class IdentityBan:
    """A ban of a person as a provider knows them, whatever account they have or make.

    Attributes:
        identity_hash: fingerprint of door and subject, so that a ban outlives an account without naming the person.
        ban: reason and end.
    """

    identity_hash: str
    ban: Ban


@dataclass(frozen=True, slots=True)
class Entrant:
    """An identity that comes to open an account, which a banned one may not.

    Attributes:
        identity_hash: fingerprint of door and subject.
        at_s: when it is let in, seconds since the epoch; a ban that is over by then is none.
    """

    identity_hash: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Resolution:
    """A conflict that its player may resolve, once and soon.

    Attributes:
        token_hash: fingerprint of the token that allows it.
        user_id: who wanted to link.
        session_id: in which session.
        owner_id: whose account the identity opens.
        door: the provider's name.
        subject: the provider's own id of the person.
        display_name: what the provider calls them.
        expires_at_s: last moment, seconds since the epoch.
    """

    token_hash: str = field(repr=False)
    user_id: UserId
    session_id: str
    owner_id: UserId
    door: str
    subject: str
    display_name: str
    expires_at_s: int


@dataclass(frozen=True, slots=True)
class Offer:
    """What a player who met a conflict is offered.

    Attributes:
        token: allows to resolve it, once.
        expires_in_s: how long, seconds.
        current: the account that asked for the link.
        owner: the account that the identity opens; the player has just proved to be its owner too.
    """

    token: str = field(repr=False)
    expires_in_s: int
    current: User
    owner: User


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Tokens that count no more although their time is not over.

    Attributes:
        kind: what they have in common: `session`, `user`, `version` (a user's epoch) or `key`.
        what: its id; of a version `USER#EPOCH`.
        not_after_s: only those issued at or before this, seconds since the epoch.
        until_s: by then none of them can be alive, seconds since the epoch.
    """

    kind: str
    what: str
    not_after_s: int
    until_s: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the published list of what was taken back.

    Attributes:
        kind: as `TakenBack` has it; it is not published.
        mark: stands for the id without telling it.
        not_after_s: tokens issued at or before this are refused, seconds since the epoch.
        until_s: by then none of them can be alive, seconds since the epoch.
    """

    kind: str
    mark: str
    not_after_s: int
    until_s: int


ENDING = frozenset({Told.REVOKED, Told.BANNED, Told.DELETED, Told.MERGED})
"""Facts after which tokens that are out count no more."""


def taken_back(facts: Iterable[Fact], *, life_s: int) -> tuple[TakenBack, ...]:
    """Return the tokens that *facts* take back, each user and session once.

    A session ends for good. Of a user it is the epoch that ends: tokens of it count no more, whenever they were given
    out, even after this was decided; tokens of the next epoch count from their first second on. By the time are told
    tokens of earlier epochs, which a change left alone, and verifiers that do not know of epochs.

    Args:
        facts: what a change tells.
        life_s: longest life of an access token, with what clocks may differ, seconds.
    """
    found: dict[tuple[str, str], TakenBack] = {}
    for fact in facts:
        if fact.told not in ENDING:
            continue
        until_s = fact.at_s + life_s
        ends = (
            [TakenBack("session", fact.session_id, until_s, until_s)]
            if fact.session_id
            else [
                TakenBack("version", f"{fact.user_id}#{fact.epoch}", until_s, until_s),
                TakenBack("user", fact.user_id, fact.at_s - 1, until_s),
            ]
        )
        found |= {(each.kind, each.what): each for each in ends}
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Change:
    """What one decision writes.

    Attributes:
        users: accounts as they shall be, their version as read; each must still have it.
        claims: identities that change hands; each must still belong to whom it did.
        opened: a session that begins.
        kept: a session that goes on, under another epoch; it must still live.
        ended: sessions that end early; each must still live.
        entrants: identities that come to open an account; none of them may be banned.
        bans: identities that are banned from now on.
        pardons: hashes of identities that are banned no longer.
        spends: hash of the resolution that is used up; it must still be there. Empty for none.
        facts: what the other services are told.
        audits: what the accounts' history says.
    """

    users: tuple[User, ...] = ()
    claims: tuple[Claim, ...] = ()
    opened: Session | None = None
    kept: Session | None = None
    ended: tuple[Session, ...] = ()
    entrants: tuple[Entrant, ...] = ()
    bans: tuple[IdentityBan, ...] = ()
    pardons: tuple[str, ...] = ()
    spends: str = ""
    facts: tuple[Fact, ...] = ()
    audits: tuple[AuditEntry, ...] = ()
