import asyncio
import json
import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from crashing import Crashed, CrashPoint, at_every_point
from identity_fakes import ISSUER, Instance, MemoryIssuerFiles, MemoryVault, PaperSigner, World

from muster_identity.domain.discovery import DISCOVERY_PATH, JWKS_PATH
from muster_identity.domain.keys import DAY_S, HOUR_S, Keyring, KeyState, RotationPolicy
from muster_identity.errors import KeyringChanged, NoSigningKey
from muster_identity.handlers.keys import TRIES
from muster_identity.ports import StoredKeyring
from muster_runtime.errors import Unavailable


@pytest.fixture
def world() -> World:
    return a_world()


def a_world(vault: MemoryVault | None = None) -> World:
    return World(signer=PaperSigner, vault=vault or MemoryVault())


def ring(world: World) -> Keyring:
    return world.vault.stored.keyring


def active_ids(keyring: Keyring) -> list[str]:
    return [key.key_id for key in keyring.keys if key.state is KeyState.ACTIVE]


async def test_the_first_start_makes_publishes_and_announces_one_key(world: World) -> None:
    identity = world.instance()

    await identity.keys.start()

    (key_id,) = active_ids(ring(world))
    assert [key["kid"] for key in json.loads(world.files.files[JWKS_PATH])["keys"]] == [key_id]
    assert json.loads(world.files.files[DISCOVERY_PATH])["issuer"] == ISSUER
    assert world.bell.rung == [key_id]
    assert identity.keys.known.signing_key().key_id == key_id


async def test_a_second_start_changes_nothing(world: World) -> None:
    await world.instance().keys.start()
    before, writes = ring(world), world.vault.writes

    await world.instance().keys.start()

    assert ring(world) == before
    assert world.vault.writes == writes
    assert len(world.bell.rung) == 1


async def test_a_start_publishes_what_was_never_published(world: World) -> None:
    await world.instance().keys.start()
    world.files.files.clear()

    await world.instance().keys.start()

    assert await world.files.published_key_ids() == ring(world).key_ids


class Yielding(MemoryVault):
    """Gives way at each step, so that rivals get in between."""

    async def read(self) -> StoredKeyring:
        stored = await super().read()
        await asyncio.sleep(0)
        return stored

    async def replace(self, keyring: Keyring, *, version: str) -> None:
        await asyncio.sleep(0)
        await super().replace(keyring, version=version)


async def test_instances_that_start_together_agree_on_one_key() -> None:
    world = a_world(Yielding())
    instances = [world.instance() for _ in range(8)]

    async with asyncio.TaskGroup() as group:
        for instance in instances:
            group.create_task(instance.keys.start())

    assert len(ring(world).keys) == 1
    assert {instance.keys.known.signing_key().key_id for instance in instances} == ring(world).key_ids
    assert await world.files.published_key_ids() == ring(world).key_ids
    assert set(world.bell.rung) == ring(world).key_ids


async def test_a_rotation_that_always_loses_says_so(world: World) -> None:
    class Hopeless(MemoryVault):
        async def replace(self, keyring: Keyring, *, version: str) -> None:
            self.writes += 1
            raise KeyringChanged

    world.vault = Hopeless()

    with pytest.raises(KeyringChanged):
        await world.instance().keys.rotate()

    assert world.vault.writes == TRIES


async def test_publishing_that_never_comes_to_rest_says_so(world: World) -> None:
    identity = world.instance()
    await identity.keys.start()

    class Restless(MemoryVault):
        async def read(self) -> StoredKeyring:
            self.writes += 1
            # A ring that is different at each second look, and so between two publications.
            odd = self.writes % 2 == 1
            return self.stored if odd else StoredKeyring(Keyring(), f"version-{self.writes}")

    keys = replace(identity.keys, vault=Restless(world.vault.stored))

    with pytest.raises(KeyringChanged):
        await keys._publish()


async def test_a_double_run_changes_nothing(world: World) -> None:
    """Two runs of the reference's rotation in a row log every player out."""
    identity = world.instance()
    await identity.keys.start()
    for _ in range(30):
        world.clock.advance(DAY_S)
        await identity.keys.rotate()
        before, writes, told = ring(world), world.vault.writes, list(world.bell.rung)

        await identity.keys.rotate()
        await world.instance().keys.rotate()

        assert (ring(world), world.vault.writes, world.bell.rung) == (before, writes, told)


async def test_each_key_is_announced_once(world: World) -> None:
    identity = world.instance()
    await identity.keys.start()

    signed = {identity.keys.known.signing_key().key_id}
    for _ in range(60):
        world.clock.advance(DAY_S)
        await identity.keys.rotate()
        signed.add(identity.keys.known.signing_key().key_id)

    assert len(world.bell.rung) == len(set(world.bell.rung))
    assert set(world.bell.rung) == signed
    assert len(signed) == 9


async def test_an_instance_that_cannot_read_the_ring_stops_signing_in_time(world: World) -> None:
    identity = world.instance()
    await identity.keys.start()

    world.clock.advance(world.policy.margin_s - 1)
    assert identity.keys.known.signing_key()
    await identity.keys.check()
    world.clock.advance(1)

    with pytest.raises(NoSigningKey):
        identity.keys.known.signing_key()
    with pytest.raises(NoSigningKey):
        await identity.keys.check()
    await identity.keys.reload()
    assert identity.keys.known.signing_key()


async def test_a_reload_that_began_before_an_emergency_does_not_bring_the_key_back() -> None:
    world = a_world()
    identity = world.instance()
    await identity.keys.start()
    read, stolen = world.vault.read, identity.keys.known.signing_key().key_id

    async def before_the_emergency() -> StoredKeyring:
        stored = await read()
        world.vault.read = read  # type: ignore[method-assign]  # back to what it was
        await identity.keys.revoke(stolen)
        return stored

    world.vault.read = before_the_emergency  # type: ignore[method-assign]  # a moment that only the fake can stop at
    await identity.keys.reload()

    assert identity.keys.known.ring.find(stolen) is None
    assert identity.keys.known.signing_key().key_id != stolen


async def test_a_secret_that_is_gone_leaves_the_keys_known_before() -> None:
    world = a_world()
    identity = world.instance()
    await identity.keys.start()
    world.vault.stored = StoredKeyring(Keyring(), "")

    with pytest.raises(NoSigningKey):
        await identity.keys.reload()

    assert identity.keys.known.signing_key()


async def test_a_start_publishes_anew_what_an_emergency_that_died_left_published() -> None:
    world = a_world()
    first = world.instance()
    await first.keys.start()
    stolen = first.keys.known.signing_key().key_id
    # Retired, so that nothing new takes its place: what is left in the ring is all published.
    for days in (7, 1):
        world.clock.advance(days * DAY_S)
        await first.keys.rotate()
    assert stolen in ring(world).key_ids

    async def dies(*_: object, **__: object) -> None:
        raise Unavailable

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world.files, "publish", dies)
        with pytest.raises(Unavailable):
            await first.keys.revoke(stolen)
    assert ring(world).key_ids < await world.files.published_key_ids()

    await world.instance().keys.start()

    assert stolen not in await world.files.published_key_ids()


async def test_a_crash_anywhere_in_a_rotation_is_made_up_for_by_the_next_run() -> None:
    """At each call, before and after it, on each day of two rotations."""
    for day in (0, 6, 7, 14, 21):

        async def attempt(crash: CrashPoint, day: int = day) -> None:
            world = a_world()
            healthy = world.instance()
            await healthy.keys.start()
            for _ in range(day - 1):
                world.clock.advance(DAY_S)
                await healthy.keys.rotate()
            world.clock.advance(DAY_S if day else 0)
            dying = replace(
                world.instance().keys,
                vault=crash.on(world.vault),
                files=crash.on(world.files),
                bell=crash.on(world.bell),
            )
            with suppress(Crashed):
                await dying.rotate()
            between = ring(world)

            await healthy.keys.rotate()

            assert len(active_ids(ring(world))) == 1
            assert await world.files.published_key_ids() == ring(world).key_ids
            assert ring(world).announced == active_ids(ring(world))[0] == world.bell.rung[-1]
            # The run after the crash takes over from where it stopped: it draws no second successor.
            assert len(ring(world).keys) <= len(between.keys) + 1
            assert sum(key.state is KeyState.PENDING for key in ring(world).keys) <= 1

        assert await at_every_point(attempt) > 4


async def test_a_successor_whose_publication_failed_waits_for_it(world: World) -> None:
    identity = world.instance()
    await identity.keys.start()
    world.clock.advance(6 * DAY_S)
    old_files = dict(world.files.files)
    await identity.keys.rotate()
    first_plan = next(key for key in ring(world).keys if key.state is KeyState.PENDING)
    # As if the process had died between storing and publishing, and nobody had come back until now.
    world.files.files = old_files
    world.clock.advance(2 * DAY_S)

    await identity.keys.rotate()

    pending = next(key for key in ring(world).keys if key.state is KeyState.PENDING)
    assert pending.key_id == first_plan.key_id
    assert pending.signs_from_s == int(world.clock.epoch_s()) + world.policy.lead_s
    assert pending.key_id in await world.files.published_key_ids()


async def test_a_slow_publication_does_not_take_a_newer_key_back(world: World) -> None:
    await world.instance().keys.start()
    world.clock.advance(5 * DAY_S)
    begun, go_on = asyncio.Event(), asyncio.Event()

    class SlowOnce(MemoryIssuerFiles):
        async def publish(self, files: Mapping[str, bytes]) -> None:
            if not begun.is_set():
                begun.set()
                await go_on.wait()
            await super().publish(files)

    slow = replace(world.instance().keys, files=SlowOnce(world.files.files))
    async with asyncio.TaskGroup() as group:
        group.create_task(slow.rotate())
        await begun.wait()
        world.clock.advance(DAY_S)
        await world.instance().keys.rotate()
        assert len(await world.files.published_key_ids()) == 2
        go_on.set()

    assert await world.files.published_key_ids() == ring(world).key_ids
    assert len(ring(world).key_ids) == 2


@dataclass
class Verifier:
    """A service far away that fetches the published keys now and then, and never because of a token."""

    max_age_s: float
    key_ids: frozenset[str] = frozenset()
    fetched_at_s: float = -1e18

    async def learn(self, world: World) -> None:
        now_s = world.clock.epoch_s()
        if now_s - self.fetched_at_s >= self.max_age_s:
            self.key_ids, self.fetched_at_s = await world.files.published_key_ids(), now_s


@dataclass
class Issued:
    """Tokens on their way through the world, as key id and expiry."""

    alive: list[tuple[str, int]] = field(default_factory=list)

    def add(self, token: str) -> None:
        key_id, claims = json.loads(token)
        self.alive.append((key_id, claims["exp"]))

    def good_at(self, now_s: float) -> frozenset[str]:
        self.alive = [(key_id, expires) for key_id, expires in self.alive if expires > now_s]
        return frozenset(key_id for key_id, _ in self.alive)


WEEKLY = RotationPolicy()
DAILY = RotationPolicy(rotate_every_s=DAY_S, check_every_s=3 * HOUR_S)
"""As many rotations in sixty days as a year has weeks."""


@pytest.mark.parametrize(
    ("seed", "policy", "rotations"),
    [(0, WEEKLY, range(7, 11)), (1, WEEKLY, range(7, 11)), (2, DAILY, range(52, 62)), (3, DAILY, range(52, 62))],
)
async def test_in_sixty_days_no_good_token_meets_a_verifier_without_its_key(
    seed: int, policy: RotationPolicy, rotations: range
) -> None:
    """Random cache ages, racing rotators, missed and doubled runs, crashes, instances that read late."""
    rng, world = random.Random(seed), a_world(Yielding())  # noqa: S311 - a test needs the same numbers again
    world.policy = policy
    instances = [world.instance() for _ in range(3)]
    for instance in instances:
        await instance.keys.start()
    verifiers = [Verifier(rng.uniform(1, 2 * HOUR_S)) for _ in range(20)]
    issued, sessions, next_run_s = Issued(), [], world.clock.epoch_s()

    for _ in range(60 * 24):
        world.clock.advance(HOUR_S + rng.uniform(-600, 600))
        now_s = world.clock.epoch_s()
        if now_s >= next_run_s:
            next_run_s += policy.check_every_s
            await disturbed_rotation(world, instances, rng)
        for instance in instances:
            if rng.random() < 0.9:
                await instance.keys.reload()
        guest = await rng.choice(instances).players.sign_in_guest(None, None)
        sessions.append((guest.tokens.refresh_token, now_s))
        issued.add(guest.tokens.access_token)
        issued.add(guest.tokens.refresh_token)
        for verifier in verifiers:
            await verifier.learn(world)
        needed = issued.good_at(now_s)
        assert all(needed <= verifier.key_ids for verifier in verifiers)
        assert needed <= ring(world).key_ids
        assert len(active_ids(ring(world))) == 1
        # A refresh token, up to its last hour, is good at every instance.
        token, since_s = rng.choice(sessions)
        if now_s - since_s < 518_400 - HOUR_S:
            refreshed = await rng.choice(instances).players.refresh(token)
            sessions.remove((token, since_s))
            sessions.append((refreshed.refresh_token, since_s))
            issued.add(refreshed.access_token)
            issued.add(refreshed.refresh_token)

    assert len(set(world.bell.rung)) in rotations


async def disturbed_rotation(world: World, instances: list[Instance], rng: random.Random) -> None:
    """The scheduled run: sometimes missed, sometimes by several at once, sometimes by one who dies of it."""
    fate = rng.random()
    if fate < 0.1:
        return
    if fate < 0.4:
        crash = CrashPoint(rng.randint(1, 12))
        with suppress(Crashed):
            await replace(
                world.instance().keys,
                vault=crash.on(world.vault),
                files=crash.on(world.files),
                bell=crash.on(world.bell),
            ).rotate()
        if fate < 0.3:
            return
    async with asyncio.TaskGroup() as group:
        for instance in rng.choices(instances, k=rng.randint(1, 3)):
            group.create_task(instance.keys.rotate())
