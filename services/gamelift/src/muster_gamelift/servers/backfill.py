"""What a server process may ask for when its game has room for more players.

Source: Server SDK 5 protocol; flexmatch specification 5.2.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from muster_gamelift import matchmaking
from muster_gamelift.errors import InvalidRequest, UnknownResource
from muster_gamelift.operations.matchmaking import begin_backfill
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.processes import ServerProcess
from muster_gamelift.state.world import Change
from muster_gamelift.validation import gamelift_model

Message = Mapping[str, Any]

_KINDS: Final[Mapping[str, tuple[str, Callable[[], Any]]]] = {
    "DOUBLE": ("N", float),
    "STRING": ("S", str),
    "STRING_LIST": ("SL", list),
    "STRING_DOUBLE_MAP": ("SDM", dict),
}
"""AttrType -> the member that holds the value, and the value that SDKs leave out because it is their zero."""


def start_match_backfill(change: Change, process: ServerProcess, message: Message) -> Mapping[str, Any]:
    """Queue a request for more players in the session of this process."""
    given = {
        "TicketId": message.get("TicketId") or None,
        "ConfigurationName": message.get("MatchmakingConfigurationArn"),
        "GameSessionArn": _own_session(process, message),
        "Players": _players(message),
    }
    ticket = begin_backfill(change, gamelift_model().clean("StartMatchBackfill", given))
    return {"TicketId": ticket.ticket_id}


def stop_match_backfill(change: Change, process: ServerProcess, message: Message) -> Mapping[str, Any]:
    """Cancel the backfill request of the session of this process."""
    session_arn = _own_session(process, message)
    ticket = change.world.tickets.get(str(message.get("TicketId")))
    configuration = name_of(str(message.get("MatchmakingConfigurationArn")))
    if (
        ticket is None
        or ticket.backfill is None
        or ticket.backfill.session_arn != session_arn
        or ticket.configuration.name != configuration
    ):
        raise UnknownResource("This game session has no such backfill request.")
    matchmaking.stop(change, ticket)
    return {}


def _own_session(process: ServerProcess, message: Message) -> str:
    session_arn = message.get("GameSessionArn")
    if not isinstance(session_arn, str) or session_arn != process.session_arn:
        raise InvalidRequest("This process was not given that game session.")
    return session_arn


def _players(message: Message) -> object:
    players = message.get("Players")
    if not isinstance(players, list):
        return players
    return [_player(one) if isinstance(one, Mapping) else one for one in players]


def _player(given: Message) -> Mapping[str, object]:
    attributes = given.get("PlayerAttributes")
    if isinstance(attributes, Mapping):
        attributes = {name: _attribute(name, value) for name, value in attributes.items()}
    return {
        "PlayerId": given.get("PlayerId"),
        "Team": given.get("Team"),
        "PlayerAttributes": attributes,
        "LatencyInMs": given.get("LatencyInMs"),
    }


def _attribute(name: str, value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    kind = str(value.get("AttrType"))
    if kind not in _KINDS:
        raise InvalidRequest(f"AttrType of attribute {name} must be one of {', '.join(_KINDS)}.")
    member, zero = _KINDS[kind]
    given = value.get(member)
    return {member: zero() if given is None else given}
