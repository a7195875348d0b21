"""The text of property expressions.

    expression := function "(" expression ")" | path | number
    path       := ("teams" | "team") "[" names "]" ".players" [ "[playerId]" | ".attributes[" name "]" ]
    names      := "*" | name { "," name }

Spaces are allowed around names and before parentheses. Source: FlexMatch guide, property expressions.
"""

import re
from typing import Final

from muster_flexmatch.errors import ExpressionInvalid
from muster_flexmatch.expressions import FUNCTIONS, Call, Expression, Number, Players

MAX_DEPTH: Final = 32
"""Functions inside functions; a bound against hostile input, far above any sensible rule."""

_FUNCTION = re.compile(rf"\s*({'|'.join(FUNCTIONS)})\s*\(")
_PATH = re.compile(
    r"\s*teams?\s*\[(?P<teams>[^\[\]]*)\]\s*"
    r"(?P<players>\.\s*players\s*(?:\[\s*playerId\s*\]|\.\s*attributes\s*\[(?P<attribute>[^\[\]]*)\])?\s*)?"
)
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")
_EXPRESSION_START = re.compile(rf"\s*(?:(?:{'|'.join(FUNCTIONS)})\s*\(|teams?\s*\[)")


def looks_like_expression(text: str) -> bool:
    """Tell an expression from a literal string: it begins with a known function or with `teams[`."""
    return _EXPRESSION_START.match(text) is not None


def parse(text: str) -> Expression:
    """Parse a property expression.

    Raises:
        ExpressionInvalid: it does not follow the grammar; the message says where.
    """
    expression, end = _parse(text, 0, 0)
    if text[end:].strip():
        raise ExpressionInvalid(f"unexpected {text[end:].strip()!r} after the expression")
    return expression


def _parse(text: str, at: int, depth: int) -> tuple[Expression, int]:
    if depth > MAX_DEPTH:
        raise ExpressionInvalid(f"more than {MAX_DEPTH} functions inside each other")
    if called := _FUNCTION.match(text, at):
        argument, end = _parse(text, called.end(), depth + 1)
        if not text[end:].lstrip().startswith(")"):
            raise ExpressionInvalid(f"the parenthesis of {called[1]} is not closed")
        return Call(called[1], argument), text.index(")", end) + 1
    if path := _PATH.match(text, at):
        return _path(path), path.end()
    if number := _NUMBER.match(text, at):
        return Number(float(number[1])), number.end()
    raise ExpressionInvalid(
        f"expected a function ({', '.join(FUNCTIONS)}), teams[...] or a number at {text[at:].strip()!r}"
    )


def _path(path: re.Match[str]) -> Players:
    if path["players"] is None:
        raise ExpressionInvalid(f"{path[0].strip()!r} names teams but nothing of their players")
    names = tuple(name.strip() for name in path["teams"].split(","))
    if not all(names):
        raise ExpressionInvalid(f"an empty team name in {path[0].strip()!r}")
    if "*" in names and len(names) > 1:
        raise ExpressionInvalid(f"* stands alone in {path[0].strip()!r}")
    attribute = path["attribute"].strip() if path["attribute"] is not None else None
    if attribute == "":
        raise ExpressionInvalid(f"an empty attribute name in {path[0].strip()!r}")
    return Players(None if names == ("*",) else names, attribute)
