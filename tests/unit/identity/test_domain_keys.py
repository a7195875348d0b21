from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_identity.domain.keys import (
    DAY_S,
    HOUR_S,
    FreshKey,
    KeyId,
    Keyring,
    KeyState,
    RotationPolicy,
    SigningKey,
    needs_fresh_key,
    plan_rotation,
)

NOW = 1_700_000_000
POLICY = RotationPolicy()
FRESH = FreshKey(KeyId("fresh"), "pem of fresh")


def a_key(
    name: str, state: KeyState = KeyState.ACTIVE, *, from_s: int = NOW, retired_s: int | None = None
) -> SigningKey:
    return SigningKey(KeyId(name), state, from_s, from_s, f"pem of {name}", retired_s)


def states(keyring: Keyring) -> dict[str, str]:
    return {key.key_id: key.state.value for key in keyring.keys}


def test_an_empty_ring_gets_one_active_key() -> None:
    planned = plan_rotation(Keyring(), NOW, POLICY, fresh=FRESH, published=frozenset())

    assert states(planned) == {"fresh": "active"}
    assert planned.active is not None
    assert planned.active.signs_from_s == NOW


def test_an_empty_ring_without_a_fresh_key_stays_empty() -> None:
    assert plan_rotation(Keyring(), NOW, POLICY) == Keyring()


def test_a_young_key_needs_nothing() -> None:
    ring = Keyring((a_key("a"),))

    assert not needs_fresh_key(ring, NOW + 4 * DAY_S, POLICY)
    assert plan_rotation(ring, NOW + 4 * DAY_S, POLICY, fresh=FRESH) == ring


def test_a_successor_is_published_before_it_signs() -> None:
    ring = Keyring((a_key("a"),))

    planned = plan_rotation(ring, NOW + 6 * DAY_S, POLICY, fresh=FRESH)

    assert states(planned) == {"fresh": "pending", "a": "active"}
    assert planned.keys[0].signs_from_s == NOW + 7 * DAY_S


def test_a_late_successor_still_waits_out_its_lead() -> None:
    planned = plan_rotation(Keyring((a_key("a"),)), NOW + 30 * DAY_S, POLICY, fresh=FRESH)

    assert planned.keys[0].signs_from_s == NOW + 30 * DAY_S + POLICY.lead_s


@pytest.mark.parametrize(("max_age_s", "lead_s"), [(300, 2 * HOUR_S), (HOUR_S, 2 * HOUR_S), (2 * HOUR_S, 4 * HOUR_S)])
def test_the_lead_is_two_hours_or_twice_what_verifiers_may_keep(max_age_s: int, lead_s: int) -> None:
    assert RotationPolicy(jwks_max_age_s=max_age_s).lead_s == lead_s


def test_the_successor_takes_over_when_its_time_has_come() -> None:
    ring = Keyring((a_key("b", KeyState.PENDING, from_s=NOW + DAY_S), a_key("a")))

    planned = plan_rotation(ring, NOW + DAY_S, POLICY)

    assert states(planned) == {"b": "active", "a": "retired"}
    assert planned.keys[1].retire_at_s == NOW + DAY_S


def test_the_successor_waits_until_its_time_has_come() -> None:
    ring = Keyring((a_key("b", KeyState.PENDING, from_s=NOW + DAY_S), a_key("a")))

    assert plan_rotation(ring, NOW + DAY_S - 1, POLICY) == ring


def test_a_successor_that_nobody_could_fetch_waits_another_lead() -> None:
    ring = Keyring((a_key("b", KeyState.PENDING, from_s=NOW), a_key("a", from_s=NOW - 7 * DAY_S)))

    planned = plan_rotation(ring, NOW + 5, POLICY, published=frozenset({"a"}))

    assert states(planned) == {"b": "pending", "a": "active"}
    assert planned.keys[0].signs_from_s == NOW + 5 + POLICY.lead_s


def test_a_retired_key_stays_until_its_last_token_has_expired() -> None:
    ring = Keyring((a_key("b"), a_key("a", KeyState.RETIRED, from_s=NOW - 7 * DAY_S, retired_s=NOW)))

    just_before = plan_rotation(ring, NOW + POLICY.keep_s - 1, POLICY)
    then = plan_rotation(ring, NOW + POLICY.keep_s, POLICY)

    assert "a" in just_before.key_ids
    assert "a" not in then.key_ids
    assert POLICY.keep_s > POLICY.token_life_s


def test_a_ring_without_an_active_key_makes_do_with_the_one_that_waits() -> None:
    ring = Keyring((a_key("b", KeyState.PENDING, from_s=NOW + DAY_S),))

    assert states(plan_rotation(ring, NOW, POLICY)) == {"b": "active"}


def test_of_several_active_keys_the_newest_stays() -> None:
    ring = Keyring((a_key("new", from_s=NOW), a_key("old", from_s=NOW - 5)))

    assert states(plan_rotation(ring, NOW + 1, POLICY)) == {"new": "active", "old": "retired"}


def test_a_ring_knows_its_keys_by_id() -> None:
    ring = Keyring((a_key("a"),))

    assert ring.find("a") is ring.keys[0]
    assert ring.find("b") is None


def test_a_private_key_is_never_shown_by_accident() -> None:
    ring = plan_rotation(Keyring((a_key("a"),)), NOW + 6 * DAY_S, POLICY, fresh=FRESH)

    assert "pem of" not in repr(ring)
    assert "pem of" not in repr(FRESH)


some_key = st.builds(
    SigningKey,
    key_id=st.sampled_from([KeyId(name) for name in "abcdef"]),
    state=st.sampled_from(KeyState),
    created_at_s=st.integers(NOW - 20 * DAY_S, NOW),
    signs_from_s=st.integers(NOW - 20 * DAY_S, NOW + 2 * DAY_S),
    private_pem=st.just("pem"),
    retire_at_s=st.none() | st.integers(NOW - 20 * DAY_S, NOW),
)
some_ring = st.lists(some_key, max_size=6, unique_by=lambda key: key.key_id).map(lambda keys: Keyring(tuple(keys)))


@given(ring=some_ring, published=st.none() | st.frozensets(st.sampled_from("abcdef")))
def test_from_any_ring_planning_is_repeatable_and_leaves_one_active_key(
    ring: Keyring, published: frozenset[str] | None
) -> None:
    once = plan_rotation(ring, NOW, POLICY, fresh=FRESH, published=published)
    fresh_again = FreshKey(KeyId("another"), "pem")
    twice = plan_rotation(once, NOW, POLICY, fresh=fresh_again, published=published)

    assert once == twice
    assert 1 == sum(key.state is KeyState.ACTIVE for key in once.keys)
    assert all(key.retire_at_s is not None for key in once.keys if key.state is KeyState.RETIRED)


@given(ring=some_ring)
def test_no_plan_drops_a_key_that_has_just_stopped_signing(ring: Keyring) -> None:
    planned = plan_rotation(ring, NOW, POLICY, fresh=FRESH)

    gone = [key for key in ring.keys if key.key_id not in planned.key_ids]
    assert all(key.retire_at_s is not None and key.retire_at_s + POLICY.keep_s <= NOW for key in gone)
    assert all(key.state is KeyState.RETIRED for key in gone)


def test_planning_says_nothing_about_what_was_announced() -> None:
    ring = replace(Keyring((a_key("a"),)), announced="a")

    assert plan_rotation(ring, NOW, POLICY).announced == "a"
