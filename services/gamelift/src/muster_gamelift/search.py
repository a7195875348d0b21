"""Filter and sort expressions of SearchGameSessions.

    filter  := comparison { " AND " comparison }
    compare := operand ( "=" | "<>" | "<" | ">" | "<=" | ">=" ) value
    sort    := operand ( "ASC" | "DESC" )

Source: SearchGameSessions reference.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence

from muster_gamelift.errors import InvalidRequest
from muster_gamelift.state.sessions import GameSession

Operand = Callable[[GameSession, int], str | float | bool | None]
"""Reads one fact of a session, given its taken seats; None where it has none, which passes no comparison."""
Filter = Callable[[GameSession, int], bool]
Sorter = Callable[[Sequence[GameSession], Mapping[str, int]], list[GameSession]]

COMPARATORS: Mapping[str, Callable[[str | float | bool, str | float | bool], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
OPERANDS: Mapping[str, Operand] = {
    "gameSessionId": lambda session, _taken: session.arn,
    "gameSessionName": lambda session, _taken: session.plan.name,
    "maximumSessions": lambda session, _taken: float(session.plan.max_players),
    "creationTimeMillis": lambda session, _taken: session.created_at_s * 1000,
    "playerSessionCount": lambda _session, taken: float(taken),
    "hasAvailablePlayerSessions": lambda session, taken: session.accepts_players and taken < session.plan.max_players,
}
PROPERTY = "gameSessionProperties."

_COMPARISON = re.compile(r"\s*([A-Za-z]+(?:\.[^\s=<>]+)?)\s*(<=|>=|<>|=|<|>)\s*('[^']*'|[^\s']+)\s*")
_AND = re.compile(r"AND\b", re.IGNORECASE)


def parse_filter(text: str) -> Filter:
    """Return the filter that *text* says; the empty text lets everything pass.

    Raises:
        InvalidRequest: the text does not follow the grammar.
    """
    comparisons: list[Filter] = []
    place = 0
    while text.strip():
        found = _COMPARISON.match(text, place)
        if found is None:
            raise InvalidRequest(f"FilterExpression is invalid at character {place + 1}.")
        comparisons.append(_comparison(*found.groups()))
        place = found.end()
        if place == len(text):
            break
        joined = _AND.match(text, place)
        if joined is None:
            raise InvalidRequest(f"FilterExpression is invalid at character {place + 1}.")
        place = joined.end()
    return lambda session, taken: all(passes(session, taken) for passes in comparisons)


def parse_sort(text: str) -> Sorter:
    """Return the order that *text* says; the empty text keeps the order of creation.

    Raises:
        InvalidRequest: the text does not follow the grammar.
    """
    if not text.strip():
        return lambda rows, _taken: list(rows)
    words = text.split()
    if len(words) != 2 or words[1] not in {"ASC", "DESC"}:
        raise InvalidRequest("SortExpression must be an operand followed by ASC or DESC.")
    operand, descending = _operand(words[0]), words[1] == "DESC"

    def in_order(rows: Sequence[GameSession], taken: Mapping[str, int]) -> list[GameSession]:
        known = [row for row in rows if operand(row, taken[row.arn]) is not None]
        unknown = [row for row in rows if operand(row, taken[row.arn]) is None]
        known.sort(key=lambda row: _sortable(operand(row, taken[row.arn])), reverse=descending)
        return [*known, *unknown]

    return in_order


def _comparison(name: str, comparator: str, literal: str) -> Filter:
    operand, compare = _operand(name), COMPARATORS[comparator]

    def passes(session: GameSession, taken: int) -> bool:
        fact = operand(session, taken)
        return fact is not None and compare(*_alike(fact, literal))

    return passes


def _operand(name: str) -> Operand:
    if name.startswith(PROPERTY):
        key = name.removeprefix(PROPERTY)
        return lambda session, _taken: dict(session.plan.properties).get(key)
    if name not in OPERANDS:
        raise InvalidRequest(f"{name} is not an operand of game session searches.")
    return OPERANDS[name]


def _alike(fact: str | float | bool, literal: str) -> tuple[str | float | bool, str | float | bool]:  # noqa: FBT001 - a fact is data
    """Return fact and literal as values of one type: a quoted literal is text, `true` and `false` are booleans."""
    text = literal.strip("'")
    if isinstance(fact, bool):
        return fact, text.lower() == "true"
    try:
        # Unquoted numbers compare by value, also against properties, which are always text.
        return (float(fact), float(text)) if literal == text else (str(fact), text)
    except ValueError:
        return str(fact), text


def _sortable(fact: str | float | bool | None) -> tuple[float, str]:  # noqa: FBT001 - a fact is data
    return (0.0, fact) if isinstance(fact, str) else (float(fact or 0), "")
