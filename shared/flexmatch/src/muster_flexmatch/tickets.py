"""Tickets out of JSON documents: recorded ones, in AWS's spelling or in this library's.

A document is a list of tickets, or an object that holds one under `tickets`, `TicketList` or `tickets` of an event:

    {"ticket_id": "t-1", "started_at_s": 12.5, "players": [
        {"player_id": "ada", "attributes": {"skill": 12}, "latencies": {"eu-west-1": 20}}]}
    {"TicketId": "t-1", "StartTime": 1700000000.5, "Players": [
        {"PlayerId": "ada", "PlayerAttributes": {"skill": {"N": 12}}, "LatencyInMs": {"eu-west-1": 20}}]}
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from muster_flexmatch.attributes import as_attribute, type_of
from muster_flexmatch.rules import RuleSet
from muster_flexmatch.values import Attribute, Player, Ticket

_LISTS: Final = ("tickets", "TicketList", "Tickets")
_WIRE: Final = {"S", "N", "SL", "SDM"}


class TicketsInvalid(ValueError):
    """A document of tickets cannot be used; the message names the ticket and the field."""


def tickets_of(document: object) -> tuple[Ticket, ...]:
    """Return the tickets of a document, in its order.

    Times are seconds on whatever clock the document uses; texts are read as ISO 8601.

    Raises:
        TicketsInvalid: it is no list of tickets, or a ticket lacks something.
    """
    if isinstance(document, Mapping):
        document = next((document[name] for name in _LISTS if name in document), None)
    if not isinstance(document, Sequence) or isinstance(document, str):
        raise TicketsInvalid("must be a list of tickets, or an object with one under tickets")
    found = tuple(_ticket(f"tickets[{place}]", each) for place, each in enumerate(document))
    names = [ticket.ticket_id for ticket in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TicketsInvalid(f"ticket {twice!r} is there twice")
    return found


def checked(rules: RuleSet, tickets: Sequence[Ticket]) -> tuple[Ticket, ...]:
    """Return tickets as a rule set takes them, with the defaults of attributes filled in.

    Raises:
        AttributeInvalid: a player lacks an attribute, or has one of the wrong type.
    """
    return tuple(
        Ticket(
            ticket.ticket_id,
            tuple(
                Player(each.player_id, rules.check_player(each.attributes), each.latencies, each.team)
                for each in ticket.players
            ),
            ticket.started_at_s,
        )
        for ticket in tickets
    )


def document_of(tickets: Sequence[Ticket]) -> dict[str, Any]:
    """Return tickets as a document that `tickets_of` reads."""
    return {
        "tickets": [
            {
                "ticket_id": ticket.ticket_id,
                "started_at_s": ticket.started_at_s,
                "players": [
                    {
                        "player_id": player.player_id,
                        "attributes": {name: _plain(value) for name, value in player.attributes.items()},
                        "latencies": dict(player.latencies),
                        **({"team": player.team} if player.team is not None else {}),
                    }
                    for player in ticket.players
                ],
            }
            for ticket in tickets
        ]
    }


def _plain(value: Attribute) -> object:
    match value:
        case tuple():
            return list(value)
        case Mapping():
            return dict(value)
        case _:
            return value


def _get(where: str, fields: object, *names: str, default: object = None) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(fields, Mapping):
        raise TicketsInvalid(f"{where}: must be an object")
    return next((fields[name] for name in names if name in fields), default)


def _ticket(where: str, fields: object) -> Ticket:
    name = _get(where, fields, "ticket_id", "ticketId", "TicketId")
    if not isinstance(name, str) or not name:
        raise TicketsInvalid(f"{where}.ticket_id: must be a text that is not empty")
    players = _get(where, fields, "players", "Players")
    if not isinstance(players, Sequence) or isinstance(players, str) or not players:
        raise TicketsInvalid(f"{where}.players: must be a list of one player or more")
    start = _get(where, fields, "started_at_s", "at_s", "startTime", "StartTime", default=0.0)
    return Ticket(
        name,
        tuple(_player(f"{where}.players[{place}]", each) for place, each in enumerate(players)),
        _seconds(f"{where}.started_at_s", start),
    )


def _seconds(where: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime):  # YAML reads times by itself
        return value.timestamp()
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except ValueError:
        raise TicketsInvalid(f"{where}: must be seconds or an ISO 8601 time, got {value!r}") from None


def _player(where: str, fields: object) -> Player:
    name = _get(where, fields, "player_id", "playerId", "PlayerId")
    if not isinstance(name, str) or not name:
        raise TicketsInvalid(f"{where}.player_id: must be a text that is not empty")
    attributes = _get(where, fields, "attributes", "PlayerAttributes", default={})
    latencies = _get(where, fields, "latencies", "LatencyInMs", default={})
    if not isinstance(attributes, Mapping) or not isinstance(latencies, Mapping):
        raise TicketsInvalid(f"{where}: attributes and latencies must be objects")
    for region, value in latencies.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TicketsInvalid(f"{where}.latencies[{region}]: must be milliseconds, got {value!r}")
    team = _get(where, fields, "team", "Team")
    return Player(
        name,
        {str(key): _attribute(f"{where}.attributes[{key}]", value) for key, value in attributes.items()},
        {str(region): int(value) for region, value in latencies.items()},
        team if isinstance(team, str) else None,
    )


def _attribute(where: str, value: object) -> Attribute:
    if isinstance(value, Mapping) and len(value) == 1 and set(value) <= _WIRE:
        value = next(iter(value.values()))
    if type_of(value) is None:
        raise TicketsInvalid(f"{where}: must be a number, a text, a list of texts or a map of numbers")
    return as_attribute(value)
