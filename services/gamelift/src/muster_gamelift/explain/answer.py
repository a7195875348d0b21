"""What the parts of an explanation have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Said:
    """An explanation without the facts that every ticket has.

    Attributes:
        verdict: one word for programs.
        headline: a few words for people.
        story: in plain words; each part with a few words on what it is about.
        facts: JSON-compatible values by key.
    """

    verdict: str
    headline: str
    story: Sequence[tuple[str, str]]
    facts: Mapping[str, Any] = field(default_factory=dict)


def number(value: float) -> str:
    """Return a number as people write it."""
    return f"{round(value, 2):,.10g}"


def several(count: float, one: str) -> str:
    """Return a count with its noun, as in `1 player`, `3 players`."""
    return f"{number(count)} {one}{'' if count == 1 else 's'}"


def listed(names: Sequence[str], most: int = 5) -> str:
    """Return names as in `a, b and c`, the first *most* of them and how many more there are."""
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
