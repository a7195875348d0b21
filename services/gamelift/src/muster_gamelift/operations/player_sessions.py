"""Player sessions: seats in a game session."""

from muster_gamelift import sessions
from muster_gamelift.errors import InvalidRequest
from muster_gamelift.operations import render
from muster_gamelift.operations.call import Call, Output, found, page
from muster_gamelift.state.sessions import SeatStatus

PAGE = 100


def create_player_session(call: Call) -> Output:
    """Reserve one seat."""
    player = (call.given["PlayerId"], call.given.get("PlayerData"))
    (seat,) = sessions.create_seats(call.change, call.given["GameSessionId"], [player])
    return {"PlayerSession": render.player_session(seat, call.world)}


def create_player_sessions(call: Call) -> Output:
    """Reserve seats for all players named, or for none."""
    player_ids, data = call.given["PlayerIds"], call.given.get("PlayerDataMap", {})
    if len(set(player_ids)) < len(player_ids):
        raise InvalidRequest("PlayerIds names each player at most once.")
    players = [(player_id, data.get(player_id)) for player_id in player_ids]
    seats = sessions.create_seats(call.change, call.given["GameSessionId"], players)
    return {"PlayerSessions": [render.player_session(seat, call.world) for seat in seats]}


def describe_player_sessions(call: Call) -> Output:
    """Return the seats of one game session, of one player, or one seat."""
    given, table = call.given, call.world.seats
    named = [member for member in ("GameSessionId", "PlayerId", "PlayerSessionId") if member in given]
    if len(named) != 1:
        raise InvalidRequest("Give exactly one of GameSessionId, PlayerId and PlayerSessionId.")
    match named[0]:
        case "GameSessionId":
            session = sessions.existing(call.change, given["GameSessionId"])
            rows = list(table.find("session", session.arn))
        case "PlayerId":
            rows = list(table.find("player", given["PlayerId"]))
        case _:
            rows = [found(table, given["PlayerSessionId"], "Player session")]
    wanted = given.get("PlayerSessionStatusFilter")
    if wanted is not None and wanted not in set(SeatStatus):
        raise InvalidRequest(f"PlayerSessionStatusFilter must be one of {', '.join(SeatStatus)}.")
    if "GameSessionId" in given and wanted is not None:
        # Source: DescribePlayerSessions reference: the filter has no effect with a player or player session id.
        rows = [row for row in rows if row.status == wanted]
    chosen, token = page(rows, lambda row: row.seat_id, given, PAGE)
    return {"PlayerSessions": [render.player_session(row, call.world) for row in chosen], "NextToken": token}
