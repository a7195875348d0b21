"""Statements of compound rules, such as `or(Fast, and(Even, not(Blocked)))`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from muster_flexmatch.errors import StatementInvalid

Operator = Literal["and", "or", "not", "xor"]

_CALL = re.compile(r"\s*(and|or|not|xor)\s*\(")
_NAME = re.compile(r"\s*([^(),\s][^(),]*)")  # with the spaces behind it, or it would take quadratic time
MAX_DEPTH: Final = 32
"""Statements inside statements; a bound against hostile input, far above any sensible rule."""


@dataclass(frozen=True, slots=True)
class Combination:
    """An operator over two or more operands; `not` has one."""

    operator: Operator
    operands: tuple["Statement", ...]


Statement = str | Combination
"""The name of a rule, or an operator over statements."""


def parse(text: str, *, pairs_only: bool = False) -> Statement:
    """Parse a statement.

    Args:
        text: such as `or(Fast, not(Blocked))`.
        pairs_only: whether `and`, `or` and `xor` take exactly two operands, as AWS's text says.

    Raises:
        StatementInvalid: it does not parse, or an operator has too few or too many operands.
    """
    statement, end = _parse(text, 0, 0)
    if text[end:].strip():
        raise StatementInvalid(f"unexpected {text[end:].strip()!r} after the statement")
    if isinstance(statement, str):
        raise StatementInvalid("must begin with and, or, not or xor")
    if pairs_only:
        _check_pairs(statement)
    return statement


def _parse(text: str, at: int, depth: int) -> tuple[Statement, int]:
    if depth > MAX_DEPTH:
        raise StatementInvalid(f"more than {MAX_DEPTH} statements inside each other")
    called = _CALL.match(text, at)
    if called is None:
        name = _NAME.match(text, at)
        if name is None:
            raise StatementInvalid(f"expected a rule name or an operator at {text[at:].strip()!r}")
        return name[1].rstrip(), name.end()
    operands: list[Statement] = []
    at = called.end()
    while True:
        operand, at = _parse(text, at, depth + 1)
        operands.append(operand)
        mark = text[at : at + 1]
        at += 1
        if mark == ")":
            break
        if mark != ",":
            raise StatementInvalid(f"the parenthesis of {called[1]} is not closed")
    end = at + len(text[at:]) - len(text[at:].lstrip())
    return _combine(called[1], tuple(operands)), end


def _combine(operator: str, operands: tuple[Statement, ...]) -> Combination:
    match operator:
        case "not" if len(operands) == 1:
            return Combination("not", operands)
        case "not":
            raise StatementInvalid(f"not takes one operand, got {len(operands)}")
        case "and" | "or" | "xor" if len(operands) >= 2:
            return Combination(operator, operands)
        case _:
            raise StatementInvalid(f"{operator} takes two operands or more, got {len(operands)}")


def _check_pairs(statement: Statement) -> None:
    if isinstance(statement, str):
        return
    if statement.operator != "not" and len(statement.operands) != 2:
        raise StatementInvalid(f"{statement.operator} takes exactly two operands, got {len(statement.operands)}")
    for operand in statement.operands:
        _check_pairs(operand)


def names(statement: Statement) -> Iterator[str]:
    """Yield every rule that a statement mentions, in the order written."""
    if isinstance(statement, str):
        yield statement
    else:
        for operand in statement.operands:
            yield from names(operand)


def holds(statement: Statement, verdict: Callable[[str], bool]) -> bool:
    """Evaluate a statement; *verdict* tells whether a rule holds. `xor` is exactly one."""
    if isinstance(statement, str):
        return verdict(statement)
    results = [holds(operand, verdict) for operand in statement.operands]
    match statement.operator:
        case "and":
            return all(results)
        case "or":
            return any(results)
        case "not":
            return not results[0]
        case "xor":
            return sum(results) == 1
