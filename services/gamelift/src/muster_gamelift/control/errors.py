"""What the control interface answers when it cannot do as asked; problem documents, not AWS's words."""

from muster_runtime.errors import Conflict, Invalid, NotFound, Unavailable


class ClockRuns(Conflict):
    """Time can be advanced by hand only while it stands still."""

    code = "clock_not_frozen"
    advice = 'Send {"frozen": true} to POST /_control/clock first.'


class NoticesWaiting(Unavailable):
    """Time was advanced, but somebody does not take the notices."""

    code = "notices_waiting"
    advice = "Bring back the targets of notices that do not answer, then ask /_control/clock where time stands."


class OperationUnknown(Invalid):
    """A fault names an operation that the GameLift API does not have."""

    code = "operation_unknown"
    advice = "Name an operation of the GameLift API, such as StartMatchmaking."


class ErrorUnknown(Invalid):
    """A fault names an error that AWS never answers to this operation."""

    code = "error_unknown"
    advice = "Name an error that the API reference lists for the operation, or one common to all."


class FleetUnknown(NotFound):
    """No region has this fleet."""

    code = "fleet_unknown"
    advice = "Create the fleet first, and send the FleetId that CreateFleet answered."


class LocationUnknown(NotFound):
    """The fleet does not have this location."""

    code = "location_unknown"
    advice = "Name a location of the fleet; CreateFleet and CreateFleetLocations add them."


class TicketUnknown(NotFound):
    """No region has a ticket with this id."""

    code = "ticket_unknown"
    advice = "Check the ticket id; ended tickets are forgotten after a while."
