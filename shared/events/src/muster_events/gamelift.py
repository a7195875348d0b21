"""GameLift's own notices, as received: tolerant models of what FlexMatch and the placement queues say.

They reach us in an EventBridge-shaped envelope, whole, as the `Message` of an SNS notification. Names are
AWS's, in snake_case for Python; both spellings are accepted when a notice is built, and
`model_dump(by_alias=True)` writes AWS's. Fields that AWS adds are ignored; fields that only inform are
dropped, not refused, when they are odd.

Source: "FlexMatch events" and "Game session placement events" in the GameLift guides.
"""

import contextlib
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

SOURCE: Final = "aws.gamelift"
MATCHMAKING: Final = "GameLift Matchmaking Event"
PLACEMENT: Final = "GameLift Queue Placement Event"

MATCHMAKING_TYPES: Final = (
    "MatchmakingSearching",
    "PotentialMatchCreated",
    "AcceptMatch",
    "AcceptMatchCompleted",
    "MatchmakingSucceeded",
    "MatchmakingTimedOut",
    "MatchmakingCancelled",
    "MatchmakingFailed",
)
"""Every `detail.type` of a matchmaking notice that AWS documents; the set is open."""

PLACEMENT_TYPES: Final = (
    "PlacementFulfilled",
    "PlacementCancelled",
    "PlacementTimedOut",
    "PlacementFailed",
)
"""Every `detail.type` of a placement notice that AWS documents; the set is open."""

_T = TypeVar("_T")


def _or_none(value: object, validate: ValidatorFunctionWrapHandler) -> object:
    """Drop what only informs when it does not have the expected shape, rather than lose the notice."""
    with contextlib.suppress(ValidationError):
        return validate(value)
    return None


def _number(value: object) -> object:
    """Turn a decimal string into a number: placement notices write the port so."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() else None
    return value


def _entries(value: object) -> object:
    """Read an explicit null as an empty list."""
    return () if value is None else value


Informs = Annotated[_T | None, WrapValidator(_or_none)]
Port = Annotated[
    int | None,
    BeforeValidator(_number),
    WrapValidator(_or_none, json_schema_input_type=int | str | None),
]
WaitMillis = Annotated[
    int | None,
    WrapValidator(_or_none, json_schema_input_type=int | Literal["NOT_AVAILABLE"] | None),
]
Entries = Annotated[tuple[_T, ...], BeforeValidator(_entries)]


class _Received(BaseModel):
    """What all parts of a notice have in common."""

    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,  # a notice holds player session ids
    )


class NoticePlayer(_Received):
    """A player as a notice shows them.

    Attributes:
        player_id: the player.
        team: from `PotentialMatchCreated` on.
        accepted: in `AcceptMatch` only, and absent until this player has answered.
        player_session_id: the seat, in `MatchmakingSucceeded` and `PlacementFulfilled` only; a secret of the
            player.
    """

    player_id: str
    team: str | None = None
    accepted: bool | None = None
    player_session_id: str | None = Field(default=None, repr=False)


class NoticeTicket(_Received):
    """A ticket as a notice shows it.

    Attributes:
        ticket_id: the ticket.
        start_time: when matchmaking began for it; kept when it returns to the pool.
        players: everyone on it.
    """

    ticket_id: str
    start_time: Informs[AwareDatetime] = None
    players: Entries[NoticePlayer] = ()


class GameSessionInfo(_Received):
    """The game session of a match; before `MatchmakingSucceeded` it holds players only.

    Attributes:
        game_session_arn: the session.
        ip_address: where it listens.
        dns_name: the same as a name, where the fleet has one.
        port: 1 to 60000.
        players: everyone of the match, from all tickets.
    """

    game_session_arn: str | None = None
    ip_address: str | None = None
    dns_name: str | None = None
    port: Port = None
    players: Entries[NoticePlayer] = ()


class RuleEvaluation(_Received):
    """How often a rule let a candidate pass, and how often not."""

    rule_name: str
    passed_count: int = 0
    failed_count: int = 0


class MatchmakingDetail(_Received):
    """The `detail` of a matchmaking notice.

    Attributes:
        type: one of `MATCHMAKING_TYPES`, or one that AWS adds later.
        tickets: every ticket it speaks of; a match has several.
        match_id: from `PotentialMatchCreated` on.
        acceptance_required: in `PotentialMatchCreated`.
        acceptance_timeout: seconds players have to accept, in `PotentialMatchCreated` when they must.
        acceptance: `Accepted`, `Rejected` or `TimedOut`, in `AcceptMatchCompleted`.
        game_session_info: players, and from `MatchmakingSucceeded` on the address.
        reason: in the notices of an end without a match, such as `Cancelled`, `TimedOut`, `UNEXPECTED_ERROR`.
        message: the reason in words.
        estimated_wait_millis: in `MatchmakingSearching`; None where AWS writes `NOT_AVAILABLE`.
        rule_evaluation_metrics: in `PotentialMatchCreated` and in the notices of an end.
        custom_event_data: text of the matchmaking configuration.
    """

    type: str
    tickets: Entries[NoticeTicket] = ()
    match_id: str | None = None
    acceptance_required: bool | None = None
    acceptance_timeout: Informs[int] = None
    acceptance: str | None = None
    game_session_info: GameSessionInfo | None = None
    reason: str | None = None
    message: str | None = None
    estimated_wait_millis: WaitMillis = None
    rule_evaluation_metrics: Entries[RuleEvaluation] = ()
    custom_event_data: str | None = None


class PlacementDetail(_Received):
    """The `detail` of a placement notice.

    Attributes:
        type: one of `PLACEMENT_TYPES`, or one that AWS adds later.
        placement_id: the placement; generated by GameLift when a match started it.
        start_time: when it was asked for.
        end_time: when it was fulfilled or ended.
        game_session_arn: the session, like everything below in `PlacementFulfilled` only.
        game_session_region: where it runs.
        game_session_location: the location in the fleet, such as `custom-laptop`.
        ip_address: where it listens.
        dns_name: the same as a name, where the fleet has one.
        port: 1 to 60000; AWS writes it as a string here.
        compute_name: the machine of an Anywhere fleet.
        placed_player_sessions: the seats.
        custom_event_data: text of the queue.
    """

    type: str
    placement_id: str
    start_time: Informs[AwareDatetime] = None
    end_time: Informs[AwareDatetime] = None
    game_session_arn: str | None = None
    game_session_region: str | None = None
    game_session_location: str | None = None
    ip_address: str | None = None
    dns_name: str | None = None
    port: Port = None
    compute_name: str | None = None
    placed_player_sessions: Entries[NoticePlayer] = ()
    custom_event_data: str | None = None


class _Envelope(_Received):
    """The EventBridge-shaped envelope that SNS carries whole.

    Attributes:
        id: the same for every repeat of the same notice.
        account: twelve digits.
        time: when GameLift said it.
        region: such as `us-east-1`.
        resources: the ARN of the matchmaking configuration or of the queue.
    """

    id: str = Field(min_length=1)
    account: str = ""
    time: AwareDatetime
    region: str = ""
    resources: Entries[str] = ()


class MatchmakingNotice(_Envelope):
    """GameLift says what became of tickets or of a match."""

    detail: MatchmakingDetail


class PlacementNotice(_Envelope):
    """GameLift says what became of the placement of a game session."""

    detail: PlacementDetail


NOTICES: Final[Mapping[str, type[MatchmakingNotice | PlacementNotice]]] = {
    MATCHMAKING: MatchmakingNotice,
    PLACEMENT: PlacementNotice,
}
"""The model for each `detail-type`."""


def is_notice(document: Mapping[str, Any]) -> bool:
    """Tell whether *document* is something that GameLift itself sent, of whatever kind."""
    return document.get("source") == SOURCE and "detail-type" in document
