import ipaddress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_identity.domain.fingerprints import derive, fingerprint, is_same
from muster_identity.domain.sessions import (
    LEAST_REMAINING_S,
    Reuse,
    Session,
    SessionId,
    Use,
    network_of,
    successor,
    use,
)
from muster_identity.domain.users import UserId, may_exist

START = 1_700_000_000
END = START + 518_400
GRACE = 30


def a_session(token_id: str = "t1") -> Session:  # noqa: S107 - an id, no secret
    return Session(
        session_id=SessionId("s1"),
        user_id=UserId("ann"),
        scope="guest",
        signed_in_at_s=START,
        expires_at_s=END,
        issued_at_s=START,
        key_id="k1",
        current_hash=fingerprint(token_id),
    )


def used(session: Session, token_id: str, now_s: int) -> Use | Reuse | None:
    return use(session, token_id, now_s=now_s, grace_s=GRACE, key_id="k2", scope="guest")


def must_use(session: Session, token_id: str, now_s: int) -> Use:
    outcome = used(session, token_id, now_s)
    assert isinstance(outcome, Use)
    return outcome


def test_the_current_token_gives_the_next_generation() -> None:
    outcome = must_use(a_session(), "t1", START + 100)

    assert not outcome.is_repeat
    assert outcome.session.generation == 2
    assert outcome.session.issued_at_s == START + 100
    assert outcome.session.key_id == "k2"
    assert outcome.session.current_hash == fingerprint(outcome.token_id)
    assert outcome.session.previous_hash == fingerprint("t1")


def test_a_refresh_never_moves_the_end_of_a_session() -> None:
    assert must_use(a_session(), "t1", START + 100).session.expires_at_s == END


def test_the_token_before_gives_the_same_successor_within_the_grace() -> None:
    first = must_use(a_session(), "t1", START + 100)

    again = must_use(first.session, "t1", START + 100 + GRACE)

    assert again.is_repeat
    assert again.token_id == first.token_id
    assert again.session == first.session


def test_the_token_before_ends_the_family_after_the_grace() -> None:
    first = must_use(a_session(), "t1", START + 100)

    outcome = used(first.session, "t1", START + 101 + GRACE)

    assert isinstance(outcome, Reuse)
    assert outcome.session.revoked_at_s == START + 101 + GRACE
    assert outcome.session.revoked_reason == "reuse"


def test_a_token_two_generations_old_ends_the_family_at_once() -> None:
    first = must_use(a_session(), "t1", START + 1)
    second = must_use(first.session, first.token_id, START + 2)

    assert isinstance(used(second.session, "t1", START + 2), Reuse)


def test_a_revoked_session_gives_nothing_to_anybody() -> None:
    revoked = replace(a_session(), revoked_at_s=START, revoked_reason="reuse")

    assert used(revoked, "t1", START + 1) is None


@pytest.mark.parametrize(("left_s", "lives"), [(LEAST_REMAINING_S, True), (LEAST_REMAINING_S - 1, False), (0, False)])
def test_a_session_is_over_before_its_clients_would_refresh_without_pause(left_s: int, lives: bool) -> None:  # noqa: FBT001
    assert (used(a_session(), "t1", END - left_s) is not None) is lives


def test_scope_is_that_of_the_user_now() -> None:
    outcome = use(a_session(), "t1", now_s=START, grace_s=GRACE, key_id="k1", scope="authenticated")

    assert isinstance(outcome, Use)
    assert outcome.session.scope == "authenticated"


@given(steps=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), max_size=40))
def test_however_tokens_are_shown_there_is_one_head_and_no_dead_family_answers(steps: list[tuple[int, int]]) -> None:
    """Any order of waiting and of showing any token ever issued."""
    session, issued, now_s, ended = a_session(), ["t1"], START, False

    for wait_s, back in steps:
        now_s += wait_s
        shown = issued[max(0, len(issued) - 1 - back)]
        outcome = used(session, shown, now_s)
        assert not (ended and outcome is not None)
        match outcome:
            case Use(session=after, token_id=token_id, is_repeat=True):
                assert after == session
                assert token_id == issued[-1]
            case Use(session=after, token_id=token_id):
                assert shown == issued[-1]
                session = after
                issued.append(token_id)
            case Reuse(session=after):
                assert shown != issued[-1]
                session, ended = after, True

    assert session.current_hash == fingerprint(issued[-1])
    assert session.generation == len(issued) == len(set(issued))


def test_the_row_holds_no_token_id() -> None:
    session = must_use(a_session("the-id-of-a-token"), "the-id-of-a-token", START).session

    assert "the-id-of-a-token" not in repr(session)
    assert successor("the-id-of-a-token") not in {session.current_hash, session.previous_hash}
    assert session.current_hash not in repr(session)


def test_derived_identifiers_differ_by_label_and_by_origin() -> None:
    assert len({derive("refresh", "a"), derive("access", "a"), derive("refresh", "b"), derive("access", "b")}) == 4


@given(st.text(), st.text())
def test_only_the_same_secret_matches(stored: str, shown: str) -> None:
    assert is_same(shown, fingerprint(stored)) is (shown == stored)


@pytest.mark.parametrize("nothing", [None, ""])
def test_nobodys_secret_matches_nothing(nothing: str | None) -> None:
    assert not is_same("", nothing)
    assert not is_same("nobody has this secret", nothing)


@pytest.mark.parametrize("odd", ["", "x" * 65, "a\x00b", "ann\n", "änn", "\ud800"])
def test_an_id_we_never_gave_out_is_not_looked_up(odd: str) -> None:
    assert not may_exist(odd)


def test_our_own_ids_are_looked_up() -> None:
    assert may_exist("3d9b8b3e-0d2c-4f57-9d5b-0f3c6ac1b1d5")


@given(st.ip_addresses())
def test_of_an_address_only_its_network_is_kept(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    prefix = 24 if address.version == 4 else 48

    assert str(ipaddress.ip_network((str(address), prefix), strict=False)) == network_of(str(address))


@pytest.mark.parametrize("address", ["", "unknown", "10.0.0.1:4711", "10.0.0"])
def test_of_what_is_no_address_nothing_is_kept(address: str) -> None:
    assert network_of(address) == ""
