"""The players of a request: who they are, what rules measure of them, and where those of a running game sit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from muster_flexmatch import AttributeInvalid, Player, RuleSet
from muster_gamelift.errors import InvalidRequest

PLAYERS_OF_A_TICKET = 10
PLAYERS_OF_A_BACKFILL = 199
ATTRIBUTES_OF_A_PLAYER = 10
"""Source: GameLift quotas."""

Given = Sequence[Mapping[str, Any]]
"""A list of Player structures that satisfies the service model."""


def newcomers(rules: RuleSet, given: Given) -> tuple[Player, ...]:
    """Return players who look for a game.

    Raises:
        InvalidRequest: too few or too many players, one twice, one who names a team, or attributes that the rule set
            refuses.
    """
    for one in given:
        if "Team" in one:
            raise InvalidRequest(f"Player {one.get('PlayerId')} names a team; only backfill requests may.")
    return _players(rules, given, PLAYERS_OF_A_TICKET)


def seated(rules: RuleSet, given: Given) -> tuple[Player, ...]:
    """Return the players of a running game, each on a team.

    Raises:
        InvalidRequest: too few or too many players, one twice, one without a team of the rule set, a team fuller than
            it can ever be, or attributes the rule set refuses.
    """
    teams = [str(one.get("Team", "")) for one in given]
    for one, team in zip(given, teams, strict=True):
        if not team:
            raise InvalidRequest(f"Player {one.get('PlayerId')} of a backfill request needs a Team.")
    players = _players(rules, given, PLAYERS_OF_A_BACKFILL)
    most = _most(rules)
    for name, count in Counter(teams).items():
        if name not in most:
            raise InvalidRequest(f"The rule set has no team {name}; its teams are {', '.join(most)}.")
        if count > most[name]:
            raise InvalidRequest(f"Team {name} has at most {most[name]} players, not {count}.")
    return tuple(replace(player, team=team) for player, team in zip(players, teams, strict=True))


def _most(rules: RuleSet) -> Mapping[str, int]:
    """Return how many players each team can have, with the most generous expansion."""
    most: Counter[str] = Counter()
    for teams in (rules.teams, *(rules.at_age(age_s).teams for age_s in rules.thresholds)):
        most |= Counter({team.name: team.max_players for team in teams})
    return most


def _players(rules: RuleSet, given: Given, limit: int) -> tuple[Player, ...]:
    if not 1 <= len(given) <= limit:
        raise InvalidRequest(f"A request has 1 to {limit} players, not {len(given)}.")
    players = tuple(_player(rules, one) for one in given)
    if len({player.player_id for player in players}) < len(players):
        raise InvalidRequest("A player can be in a matchmaking ticket only once.")
    return players


def _player(rules: RuleSet, given: Mapping[str, Any]) -> Player:
    player_id = given.get("PlayerId")
    if not player_id:
        raise InvalidRequest("Every player needs a PlayerId.")
    attributes = given.get("PlayerAttributes", {})
    if len(attributes) > ATTRIBUTES_OF_A_PLAYER:
        raise InvalidRequest(f"Player {player_id} has more than {ATTRIBUTES_OF_A_PLAYER} attributes.")
    plain = {name: _attribute(player_id, name, value) for name, value in attributes.items()}
    try:
        complete = rules.check_player(plain)
    except AttributeInvalid as error:
        raise InvalidRequest(f"Invalid player {player_id}: {error}") from error
    return Player(player_id=player_id, attributes=complete, latencies=given.get("LatencyInMs", {}))


def _attribute(
    player_id: str, name: str, value: Mapping[str, Any]
) -> float | str | tuple[str, ...] | Mapping[str, float]:
    if len(value) != 1:
        raise InvalidRequest(f"Attribute {name} of player {player_id} must have exactly one of S, N, SL, SDM.")
    ((kind, plain),) = value.items()
    match kind:
        case "SL":
            return tuple(plain)
        case "N":
            return float(plain)
        case "SDM":
            return dict(plain)
        case _:
            return str(plain)
