from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tickets_fakes import a_ticket

from muster_tickets.domain import SessionAddress, Status, Ticket, TicketId
from muster_tickets.store import LANES, lane_of, row_from, ticket_from


@pytest.mark.parametrize("status", Status)
def test_a_ticket_comes_back_from_its_row_as_it_went_in(status: Status) -> None:
    ticket = a_ticket(status, sequence=4, announced=3)

    assert ticket_from(row_from(ticket)) == ticket


def test_a_ticket_of_which_little_is_known_comes_back_as_well() -> None:
    ticket = Ticket.unseen(TicketId("t"))

    assert ticket_from(row_from(ticket)) == ticket


def test_an_address_without_its_details_comes_back_as_well() -> None:
    ticket = a_ticket(Status.COMPLETED)
    ticket = replace(ticket, standing=replace(ticket.standing, session=SessionAddress()))

    assert ticket_from(row_from(ticket)) == ticket


@given(st.text(min_size=1))
def test_a_ticket_is_always_in_the_same_lane_and_the_lane_is_one_of_few(ticket_id: str) -> None:
    assert lane_of(TicketId(ticket_id)) == lane_of(TicketId(ticket_id))
    assert lane_of(TicketId(ticket_id)) in {str(lane) for lane in range(LANES)}
