"""What can go wrong with tickets.

NotFound                    404   retry
└── TicketUnknown           404   retry     no such ticket (yet), or not the caller's
Conflict                    409   retry
├── TicketChanged           409   retry     another writer got there first; handlers reload and decide again
└── TicketContended         409   retry     the same, so often that the message had better wait its turn
Busy                        503   retry
└── MatchmakerBusy          503   retry     GameLift throttles DescribeMatchmaking
Unavailable                 503   retry
└── MatchmakerUnavailable   503   retry     GameLift does not answer, or not as documented
"""

from muster_runtime.errors import Busy, Conflict, NotFound, Unavailable


class TicketUnknown(NotFound):
    """There is no such ticket (yet), or it is not the caller's: the two look the same from outside."""

    code = "ticket_unknown"
    advice = "Check the ticket id; if the ticket was just requested, ask again in a second."


class TicketChanged(Conflict):
    """The stored ticket no longer has the sequence that the writer saw."""

    code = "ticket_changed"
    advice = "Read the ticket again, then decide again."


class TicketContended(Conflict):
    """Other writers got there first, time after time."""

    code = "ticket_contended"
    advice = "Deliver the message again later."


class MatchmakerBusy(Busy):
    """GameLift throttles us."""

    code = "matchmaker_busy"
    advice = "Ask again in a few seconds."


class MatchmakerUnavailable(Unavailable):
    """GameLift does not answer, or answers with an error of its own."""

    code = "matchmaker_unavailable"
    advice = "Ask again in a few seconds."
