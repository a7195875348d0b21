"""The table of routes below `/_control`."""

from collections.abc import Sequence
from typing import Final

from muster_gamelift.control import bodies
from muster_gamelift.control.errors import (
    ClockRuns,
    ErrorUnknown,
    FleetUnknown,
    LocationUnknown,
    NoticesWaiting,
    OperationUnknown,
    TicketUnknown,
)
from muster_gamelift.control.handlers import Handlers
from muster_runtime.http.routes import Route

ADVANCE_S: Final = 600.0
"""Longest one advance may take, in real time: a day of virtual time over full pools."""


def control_routes(handlers: Handlers) -> Sequence[Route]:
    """Return the routes of the control interface."""
    return (
        Route(
            "POST",
            "/_control/reset",
            handlers.reset,
            "Forget everything, as if just started.",
            body=bodies.Nothing,
            body_optional=True,
            by_hand=True,
            answer=bodies.Nothing,
        ),
        Route("GET", "/_control/clock", handlers.clock, "Where time stands.", answer=bodies.ClockAnswer),
        Route(
            "POST",
            "/_control/clock",
            handlers.freeze,
            "Stop time, or let it go on.",
            body=bodies.Freeze,
            by_hand=True,
            answer=bodies.ClockAnswer,
        ),
        Route(
            "POST",
            "/_control/clock/advance",
            handlers.advance,
            "Let virtual time pass.",
            body=bodies.Advance,
            by_hand=True,
            answer=bodies.ClockAnswer,
            errors=(ClockRuns, NoticesWaiting),
            deadline_s=ADVANCE_S,
        ),
        Route(
            "GET",
            "/_control/notices",
            handlers.notices,
            "The notices that were handed over.",
            query=bodies.After,
            answer=bodies.NoticesAnswer,
        ),
        Route("GET", "/_control/faults", handlers.faults, "The failures that are ordered."),
        Route(
            "POST",
            "/_control/faults",
            handlers.order,
            "Order a failure.",
            body=bodies.NewFault,
            by_hand=True,
            errors=(OperationUnknown, ErrorUnknown),
        ),
        Route(
            "POST",
            "/_control/processes",
            handlers.processes,
            "Keep built-in server processes at a location.",
            body=bodies.Places,
            by_hand=True,
            answer=bodies.PlacesAnswer,
            errors=(FleetUnknown, LocationUnknown),
        ),
        Route(
            "GET",
            "/_control/explain/{ticket_id}",
            handlers.explain,
            "Why a ticket is where it is.",
            errors=(TicketUnknown,),
        ),
    )
