from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tickets_fakes import ANN, BEN, EVE, MATCH, START, TICKET, a_notice, a_request, a_ticket

from muster_tickets.domain import LOST, Notice, PlayerId, Status, Ticket, advance, given_up

ENDS = (Status.COMPLETED, Status.CANCELLED, Status.FAILED, Status.TIMED_OUT, Status.REFUSED)
OPEN = (Status.REQUESTED, Status.QUEUED, Status.SEARCHING, Status.REQUIRES_ACCEPTANCE, Status.PLACING)


def after(*notices: Notice) -> Ticket:
    ticket = Ticket.unseen(TICKET)
    for notice in notices:
        ticket = advance(ticket, notice) or ticket
    return ticket


def test_a_request_creates_the_ticket() -> None:
    ticket = after(a_request())

    assert ticket.status is Status.REQUESTED
    assert ticket.sequence == 1
    assert ticket.player_ids == (ANN, BEN)
    assert ticket.configuration == "muster-arena"
    assert ticket.requested_at == START


def test_a_request_has_nothing_to_announce() -> None:
    assert not after(a_request()).is_untold


def test_a_notice_that_outran_the_request_creates_the_ticket() -> None:
    ticket = after(a_notice(Status.SEARCHING, 1))

    assert ticket.status is Status.SEARCHING
    assert ticket.player_ids == (ANN, BEN)
    assert ticket.is_untold


def test_a_request_after_the_first_notice_fills_in_what_is_missing_and_regresses_nothing() -> None:
    ticket = after(a_notice(Status.PLACING, 1), a_request())

    assert ticket.status is Status.PLACING
    assert ticket.configuration == "muster-arena"
    assert ticket.requested_at == START


@pytest.mark.parametrize("status", [*OPEN[1:], *ENDS])
def test_a_repeated_notice_is_no_news(status: Status) -> None:
    notice = a_notice(status, 1)

    assert advance(after(notice), notice) is None


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("later", [*OPEN, *ENDS])
def test_an_end_never_changes(end: Status, later: Status) -> None:
    ended = after(a_notice(end, 1))

    told = advance(ended, a_notice(later, 100, reason="other"))

    assert (told or ended).status is end
    assert (told or ended).standing.at == ended.standing.at


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("open_status", OPEN)
def test_an_end_outranks_whatever_is_open_even_if_its_time_is_earlier(end: Status, open_status: Status) -> None:
    assert after(a_notice(open_status, 100), a_notice(end, 1)).status is end


def test_a_match_that_fell_through_returns_the_ticket_to_searching() -> None:
    ticket = after(
        a_notice(Status.SEARCHING, 1), a_notice(Status.REQUIRES_ACCEPTANCE, 2), a_notice(Status.SEARCHING, 3)
    )

    assert ticket.status is Status.SEARCHING
    assert ticket.standing.match_id is None


def test_a_late_searching_notice_does_not_take_a_ticket_out_of_its_match() -> None:
    ticket = after(a_notice(Status.PLACING, 2), a_notice(Status.SEARCHING, 1))

    assert ticket.status is Status.PLACING
    assert ticket.standing.match_id == MATCH


def test_of_two_notices_of_one_millisecond_the_one_further_along_the_way_stays() -> None:
    searching, placing = a_notice(Status.SEARCHING, 1), a_notice(Status.PLACING, 1)

    assert after(searching, placing).status is Status.PLACING
    assert after(placing, searching).status is Status.PLACING


def test_whatever_gamelift_says_outranks_a_request_with_a_later_time() -> None:
    assert after(a_request(10), a_notice(Status.QUEUED, 1)).status is Status.QUEUED


def test_each_change_raises_the_sequence_by_one() -> None:
    assert [after(a_request()).sequence, after(a_request(), a_notice(Status.SEARCHING, 1)).sequence] == [1, 2]


def test_an_answer_that_repeats_the_present_status_is_no_news_at_any_time() -> None:
    ticket = after(a_notice(Status.SEARCHING, 1))

    assert advance(ticket, a_notice(Status.SEARCHING, 40, is_answer=True)) is None


def test_an_answer_moves_a_ticket_whose_placement_timed_out_without_a_notice() -> None:
    ticket = after(a_notice(Status.PLACING, 1), a_notice(Status.SEARCHING, 40, is_answer=True))

    assert ticket.status is Status.SEARCHING


def test_an_answer_that_does_not_name_the_match_keeps_the_one_that_is_known() -> None:
    placing = after(a_notice(Status.PLACING, 1))
    nameless = a_notice(Status.COMPLETED, 2, is_answer=True)
    nameless = replace(nameless, standing=replace(nameless.standing, match_id=None))

    assert after(a_notice(Status.PLACING, 1), nameless).standing.match_id == placing.standing.match_id == MATCH


def test_a_notice_fills_in_the_match_that_an_answer_left_open() -> None:
    nameless = a_notice(Status.COMPLETED, 2, is_answer=True)
    nameless = replace(nameless, standing=replace(nameless.standing, match_id=None))

    ticket = after(nameless, a_notice(Status.COMPLETED, 1))

    assert ticket.standing.match_id == MATCH
    assert ticket.standing.at == nameless.standing.at


def test_each_player_has_their_own_seat() -> None:
    ticket = after(a_notice(Status.COMPLETED, 1))

    seats = [ticket.seat_of(player_id) for player_id in (ANN, BEN, EVE)]

    assert [seat and seat.player_session_id for seat in seats] == ["psess-ann", "psess-ben", None]


def test_a_player_session_id_does_not_show_in_a_representation() -> None:
    assert "psess" not in repr(after(a_notice(Status.COMPLETED, 1)))


def test_a_ticket_belongs_to_its_players_alone() -> None:
    ticket = after(a_request())

    assert [ticket.belongs_to(player_id) for player_id in (ANN, BEN, EVE)] == [True, True, False]


def test_a_ticket_unknown_to_gamelift_is_given_up_after_the_time_and_not_before() -> None:
    ticket = a_ticket(Status.REQUESTED)

    early = given_up(ticket, now=START + timedelta(seconds=119), after_s=120)
    late = given_up(ticket, now=START + timedelta(seconds=120), after_s=120)

    assert early is None
    assert late is not None
    lost = advance(ticket, late)
    assert lost is not None
    assert (lost.status, lost.standing.reason) == (Status.FAILED, LOST)


def test_an_ended_ticket_is_not_given_up() -> None:
    assert given_up(a_ticket(Status.COMPLETED), now=START + timedelta(days=1), after_s=120) is None


# A life as GameLift leads it: searching, any number of matches that fall through, then at most one end. Times rise,
# but two steps may share a millisecond.
@st.composite
def lives(draw: st.DrawFn) -> list[Notice]:
    at_s, life = 0.0, [a_request()]

    def step(status: Status, match_id: str | None = None) -> None:
        nonlocal at_s
        at_s += draw(st.sampled_from([0.001, 0.5, 30.0]))
        life.append(a_notice(status, at_s, match_id=match_id, requested_at_s=0.1, configuration="muster-arena"))

    step(Status.SEARCHING)
    for number in range(draw(st.integers(0, 3))):
        step(Status.REQUIRES_ACCEPTANCE, f"match-{number}")
        if draw(st.booleans()):
            step(Status.PLACING, f"match-{number}")
        step(Status.SEARCHING)
    if draw(st.booleans()):
        step(Status.PLACING, "match-last")
    if draw(st.booleans()):
        step(draw(st.sampled_from(ENDS)), "match-last")
    return life


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Notice], list[Notice]]:
    life = draw(lives())
    repeats = draw(st.lists(st.sampled_from(life), max_size=8))
    return life, draw(st.permutations([*life, *repeats]))


def known(ticket: Ticket) -> Ticket:
    return replace(ticket, sequence=0, announced=0)


@given(deliveries())
def test_any_order_and_repetition_of_a_tickets_notices_ends_in_the_same_ticket(
    delivery: tuple[list[Notice], list[Notice]],
) -> None:
    life, delivered = delivery

    ticket = after(*delivered)

    assert known(ticket) == known(after(*life))
    assert ticket.status is life[-1].standing.status


@given(deliveries())
def test_a_poller_never_sees_a_state_go_backwards(delivery: tuple[list[Notice], list[Notice]]) -> None:
    states = [after(*delivery[1][:count]) for count in range(1, len(delivery[1]) + 1)]

    for earlier, later in pairwise(states):
        assert later.sequence - earlier.sequence in {0, 1}
        if not earlier.is_open:
            assert later.standing == earlier.standing
        elif later.is_open and earlier.status is not Status.REQUESTED:
            assert later.standing.at >= earlier.standing.at
        assert set(earlier.player_ids) <= set(later.player_ids)


@given(st.lists(st.sampled_from([PlayerId("b"), PlayerId("a"), PlayerId("c")]), min_size=1))
def test_the_players_of_a_ticket_are_everyone_who_was_ever_named(players: list[PlayerId]) -> None:
    notices = [a_notice(Status.SEARCHING, at_s, player_ids=(player,)) for at_s, player in enumerate(players)]

    assert list(after(*notices).player_ids) == sorted(set(players))
