"""Decisions about accounts: each takes what is stored and gives the change to write, or says why not.

Two rules hold through all of them. An identity opens one account, and an account is opened by at most one identity of
each provider. And an account that is neither deleted nor merged has at least one door.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from muster_identity.domain.bans import identity_hash, kept_at_deletion
from muster_identity.domain.changes import AuditEntry, Change, Claim, Entrant, Fact, Told
from muster_identity.domain.doors import Door, ProviderIdentity
from muster_identity.domain.sessions import Session
from muster_identity.domain.told import PLAYER, SYSTEM, audit, fact
from muster_identity.domain.users import Ban, LinkedDoor, User
from muster_identity.errors import DoorNotLinked, DoorTaken, LastDoor, MergeRefused

MOST_GUEST_HASHES = 8
"""Guest secrets that open one account; so many guests can be merged into it."""


def created(user: User, session: Session, *, identity: ProviderIdentity | None = None) -> Change:
    """Return the change that makes *user*, with the first *session*.

    Args:
        user: the account, never stored before, without linked doors.
        session: the session that begins.
        identity: who opens it; None for a guest.
    """
    now_s, door = user.created_at_s, Door.GUEST.value
    claims: tuple[Claim, ...] = ()
    entrants: tuple[Entrant, ...] = ()
    if identity is not None:
        user, door = _with_door(user, identity, now_s), identity.door
        claims = (Claim(identity.door, identity.subject, None, user.user_id),)
        entrants = (_entrant(identity, now_s),)
    return Change(
        users=(user,),
        claims=claims,
        entrants=entrants,
        opened=session,
        facts=(fact(Told.CREATED, user, now_s, door=door),),
        audits=(audit(user, now_s, "created", PLAYER, detail=door),),
    )


def with_door(user: User, identity: ProviderIdentity) -> User:
    """Return *user* as the account is once *identity* opens it, from its creation on."""
    return _with_door(user, identity, user.created_at_s)


def spending(change: Change, token_hash: str) -> Change:
    """Return *change* with a resolution that is used up by it."""
    return replace(change, spends=token_hash)


def linked(user: User, identity: ProviderIdentity, now_s: int) -> Change:
    """Return the change that lets an identity that nobody owns open *user*'s account too.

    Raises:
        DoorTaken: another identity of the same provider does.
    """
    if user.linked(identity.door) is not None:
        raise DoorTaken
    after = _with_door(user, identity, now_s)
    return Change(
        users=(after,),
        claims=(Claim(identity.door, identity.subject, None, user.user_id),),
        entrants=(_entrant(identity, now_s),),
        facts=(fact(Told.LINKED, user, now_s, door=identity.door),),
        audits=(audit(user, now_s, "linked", PLAYER, detail=identity.door),),
    )


def unlinked(user: User, door: str, now_s: int) -> Change:
    """Return the change that closes a door; see `staying` for who came in by it.

    Raises:
        DoorNotLinked: this door does not open the account.
        LastDoor: it is the only one.
    """
    claims: tuple[Claim, ...] = ()
    if door == Door.GUEST:
        if not user.guest_hashes:
            raise DoorNotLinked
        after = replace(user, guest_secret_hash="", merged_guest_hashes=())
    else:
        closed = user.linked(door)
        if closed is None:
            raise DoorNotLinked
        after = _without_door(user, door)
        claims = (Claim(door, closed.subject, user.user_id, None),)
    if after.ways_in == 0:
        raise LastDoor
    return Change(
        users=(after,),
        claims=claims,
        facts=(fact(Told.UNLINKED, user, now_s, door=door),),
        audits=(audit(user, now_s, "unlinked", PLAYER, detail=door),),
    )


def moved(user: User, owner: User, identity: ProviderIdentity, now_s: int) -> Change:
    """Return the change that takes an identity from *owner* and lets it open *user*'s account.

    The owner's sessions end: whoever is in that account has just lost a way in.

    Raises:
        DoorTaken: another identity of the same provider opens *user*'s account.
        LastDoor: nothing else opens the owner's; merging the two is the way out.
    """
    if user.linked(identity.door) is not None:
        raise DoorTaken
    left = _without_door(owner, identity.door)
    if left.ways_in == 0:
        raise LastDoor("This identity is the only way into the other account. Choose switch or merge.")
    return Change(
        users=(_with_door(user, identity, now_s), replace(left, epoch=owner.epoch + 1)),
        claims=(Claim(identity.door, identity.subject, owner.user_id, user.user_id),),
        entrants=(_entrant(identity, now_s),),
        facts=(
            fact(Told.LINKED, user, now_s, door=identity.door),
            fact(Told.UNLINKED, owner, now_s, door=identity.door),
            fact(Told.REVOKED, owner, now_s, reason="identity_moved"),
        ),
        audits=(
            audit(user, now_s, "linked", PLAYER, detail=f"{identity.door} from {owner.user_id}"),
            audit(owner, now_s, "unlinked", PLAYER, detail=f"{identity.door} to {user.user_id}"),
        ),
    )


def merged(user: User, other: User, now_s: int) -> Change:
    """Return the change that makes *other*'s doors open *user*'s account, and *other* an alias of it.

    Raises:
        MergeRefused: a ban or a deletion stands in the way, both accounts are opened by identities of one provider,
            or more guest secrets came together than an account keeps.
    """
    if any(each.ban is not None and each.ban.is_in_force(now_s) for each in (user, other)):
        raise MergeRefused("One of the accounts is banned.")
    if user.delete_at_s is not None or other.delete_at_s is not None or user.is_gone or other.is_gone:
        raise MergeRefused("One of the accounts is being deleted.")
    if {each.door for each in user.doors} & {each.door for each in other.doors}:
        raise MergeRefused("Both accounts have an identity of the same provider. Unlink one of them first.")
    hashes = (*user.merged_guest_hashes, *other.guest_hashes)
    if len(hashes) > MOST_GUEST_HASHES:
        raise MergeRefused("Too many guests were merged into this account.")
    survivor = replace(user, doors=(*user.doors, *other.doors), merged_guest_hashes=hashes)
    alias = replace(
        User(other.user_id, other.created_at_s, version=other.version),
        epoch=other.epoch + 1,
        merged_into=user.user_id,
    )
    return Change(
        users=(survivor, alias),
        claims=tuple(Claim(each.door, each.subject, other.user_id, user.user_id) for each in other.doors),
        facts=(
            fact(Told.MERGED, other, now_s, survivor=user.user_id),
            fact(Told.REVOKED, other, now_s, reason="merged"),
        ),
        audits=(
            audit(user, now_s, "merged", PLAYER, detail=f"took {other.user_id}"),
            audit(other, now_s, "merged", PLAYER, detail=f"into {user.user_id}"),
        ),
    )


def signed_out_everywhere(user: User, now_s: int, *, actor: str, reason: str = "signed_out") -> Change:
    """Return the change that ends all sessions of *user*."""
    return Change(
        users=(replace(user, epoch=user.epoch + 1),),
        facts=(fact(Told.REVOKED, user, now_s, reason=reason),),
        audits=(audit(user, now_s, "signed_out_everywhere", actor, detail=reason),),
    )


def signed_out(user: User, session: Session, now_s: int, *, actor: str, reason: str = "signed_out") -> Change:
    """Return the change that ends one *session* of *user*."""
    over = replace(session, revoked_at_s=now_s, revoked_reason=reason)
    entry = AuditEntry(user.user_id, now_s, "signed_out", actor, key=session.session_id, detail=reason)
    return Change(ended=(over,), facts=(_session_over(user, session, now_s, reason),), audits=(entry,))


def staying(change: Change, session: Session, others: Sequence[Session], now_s: int, *, reason: str) -> Change:
    """Return *change*, of one account, with all sessions of it over but *session*.

    For whatever takes a way in from the account: nobody who came in by it, and nobody else, stays but who asked for it.

    Args:
        change: what else is written.
        session: goes on.
        others: sessions that are known, whose tokens verifiers are told of at once; of one that is not known an access
            token lives to its end, and nothing after it.
        now_s: the present, seconds since the epoch.
        reason: why they end, one word.
    """
    (user,) = change.users
    after = replace(user, epoch=user.epoch + 1)
    told = tuple(_session_over(user, each, now_s, reason) for each in others)
    return replace(change, users=(after,), kept=replace(session, epoch=after.epoch), facts=(*change.facts, *told))


def renamed(user: User, display_name: str) -> Change:
    """Return the change that gives *user* another display name.

    History does not tell of it: a player may do it thousands of times, and so bury what matters.
    """
    return Change(users=(replace(user, display_name=display_name),))


def guest_secret_changed(user: User, guest_hash: str, now_s: int) -> Change:
    """Return the change after which only the secret behind *guest_hash* opens the guest door."""
    return Change(
        users=(replace(user, guest_secret_hash=guest_hash, merged_guest_hashes=()),),
        audits=(audit(user, now_s, "guest_secret_changed", PLAYER),),
    )


def deletion_asked(user: User, now_s: int, *, delete_at_s: int, actor: str) -> Change:
    """Return the change that ends *user*'s sessions and names the moment of deletion; the first one named stays."""
    due_s = delete_at_s if user.delete_at_s is None else user.delete_at_s
    return Change(
        users=(replace(user, delete_at_s=due_s, epoch=user.epoch + 1),),
        facts=(fact(Told.REVOKED, user, now_s, reason="deletion_asked"),),
        audits=(audit(user, now_s, "deletion_asked", actor),),
    )


def deletion_cancelled(user: User, session: Session, now_s: int) -> Change:
    """Return the change that keeps *user*, who came back within the grace and begins *session*."""
    return Change(
        users=(replace(user, delete_at_s=None),),
        opened=session,
        audits=(audit(user, now_s, "deletion_cancelled", PLAYER),),
    )


def deleted(user: User, now_s: int, standing: Mapping[str, Ban]) -> Change:
    """Return the change that leaves nothing of *user* but an id that is never given out again.

    A ban stays, on every identity that opened the account: deleting an account is no way out of it.

    Args:
        user: the account.
        now_s: the present, seconds since the epoch.
        standing: bans of its identities, by hash.
    """
    left = User(user.user_id, user.created_at_s, epoch=user.epoch + 1, deleted_at_s=now_s, version=user.version)
    return Change(
        users=(left,),
        claims=tuple(Claim(each.door, each.subject, user.user_id, None) for each in user.doors),
        bans=kept_at_deletion(user, now_s, standing),
        facts=(fact(Told.DELETED, user, now_s),),
        audits=(audit(user, now_s, "deleted", SYSTEM),),
    )


def _session_over(user: User, session: Session, now_s: int, reason: str) -> Fact:
    return Fact(
        Told.REVOKED,
        user.user_id,
        now_s,
        sequence=user.version,
        key=session.session_id,
        session_id=session.session_id,
        reason=reason,
    )


def _entrant(identity: ProviderIdentity, now_s: int) -> Entrant:
    return Entrant(identity_hash(identity.door, identity.subject), now_s)


def _with_door(user: User, identity: ProviderIdentity, now_s: int) -> User:
    door = LinkedDoor(identity.door, identity.subject, now_s, identity.display_name or "")
    return replace(user, doors=(*user.doors, door))


def _without_door(user: User, door: str) -> User:
    return replace(user, doors=tuple(each for each in user.doors if each.door != door))
