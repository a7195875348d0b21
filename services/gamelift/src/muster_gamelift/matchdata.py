"""Matchmaker data: the JSON text that tells a game server who plays on which team.

Source: FlexMatch guide, matchmaker data; flexmatch specification 4.6.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from muster_flexmatch import Player, RuleSet
from muster_gamelift.state.matches import Match

MOST_CHARACTERS: Final = 390_000
"""Source: the service model, MatchmakerData. What AWS does with a match that needs more is unknown; here it fails."""


def matchmaker_data(rules: RuleSet, configuration_arn: str, match: Match, players: Sequence[Player]) -> str:
    """Return the JSON text for a match.

    Teams without players are left out; attributes are those of the request, with the rule set's defaults.

    Args:
        rules: gives the order of the teams.
        configuration_arn: whose match it is.
        match: gives id and teams.
        players: everyone in it.
    """
    teams = dict.fromkeys([*(team.name for team in rules.teams), *match.teams.values()])
    members: dict[str, list[dict[str, Any]]] = {name: [] for name in teams}
    for player in players:
        attributes = {name: _attribute(value) for name, value in player.attributes.items()}
        members[match.teams[player.player_id]].append({"playerId": player.player_id, "attributes": attributes})
    document = {
        "matchId": match.match_id,
        "matchmakingConfigurationArn": configuration_arn,
        "teams": [{"name": name, "players": inside} for name, inside in members.items() if inside],
        "autoBackfillMode": match.configuration.backfill_mode,
        "autoBackfillTicketId": match.automatic_ticket_id,
    }
    return json.dumps(document, separators=(",", ":"))


def _attribute(value: float | str | Sequence[str] | Mapping[str, float]) -> dict[str, Any]:
    match value:
        case str():
            return {"attributeType": "STRING", "valueAttribute": value}
        case float() | int():
            return {"attributeType": "DOUBLE", "valueAttribute": float(value)}
        case Mapping():
            amounts = {key: float(amount) for key, amount in value.items()}
            return {"attributeType": "STRING_DOUBLE_MAP", "valueAttribute": amounts}
        case _:
            return {"attributeType": "STRING_LIST", "valueAttribute": list(value)}
