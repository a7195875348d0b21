"""Who plays whom: read from the matchmaker's data, and turned into a result at the end. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from muster_gameserver import NotMatchmakerData, parse_matchmaker_data
from muster_players.arena.game import Game
from muster_players.arena.pitch import LEFT, RIGHT, SEAT_ORDER, SIDE_SIZE

HOUSE_SIDES = ("red", "blue")
"""Names of the sides when the matchmaker does not give two teams."""


@dataclass(frozen=True, slots=True)
class Fixture:
    """A match as the matchmaker arranged it.

    Attributes:
        match_id: FlexMatch's match id; the end of the session's ARN when no matchmaker was involved.
        game_session_arn: the game session that it is played in.
        sides: names of LEFT and RIGHT.
        expected: side of each player the matchmaker put into the match, by player id.
    """

    match_id: str
    game_session_arn: str
    sides: tuple[str, str] = HOUSE_SIDES
    expected: Mapping[str, int] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """What makes this match differ from others; the same match always has the same."""
        return int.from_bytes(sha256(self.match_id.encode()).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class PlayerLine:
    """One player's line in the result.

    Attributes:
        player_id: who.
        side: name of the side.
        goals: how many the player scored.
        won: whether the side won; nobody wins a draw.
    """

    player_id: str
    side: str
    goals: int
    won: bool


def fixture_of(game_session_arn: str, matchmaker_data: str) -> Fixture:
    """Return the fixture of a session; data that is no matchmaker's makes one without expected players.

    Two or more teams play as they are, the third and later ones as guests of the first two; one team is split.

    Source: GameLift "matchmaker data", the JSON text that a game session carries.
    """
    unarranged = Fixture(match_id=game_session_arn.rsplit("/", 1)[-1], game_session_arn=game_session_arn)
    try:
        arranged = parse_matchmaker_data(matchmaker_data)
    except NotMatchmakerData:
        return unarranged
    match_id = arranged.match_id
    teams = [(team.name, [player.player_id for player in team.players]) for team in arranged.teams]
    if len(teams) == 1:
        players = {player: index % 2 for index, player in enumerate(teams[0][1])}
        return replace(unarranged, match_id=match_id, expected=players)
    players = {player: index % 2 for index, (_, members) in enumerate(teams) for player in members}
    sides = (teams[0][0], teams[1][0]) if teams else HOUSE_SIDES
    return replace(unarranged, match_id=match_id, sides=sides, expected=players)


def seat_for(fixture: Fixture, seats: Mapping[str, int], player_id: str) -> int | None:
    """Return the index of the footballer that a player leads; None when all ten are taken.

    Args:
        fixture: the match.
        seats: footballers given out so far, by player id; a player keeps theirs.
        player_id: who asks.
    """
    if player_id in seats:
        return seats[player_id]
    taken = set(seats.values())
    free = {
        side: [side * SIDE_SIZE + number for number in SEAT_ORDER if side * SIDE_SIZE + number not in taken]
        for side in (LEFT, RIGHT)
    }
    # Somebody whom the matchmaker did not name helps the smaller side.
    wanted = fixture.expected.get(player_id, LEFT if len(free[LEFT]) >= len(free[RIGHT]) else RIGHT)
    return next(iter(free[wanted] or free[1 - wanted]), None)


def scores_of(fixture: Fixture, game: Game) -> dict[str, int]:
    """Return the goals of each side, by its name."""
    return dict(zip(fixture.sides, game.score, strict=True))


def result_of(fixture: Fixture, game: Game, seats: Mapping[str, int]) -> tuple[PlayerLine, ...]:
    """Return a line for everybody who had a seat, in the order in which they came."""
    return tuple(
        PlayerLine(
            player_id=player_id,
            side=fixture.sides[side],
            goals=game.goals_of(index),
            won=game.score[side] > game.score[1 - side],
        )
        for player_id, index in seats.items()
        for side in (game.footballers[index].side,)
    )
