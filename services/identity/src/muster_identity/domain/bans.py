"""Decisions about bans: of accounts, and of people as their provider knows them."""

from collections.abc import Mapping
from dataclasses import replace

from muster_identity.domain.changes import Change, Claim, IdentityBan, Told
from muster_identity.domain.fingerprints import fingerprint
from muster_identity.domain.told import audit, fact
from muster_identity.domain.users import Ban, User


def identity_hash(door: str, subject: str) -> str:
    """Return what a ban of an identity is kept under: 64 hex digits that outlive the account."""
    return fingerprint(f"{door}#{subject}")


def longer(one: Ban | None, other: Ban | None) -> Ban | None:
    """Return the ban that ends later; *other* where both end at once, and what there is where one is None."""
    if one is None or other is None:
        return one or other
    if one.until_s is None or (other.until_s is not None and one.until_s > other.until_s):
        return one
    return other


def banned(user: User, ban: Ban, *, actor: str) -> Change:
    """Return the change that bans *user* and ends their sessions."""
    now_s = ban.banned_at_s
    return Change(
        users=(replace(user, ban=ban, epoch=user.epoch + 1),),
        facts=(fact(Told.BANNED, user, now_s, reason=ban.reason, until_s=ban.until_s),),
        audits=(audit(user, now_s, "banned", actor, detail=ban.reason),),
    )


def unbanned(user: User, now_s: int, *, actor: str) -> Change:
    """Return the change that lifts *user*'s ban; without a ban nothing changes."""
    if user.ban is None:
        return Change()
    return Change(
        users=(replace(user, ban=None),),
        facts=(fact(Told.UNBANNED, user, now_s),),
        audits=(audit(user, now_s, "unbanned", actor),),
    )


def identity_banned(door: str, subject: str, ban: Ban, owner: User | None, *, actor: str) -> Change:
    """Return the change that bans a person, and the account that the identity opens.

    A longer ban of the account stays. An identity that opens no account must still open none when this is written:
    else whoever comes in meanwhile would be overlooked.

    Args:
        door: the provider's name.
        subject: the provider's own id of the person.
        ban: reason and end.
        owner: the account; None when the identity opens none.
        actor: who bans.
    """
    bans = (IdentityBan(identity_hash(door, subject), ban),)
    if owner is None:
        return Change(claims=(Claim(door, subject, None, None),), bans=bans)
    stands = longer(owner.ban if owner.is_banned(ban.banned_at_s) else None, ban) or ban
    # Told at the present, however long the ban that stays has stood.
    change = banned(owner, replace(stands, banned_at_s=ban.banned_at_s), actor=actor)
    return replace(change, bans=bans)


def kept_at_deletion(user: User, now_s: int, standing: Mapping[str, Ban]) -> tuple[IdentityBan, ...]:
    """Return the bans that outlive *user*: the account's own on each identity, unless a longer one stands there.

    Args:
        user: the account.
        now_s: the present, seconds since the epoch.
        standing: bans of its identities, by hash.
    """
    if user.ban is None or not user.ban.is_in_force(now_s):
        return ()
    hashes = [identity_hash(each.door, each.subject) for each in user.doors]
    return tuple(IdentityBan(each, longer(standing.get(each), user.ban) or user.ban) for each in hashes)
