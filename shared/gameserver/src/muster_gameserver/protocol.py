"""The Server SDK 5 protocol as values: text frames of one JSON object each. No I/O.

A request carries `Action` and `RequestId`; its answer repeats both and adds `StatusCode`, 200 when all is well, and
`ErrorMessage` otherwise. What GameLift says by itself carries no `RequestId`. Times are whole milliseconds.

Source: observed behaviour of the Go SDK 5.6.0 and the C++ SDK 5.4.0.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from muster_gameserver.errors import InvalidParameters, NotSDKMessage
from muster_gameserver.parameters import Credentials, ServerParameters
from muster_gameserver.signing import signed_query
from muster_gameserver.values import (
    Attribute,
    FleetRoleCredentials,
    GameSession,
    GameSessionUpdate,
    Player,
    PlayerSession,
    PlayerSessionPage,
)

SDK_VERSION = "5.6.0"
"""The protocol level spoken here."""
SDK_LANGUAGE = "Python"
SDK_TOOL = "muster-gameserver"


@dataclass(frozen=True, slots=True)
class Termination:
    """GameLift wants the process gone.

    Attributes:
        at_s: latest end, seconds since the epoch; None when GameLift names none.
    """

    at_s: float | None


@dataclass(frozen=True, slots=True)
class Refresh:
    """GameLift wants the connection moved.

    Attributes:
        credentials: where to connect instead.
    """

    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request.

    Attributes:
        request_id: the request's.
        status: 200, or an error status.
        error: GameLift's words; may quote identifiers, so never log it.
        fields: the whole object.
    """

    request_id: str
    status: int
    error: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that this client has no use for.

    Attributes:
        action: what it calls itself.
    """

    action: str


Incoming = GameSession | GameSessionUpdate | Termination | Refresh | Reply | Unknown


def connect_url(parameters: ServerParameters, credentials: Credentials, *, idempotency_token: str, now_s: float) -> str:
    """Return the address to connect to. It contains the token: never log it.

    Args:
        parameters: which process.
        credentials: where to, and the right to.
        idempotency_token: 32 letters and digits, or a UUID, new for each attempt.
        now_s: seconds since the epoch; a signature is good for some minutes around it.
    """
    who = {"ComputeId": parameters.host_id, "FleetId": parameters.fleet_id, "pID": parameters.process_id}
    right = {"Authorization": credentials.auth_token}
    if not credentials.auth_token and credentials.aws is not None:
        right = signed_query(credentials.aws, who=who, now_s=now_s)
    more = {"sdkVersion": SDK_VERSION, "sdkLanguage": SDK_LANGUAGE, "IdempotencyToken": idempotency_token}
    query = urlencode({**who, **more, **right})
    base = credentials.websocket_url
    if "?" in base:
        return f"{base}&{query}"
    # The handshake needs a path; the SDKs use the root when the endpoint names none.
    return f"{base}?{query}" if "/" in base.partition("://")[2] else f"{base}/?{query}"


def request(action: str, request_id: str, fields: Mapping[str, Any]) -> str:
    """Return the text of a request."""
    return json.dumps({"Action": action, "RequestId": request_id, **fields}, separators=(",", ":"))


def parse(text: str) -> Incoming:
    """Return what GameLift said.

    Raises:
        NotSDKMessage: it is not a JSON object with an `Action` or a `RequestId`, or a field has the wrong type.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise NotSDKMessage("not JSON") from None
    if not isinstance(message, dict):
        raise NotSDKMessage("not an object")
    try:
        return _read(message)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        # Only the kind of the fault: the fields themselves may be secrets.
        raise NotSDKMessage(f"a field is missing or has the wrong type: {type(error).__name__}") from None


def players_out(players: Sequence[Player]) -> list[dict[str, Any]]:
    """Return *players* as StartMatchBackfill takes them.

    Raises:
        InvalidParameters: an attribute is of no type that FlexMatch knows.
    """
    return [
        {
            "PlayerId": player.player_id,
            "Team": player.team,
            "PlayerAttributes": {name: _attribute_out(value) for name, value in player.attributes.items()},
            "LatencyInMs": dict(player.latencies_ms),
        }
        for player in players
    ]


def player_sessions(fields: Mapping[str, Any]) -> PlayerSessionPage:
    """Return the page in an answer to DescribePlayerSessions.

    Raises:
        NotSDKMessage: the answer does not have the documented shape.
    """
    try:
        seats = tuple(_player_session(seat) for seat in fields.get("PlayerSessions") or ())
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        raise NotSDKMessage("PlayerSessions has not the documented shape") from None
    return PlayerSessionPage(seats, str(fields["NextToken"]) if fields.get("NextToken") else None)


def role_credentials(fields: Mapping[str, Any]) -> FleetRoleCredentials | None:
    """Return the credentials in an answer to GetFleetRoleCredentials; None when the fleet is not managed.

    Raises:
        NotSDKMessage: the answer does not have the documented shape.
    """
    if not fields.get("AccessKeyId"):
        return None
    try:
        return FleetRoleCredentials(
            access_key=str(fields["AccessKeyId"]),
            secret_key=str(fields["SecretAccessKey"]),
            session_token=str(fields["SessionToken"]),
            expires_at_s=float(fields["Expiration"]) / 1000,
            assumed_role_arn=_text(fields, "AssumedRoleUserArn"),
            assumed_role_id=_text(fields, "AssumedRoleId"),
        )
    except (KeyError, TypeError, ValueError):
        raise NotSDKMessage("the credentials have not the documented shape") from None


def _read(message: Mapping[str, Any]) -> Incoming:
    action, request_id = _text(message, "Action"), message.get("RequestId")
    if request_id:
        return Reply(str(request_id), int(message["StatusCode"]), _text(message, "ErrorMessage"), message)
    match action:
        case "CreateGameSession":
            return _session(message)
        case "UpdateGameSession":
            return GameSessionUpdate(
                session=_session(message["GameSession"]),
                reason=_text(message, "UpdateReason"),
                backfill_ticket_id=_text(message, "BackfillTicketId"),
            )
        case "TerminateProcess":
            return Termination(at_s=_seconds(message.get("TerminationTime")))
        case "RefreshConnection":
            return Refresh(Credentials(str(message["RefreshConnectionEndpoint"]), str(message["AuthToken"])))
        case "":
            raise NotSDKMessage("neither Action nor RequestId")
        case _:
            return Unknown(action)


def _session(fields: Mapping[str, Any]) -> GameSession:
    return GameSession(
        game_session_id=str(fields["GameSessionId"]),
        matchmaker_data=_text(fields, "MatchmakerData"),
        maximum_players=int(fields.get("MaximumPlayerSessionCount") or 0),
        # One name in CreateGameSession, the other in UpdateGameSession.
        name=_text(fields, "GameSessionName") or _text(fields, "Name"),
        data=_text(fields, "GameSessionData"),
        properties={str(name): str(value) for name, value in dict(fields.get("GameProperties") or {}).items()},
        fleet_id=_text(fields, "FleetId"),
        location=_text(fields, "Location"),
        ip_address=_text(fields, "IpAddress"),
        dns_name=_text(fields, "DnsName"),
        port=int(fields.get("Port") or 0),
        status=_text(fields, "Status"),
    )


def _player_session(seat: Mapping[str, Any]) -> PlayerSession:
    return PlayerSession(
        player_session_id=str(seat["PlayerSessionId"]),
        player_id=str(seat["PlayerId"]),
        game_session_id=_text(seat, "GameSessionId"),
        status=str(seat["Status"]),
        fleet_id=_text(seat, "FleetId"),
        player_data=_text(seat, "PlayerData"),
        ip_address=_text(seat, "IpAddress"),
        dns_name=_text(seat, "DnsName"),
        port=int(seat.get("Port") or 0),
        created_at_s=_seconds(seat.get("CreationTime")),
        ended_at_s=_seconds(seat.get("TerminationTime")),
    )


def _attribute_out(value: Attribute) -> dict[str, Any]:
    match value:
        case bool():
            raise InvalidParameters("a player attribute cannot be true or false: FlexMatch knows no such type")
        case int() | float():
            return {"AttrType": "DOUBLE", "N": float(value)}
        case str():
            return {"AttrType": "STRING", "S": value}
        case Mapping():
            return {"AttrType": "STRING_DOUBLE_MAP", "SDM": {name: float(amount) for name, amount in value.items()}}
        case _:
            return {"AttrType": "STRING_LIST", "SL": list(value)}


def _text(fields: Mapping[str, Any], name: str) -> str:
    return str(fields.get(name) or "")


def _seconds(milliseconds: Any) -> float | None:  # noqa: ANN401 - JSON as it comes
    return int(milliseconds) / 1000 if milliseconds else None
