"""JSON as people write rule sets: with comments, and with a comma too many."""

import json
from typing import Any

from muster_flexmatch.errors import RuleSetInvalid

MAX_LENGTH = 65_535
"""Characters of a rule set body. Source: GameLift API, CreateMatchmakingRuleSet."""


def load(body: str, *, comments: bool = True) -> dict[str, Any]:
    """Return the object that *body* holds.

    Args:
        body: the text.
        comments: whether comments and trailing commas are allowed.

    `//` and `/* */` comments and trailing commas are allowed outside of strings: AWS's text forbids comments, its
    deployed samples have them. Of duplicate keys the last one counts.

    Raises:
        RuleSetInvalid: too long or empty, not JSON after that, or no object.
    """
    if not 1 <= len(body) <= MAX_LENGTH:
        raise RuleSetInvalid((f"body: must have 1 to {MAX_LENGTH:,} characters, has {len(body):,}",))
    plain = _plain(body) if comments else body
    try:
        document: object = json.loads(plain, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        problem = f"body: not JSON (line {error.lineno}, column {error.colno}): {error.msg}"
        raise RuleSetInvalid((problem,)) from error
    except RecursionError:
        raise RuleSetInvalid(("body: nested too deeply",)) from None
    except ValueError as error:
        raise RuleSetInvalid((f"body: not JSON: {error}",)) from error
    if not isinstance(document, dict):
        raise RuleSetInvalid(("body: must be a JSON object",))
    return document


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not a number")


def _plain(body: str) -> str:
    """Blank out comments and trailing commas; every other character keeps its place, so that errors point right."""
    out = list(body)
    comma: int | None = None
    at = 0
    while at < len(body):
        end = at + 1
        match body[at]:
            case '"':
                end = _end_of_string(body, at)
                comma = None
            case "/" if body[at : at + 2] in {"//", "/*"}:
                end = _end_of_comment(body, at)
                out[at:end] = [char if char in "\r\n" else " " for char in body[at:end]]
            case ",":
                comma = at
            case "]" | "}":
                if comma is not None:
                    out[comma] = " "
                comma = None
            case char if not char.isspace():
                comma = None
        at = end
    return "".join(out)


def _end_of_string(body: str, start: int) -> int:
    at = start + 1
    while at < len(body) and body[at] != '"':
        at += 2 if body[at] == "\\" else 1
    return min(at + 1, len(body))


def _end_of_comment(body: str, start: int) -> int:
    if body[start + 1] == "/":
        found = body.find("\n", start)
        return len(body) if found < 0 else found
    found = body.find("*/", start + 2)
    if found < 0:
        raise RuleSetInvalid((f"body: the comment at character {start + 1} is never closed",))
    return found + 2
