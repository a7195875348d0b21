"""What the local GameLift answers when it cannot do as asked, under AWS's own exception names.

    Fault (a MusterError)
    ├── InvalidRequest                InvalidRequestException              400
    ├── UnknownResource               NotFoundException                    400
    ├── ConflictingState              ConflictException                    400
    ├── FleetCapacityExceeded         FleetCapacityExceededException       400
    ├── GameSessionFull               GameSessionFullException             400
    ├── IdempotentParameterMismatch   IdempotentParameterMismatchException 400
    ├── InvalidGameSessionStatus      InvalidGameSessionStatusException    400
    ├── LimitExceeded                 LimitExceededException               400
    ├── NotAuthorized                 UnauthorizedException                400
    ├── NotOffered                    UnsupportedRegionException           400
    ├── TerminalRouting               TerminalRoutingStrategyException     400
    ├── Throttled                     ThrottlingException                  400
    ├── UnreadableRequest             SerializationException               400
    └── UnknownOperation              UnknownOperationException            400

Source: GameLift API reference, exceptions of each operation; SerializationException, ThrottlingException and
UnknownOperationException are common to every AWS JSON service.
"""

from typing import ClassVar

from muster_runtime.errors import Conflict, Invalid, Malformed, MusterError, NotFound, TooMany, Unauthenticated


class Fault(MusterError):
    """Base of every error that this service answers on purpose.

    Attributes:
        aws_name: the `__type` that AWS SDKs turn into an exception class.
        status: HTTP status of the answer; GameLift answers 400 to everything but its own failures.
    """

    aws_name: ClassVar[str] = "InternalServiceException"
    status: ClassVar[int] = 500


class InvalidRequest(Fault, Invalid):
    """A value breaks a constraint of the model, or the request makes no sense in the present state."""

    code = "invalid_request"
    aws_name = "InvalidRequestException"
    status = 400


class UnknownResource(Fault, NotFound):
    """A resource that the request names does not exist in this region."""

    code = "unknown_resource"
    aws_name = "NotFoundException"
    status = 400


class ConflictingState(Fault, Conflict):
    """The resource exists already, or its state does not allow this."""

    code = "conflicting_state"
    aws_name = "ConflictException"
    status = 400


class FleetCapacityExceeded(Fault, Conflict):
    """No server process of the fleet is free."""

    code = "fleet_capacity_exceeded"
    aws_name = "FleetCapacityExceededException"
    status = 400


class GameSessionFull(Fault, Conflict):
    """The game session has no free player slot."""

    code = "game_session_full"
    aws_name = "GameSessionFullException"
    status = 400


class IdempotentParameterMismatch(Fault, Conflict):
    """An idempotency token was used again with other parameters."""

    code = "idempotent_parameter_mismatch"
    aws_name = "IdempotentParameterMismatchException"
    status = 400


class InvalidGameSessionStatus(Fault, Conflict):
    """The game session is in a state that does not allow this."""

    code = "invalid_game_session_status"
    aws_name = "InvalidGameSessionStatusException"
    status = 400


class LimitExceeded(Fault, TooMany):
    """A service quota would be exceeded."""

    code = "limit_exceeded"
    aws_name = "LimitExceededException"
    status = 400


class NotAuthorized(Fault, Unauthenticated):
    """A game server process did not prove that it runs on a registered compute."""

    code = "not_authorized"
    aws_name = "UnauthorizedException"
    status = 400


class NotOffered(Fault, Invalid):
    """AWS offers the operation, in some regions; this local GameLift does not."""

    code = "not_offered"
    aws_name = "UnsupportedRegionException"
    status = 400


class TerminalRouting(Fault, Conflict):
    """The alias leads to no fleet; the words are those that its owner wants told."""

    code = "terminal_routing"
    aws_name = "TerminalRoutingStrategyException"
    status = 400


class Throttled(Fault, TooMany):
    """More requests than AWS takes in this time."""

    code = "throttled"
    aws_name = "ThrottlingException"
    status = 400


class UnreadableRequest(Fault, Malformed):
    """The body is not what its protocol says, or a value has the wrong type."""

    code = "unreadable_request"
    aws_name = "SerializationException"
    status = 400


class UnknownOperation(Fault, Malformed):
    """The request names no operation of the GameLift API."""

    code = "unknown_operation"
    aws_name = "UnknownOperationException"
    status = 400
