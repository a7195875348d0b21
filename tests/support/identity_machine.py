"""Random lives of accounts, held against a model of who owns what that knows nothing of how it is done.

`PYTHONPATH=tests/support python -m identity_machine 2000` lives two thousand of them.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import structlog
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from identity_fakes import Instance, PaperSigner, World, holder_of
from identity_world import credential_of

from muster_identity.domain.changes import Offer
from muster_identity.domain.outcomes import Choice
from muster_identity.domain.policy import AccountPolicy
from muster_identity.domain.sessions import Origin
from muster_identity.domain.tokens import TokenPair
from muster_identity.domain.users import UserId
from muster_identity.errors import AccountContended, Banned, GuestRefused, RefreshRefused
from muster_runtime.errors import Busy, MusterError
from muster_runtime.testing import SequentialIds

DOORS = ("steam", "epic", "oidc:guild")
SUBJECTS = ("7", "8")
ORIGIN = Origin()
GRACE_S = 2 * 86_400

IDENTITIES = st.tuples(st.sampled_from(DOORS), st.sampled_from(SUBJECTS))
PICKS = st.integers(0, 63)
"""Chooses from whatever there is at that moment."""


@dataclass
class Held:
    """One sign-in as its client holds it.

    Attributes:
        user_id: whose it is.
        tokens: the newest pair.
        is_over: something happened after which it must be refused for ever.
    """

    user_id: str
    tokens: TokenPair
    is_over: bool = False


@dataclass
class Believed:
    """One account as the model has it.

    Attributes:
        guest_secrets: what opens the guest door.
        is_gone: deleted or merged.
        banned_until_s: end of the ban; 0 for none.
        delete_at_s: when it is deleted unless its player comes back; None while nobody asked for that.
    """

    guest_secrets: set[str] = field(default_factory=set)
    is_gone: bool = False
    banned_until_s: float = 0
    delete_at_s: int | None = None


class AccountLives(RuleBasedStateMachine):
    """Sign-ins, links, conflicts, bans, deletions and refreshes in any order.

    Attributes:
        succeeded: names of the rules that came to something at least once, over all examples.
    """

    succeeded: set[str] = set()  # noqa: RUF012 - shared on purpose: it tells whether the whole run was worth anything

    def __init__(self) -> None:
        """Start with nobody."""
        super().__init__()
        self.runner = asyncio.Runner()
        policy = AccountPolicy(recent_s=3600, deletion_grace_s=GRACE_S, resolution_s=600)
        self.world = World(signer=PaperSigner, accounts_policy=policy, ids=SequentialIds())
        self.identity: Instance = self.world.instance()
        self.held: list[Held] = []
        self.accounts: dict[str, Believed] = {}
        self.owners: dict[tuple[str, str], str] = {}
        self.merged: dict[str, str] = {}
        self.banned: dict[tuple[str, str], float] = {}
        self.offers: list[tuple[Held, tuple[str, str], Offer]] = []

    def teardown(self) -> None:
        """Close the loop."""
        self.runner.close()

    def run(self, name: str, action: Awaitable[Any]) -> Any:
        """Return what *action* gives, or the refusal that it met; nothing else may happen."""

        async def attempt() -> Any:
            try:
                return await action
            except MusterError as refusal:
                return refusal

        outcome = self.runner.run(attempt())
        assert not isinstance(outcome, Busy | AccountContended)
        if not isinstance(outcome, MusterError):
            self.succeeded.add(name)
        return outcome

    @property
    def now_s(self) -> float:
        return self.world.clock.epoch_s()

    def pick(self, number: int) -> Held:
        return self.held[number % len(self.held)]

    def is_shut(self, user_id: str) -> bool:
        """Whether nobody may be in this account now, by the model."""
        known = self.accounts[user_id]
        return known.is_gone or known.banned_until_s > self.now_s

    def end_all(self, user_id: str) -> None:
        for each in self.held:
            each.is_over |= each.user_id == user_id

    def came_in(self, tokens: TokenPair) -> None:
        """Take a sign-in into the model; it calls a deletion off."""
        known = self.accounts.setdefault(tokens.user_id, Believed())
        assert not self.is_shut(tokens.user_id)
        known.delete_at_s = None
        self.held.append(Held(tokens.user_id, tokens))

    def settle(self, user_id: str | None) -> None:
        """Delete an account in the model if it is deleted, which may happen to it only once its grace is over."""
        if user_id is None or self.accounts[user_id].is_gone:
            return
        known = self.accounts[user_id]
        if self.world.accounts.users[UserId(user_id)].deleted_at_s is not None:
            assert known.delete_at_s is not None
            assert known.delete_at_s <= self.now_s
            known.is_gone = True
            for identity in [each for each, owner in self.owners.items() if owner == user_id]:
                del self.owners[identity]
                if known.banned_until_s > self.now_s:
                    self.banned[identity] = max(known.banned_until_s, self.banned.get(identity, 0))

    @initialize()
    def start(self) -> None:
        """Make the first key and the first guest."""
        self.runner.run(self.identity.keys.start())
        self.new_guest()

    @rule()
    def new_guest(self) -> None:
        guest = self.run("new_guest", self.identity.players.sign_in_guest(None, None))
        assert guest.is_new
        assert guest.tokens.user_id not in self.accounts
        self.came_in(guest.tokens)
        self.accounts[guest.tokens.user_id].guest_secrets.add(guest.guest_secret)

    @rule(number=PICKS, secret_of=PICKS, honest=st.booleans())
    def come_back_as_guest(self, number: int, secret_of: int, honest: bool) -> None:  # noqa: FBT001 - hypothesis passes it
        user_id = known_as = self.pick(number).user_id
        tried = [self.accounts[user_id]] if honest else self.accounts.values()
        everybody = sorted({secret for each in tried for secret in each.guest_secrets})
        if not everybody:
            return
        secret = everybody[secret_of % len(everybody)]
        while user_id in self.merged:
            user_id = self.merged[user_id]
        answer = self.run("come_back_as_guest", self.identity.players.sign_in_guest(known_as, secret))
        self.settle(user_id)
        if isinstance(answer, GuestRefused | Banned):
            assert self.is_shut(user_id) or secret not in self.accounts[user_id].guest_secrets
            return
        assert answer.tokens.user_id == user_id
        assert secret in self.accounts[user_id].guest_secrets
        self.came_in(answer.tokens)

    @rule(identity=IDENTITIES, create=st.booleans())
    def sign_in(self, identity: tuple[str, str], create: bool) -> None:  # noqa: FBT001 - hypothesis passes it
        entering = self.identity.handlers.doors.sign_in(
            identity[0], credential_of(*identity), origin=ORIGIN, create=create
        )
        answer = self.run("sign_in", entering)
        self.settle(self.owners.get(identity))
        owner = self.owners.get(identity)
        if self.banned.get(identity, 0) > self.now_s or (owner is not None and self.is_shut(owner)):
            assert isinstance(answer, Banned)
        elif owner is None and not create:
            assert isinstance(answer, MusterError)
        else:
            assert answer.is_new == (owner is None)
            assert owner in (None, answer.tokens.user_id)
            self.came_in(answer.tokens)
            self.owners[identity] = answer.tokens.user_id

    @rule(number=PICKS, identity=IDENTITIES)
    def link(self, number: int, identity: tuple[str, str]) -> None:
        held = self.pick(number)
        linking = self.identity.handlers.doors.link(
            holder_of(held.tokens.access_token), identity[0], credential_of(*identity)
        )
        answer = self.run("link", linking)
        self.settle(self.owners.get(identity))
        owner = self.owners.get(identity)
        if isinstance(answer, MusterError):
            return
        self.may_act(held)
        assert not self.banned.get(identity, 0) > self.now_s
        if isinstance(answer, Offer):
            assert owner not in (None, held.user_id)
            assert (answer.current.user_id, answer.owner.user_id) == (held.user_id, owner)
            self.offers.append((held, identity, answer))
            return
        assert owner in (None, held.user_id)
        self.owners[identity] = held.user_id

    @precondition(lambda self: self.offers)
    @rule(number=PICKS, choice=st.sampled_from(Choice))
    def resolve(self, number: int, choice: Choice) -> None:
        held, identity, offer = self.offers[number % len(self.offers)]
        resolving = self.identity.handlers.doors.resolve(
            holder_of(held.tokens.access_token), offer.token, choice, origin=ORIGIN
        )
        answer = self.run(f"resolve {choice}", resolving)
        self.settle(self.owners.get(identity))
        if isinstance(answer, MusterError):
            return
        # An offer is good for once.
        self.offers = [each for each in self.offers if each[2] is not offer]
        self.may_act(held)
        owner = self.owners[identity]
        assert owner == offer.owner.user_id
        if choice is Choice.SWITCH:
            assert answer.tokens.user_id == owner
            self.came_in(answer.tokens)
            return
        self.end_all(owner)
        self.owners[identity] = held.user_id
        if choice is Choice.MERGE:
            assert not self.is_shut(owner)
            self.accounts[owner].is_gone = True
            self.merged[owner] = held.user_id
            for each in [each for each, whose in self.owners.items() if whose == owner]:
                self.owners[each] = held.user_id
            self.accounts[held.user_id].guest_secrets |= self.accounts[owner].guest_secrets

    @rule(identity=IDENTITIES, choice=st.sampled_from(Choice))
    def meet_and_resolve(self, identity: tuple[str, str], choice: Choice) -> None:
        """A new guest wants an identity that may have an owner already, and chooses at once."""
        offers = len(self.offers)
        self.new_guest()
        self.link(len(self.held) - 1, identity)
        if len(self.offers) > offers:
            self.resolve(offers, choice)

    @rule(number=PICKS, door=st.sampled_from(("guest", *DOORS)))
    def unlink(self, number: int, door: str) -> None:
        held = self.pick(number)
        unlinking = self.identity.handlers.doors.unlink(holder_of(held.tokens.access_token), door)
        if isinstance(self.run("unlink", unlinking), MusterError):
            return
        self.may_act(held)
        if door == "guest":
            self.accounts[held.user_id].guest_secrets.clear()
        else:
            (identity,) = [each for each, owner in self.owners.items() if (each[0], owner) == (door, held.user_id)]
            del self.owners[identity]

    @rule(number=PICKS)
    def refresh(self, number: int) -> None:
        held = self.pick(number)
        answer = self.run("refresh", self.identity.players.refresh(held.tokens.refresh_token))
        if isinstance(answer, MusterError):
            assert isinstance(answer, RefreshRefused | Banned)
            return
        self.may_act(held)
        assert answer.user_id == held.user_id
        owned = any(owner == held.user_id for owner in self.owners.values())
        assert answer.scope == ("authenticated" if owned else "guest")
        held.tokens = answer

    @rule(number=PICKS)
    def replay(self, number: int) -> None:
        """Show a token that was used long ago: the session ends, whoever has it."""
        held = self.pick(number)
        spent = held.tokens.refresh_token
        answer = self.run("replay", self.identity.players.refresh(spent))
        if isinstance(answer, MusterError):
            return
        self.may_act(held)
        self.world.clock.advance(31)
        assert isinstance(self.run("replayed", self.identity.players.refresh(spent)), RefreshRefused | Banned)
        held.tokens, held.is_over = answer, True

    @rule(number=PICKS)
    def sign_out(self, number: int) -> None:
        held = self.pick(number)
        ending = self.identity.handlers.accounts.end_session(holder_of(held.tokens.access_token), "current")
        if not isinstance(self.run("sign_out", ending), MusterError):
            self.may_act(held)
            held.is_over = True

    @rule(number=PICKS)
    def sign_out_everywhere(self, number: int) -> None:
        held = self.pick(number)
        ending = self.identity.handlers.accounts.end_all_sessions(holder_of(held.tokens.access_token))
        if not isinstance(self.run("sign_out_everywhere", ending), MusterError):
            self.may_act(held)
            self.end_all(held.user_id)

    @rule(number=PICKS)
    def change_guest_secret(self, number: int) -> None:
        held = self.pick(number)
        changing = self.identity.handlers.accounts.change_guest_secret(holder_of(held.tokens.access_token))
        answer = self.run("change_guest_secret", changing)
        if not isinstance(answer, MusterError):
            self.may_act(held)
            self.accounts[held.user_id].guest_secrets = {answer[1]}

    @rule(number=PICKS)
    def leave(self, number: int) -> None:
        held = self.pick(number)
        answer = self.run("leave", self.identity.handlers.accounts.leave(holder_of(held.tokens.access_token)))
        if not isinstance(answer, MusterError):
            self.may_act(held)
            self.end_all(held.user_id)
            self.accounts[held.user_id].delete_at_s = answer

    @rule()
    def finish_deletions(self) -> None:
        self.run("finish_deletions", self.identity.handlers.accounts.finish_deletions())
        for user_id, known in self.accounts.items():
            self.settle(user_id)
            assert known.is_gone or known.delete_at_s is None or known.delete_at_s > self.now_s

    @rule(number=PICKS, minutes=st.sampled_from((30, 3000, None)))
    def ban(self, number: int, minutes: int | None) -> None:
        user_id = self.pick(number).user_id
        until_s = None if minutes is None else int(self.now_s) + 60 * minutes
        banning = self.identity.handlers.operators.ban(user_id, reason="aimbot", until_s=until_s, operator="tool")
        if not isinstance(self.run("ban", banning), MusterError):
            self.end_all(user_id)
            self.accounts[user_id].banned_until_s = until_s or float("inf")

    @rule(number=PICKS)
    def pardon(self, number: int) -> None:
        user_id = self.pick(number).user_id
        pardoning = self.identity.handlers.operators.pardon(user_id, operator="tool")
        if not isinstance(self.run("pardon", pardoning), MusterError):
            self.accounts[user_id].banned_until_s = 0

    @rule(identity=IDENTITIES)
    def ban_identity(self, identity: tuple[str, str]) -> None:
        until_s = int(self.now_s) + 1800
        banning = self.identity.handlers.operators.ban_identity(
            *identity, reason="aimbot", until_s=until_s, operator="tool"
        )
        self.run("ban_identity", banning)
        self.settle(self.owners.get(identity))
        self.banned[identity] = until_s
        if (owner := self.owners.get(identity)) is not None:
            self.end_all(owner)
            self.accounts[owner].banned_until_s = until_s

    @rule(identity=IDENTITIES)
    def pardon_identity(self, identity: tuple[str, str]) -> None:
        self.run("pardon_identity", self.identity.handlers.operators.pardon_identity(*identity, operator="tool"))
        self.banned.pop(identity, None)

    @rule(minutes=st.sampled_from((1, 20, 90, 1500, 3000)))
    def time_passes(self, minutes: int) -> None:
        self.world.clock.advance(60 * minutes)
        # Once a minute every instance reads the ring again, and once a day it rotates.
        self.runner.run(self.identity.keys.rotate())

    def may_act(self, held: Held) -> None:
        """Hold the model against a request that was granted."""
        assert not held.is_over
        assert not self.is_shut(held.user_id)
        assert self.accounts[held.user_id].delete_at_s is None

    @invariant()
    def every_identity_opens_one_account_and_every_account_knows_its_identities(self) -> None:
        stored = self.world.accounts
        opened = {(each.door, each.subject): user.user_id for user in stored.users.values() for each in user.doors}
        assert opened == stored.owners == self.owners
        for user in stored.users.values():
            assert len({each.door for each in user.doors}) == len(user.doors)

    @invariant()
    def every_account_has_a_door_until_it_is_gone(self) -> None:
        for user in self.world.accounts.users.values():
            assert (user.ways_in == 0) == user.is_gone
            assert user.is_gone == self.accounts[user.user_id].is_gone

    @invariant()
    def no_session_of_a_deleted_merged_or_banned_user_lives(self) -> None:
        now_s = int(self.now_s)
        for session in self.world.accounts.sessions.values():
            user = self.world.accounts.users[session.user_id]
            if session.is_alive(user, now_s):
                assert not self.is_shut(session.user_id)
                assert user.delete_at_s is None


HAPPENS = {
    "new_guest", "come_back_as_guest", "sign_in", "link", "unlink", "refresh", "replay", "sign_out",
    "sign_out_everywhere", "change_guest_secret", "leave", "finish_deletions", "ban", "pardon", "ban_identity",
    "pardon_identity", "resolve keep", "resolve switch", "resolve merge",
}  # fmt: skip
"""What must have come to something at least once, or the lives have shown little."""


def live(lives: int, *, same_every_day: bool) -> None:
    """Live so many random lives; they are the same in every run, or new ones each time."""
    chosen = settings(
        max_examples=lives,
        stateful_step_count=60,
        deadline=None,
        derandomize=same_every_day,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    AccountLives.succeeded.clear()
    run_state_machine_as_test(AccountLives, settings=chosen)
    assert AccountLives.succeeded >= HAPPENS, HAPPENS - AccountLives.succeeded


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    live(int(sys.argv[1]), same_every_day=False)
    sys.stdout.write(f"{sys.argv[1]} lives of up to 60 steps each: no rule broken\n")
