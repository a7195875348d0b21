"""Matchmaker data: who plays on which team, as FlexMatch tells a game session. Pure.

Source: FlexMatch guide, "matchmaker data"; names as the Server SDK 5 reads them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from muster_gameserver.errors import NotMatchmakerData
from muster_gameserver.values import Attribute, Player


@dataclass(frozen=True, slots=True)
class MatchTeam:
    """A team of a match.

    Attributes:
        name: as the rule set names it.
        players: in FlexMatch's order.
    """

    name: str
    players: tuple[Player, ...]


@dataclass(frozen=True, slots=True)
class MatchmakerData:
    """A match as FlexMatch arranged it. Players who leave stay in it; only backfill changes it.

    Attributes:
        match_id: FlexMatch's id of the match.
        configuration_arn: the matchmaking configuration; StartMatchBackfill wants it.
        teams: in FlexMatch's order.
        auto_backfill_mode: AUTOMATIC or MANUAL; None without backfill.
        auto_backfill_ticket_id: the ticket of an automatic backfill under way.
    """

    match_id: str
    configuration_arn: str
    teams: tuple[MatchTeam, ...]
    auto_backfill_mode: str | None = None
    auto_backfill_ticket_id: str | None = None

    @property
    def players(self) -> tuple[Player, ...]:
        """Everybody, team by team: what StartMatchBackfill wants, less those who have left."""
        return tuple(player for team in self.teams for player in team.players)


def parse_matchmaker_data(text: str) -> MatchmakerData:
    """Return what a game session's matchmaker data says.

    Raises:
        NotMatchmakerData: it is not the JSON document that FlexMatch writes.
    """
    try:
        document = json.loads(text)
        return MatchmakerData(
            match_id=str(document["matchId"]),
            configuration_arn=str(document.get("matchmakingConfigurationArn") or ""),
            teams=tuple(_team(team) for team in document["teams"]),
            auto_backfill_mode=_text(document.get("autoBackfillMode")),
            auto_backfill_ticket_id=_text(document.get("autoBackfillTicketId")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotMatchmakerData("not the matchmaker data of a game session") from None


def _team(team: Mapping[str, Any]) -> MatchTeam:
    name = str(team["name"])
    players = tuple(
        Player(
            player_id=str(player["playerId"]),
            team=name,
            attributes={key: _attribute(value) for key, value in (player.get("attributes") or {}).items()},
        )
        for player in team.get("players") or ()
    )
    return MatchTeam(name, players)


def _attribute(value: Mapping[str, Any]) -> Attribute:
    held = value["valueAttribute"]
    match value["attributeType"]:
        case "DOUBLE":
            return float(held)
        case "STRING":
            return str(held)
        case "STRING_LIST":
            return tuple(str(one) for one in held)
        case "STRING_DOUBLE_MAP":
            return {str(name): float(amount) for name, amount in held.items()}
    raise NotMatchmakerData("an attribute of an unknown type")


def _text(value: object) -> str | None:
    return str(value) if value else None
