"""What the page asks for: one region, one kind of thing, one of them or a part of the list."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

ROWS: Final = 50
"""Rows on one page of a list; never more are sent at once."""
LONGEST: Final = 1_024
"""Characters of any value; player ids are the longest names there are."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the page.

    Attributes:
        what: which view.
        region: whose state.
        name: the one thing to show; empty for a list.
        status: only rows in this state; empty for all.
        configuration: only tickets of this configuration; empty for all.
        text: only rows that contain it; empty for all.
        start: how many rows of the list come before the ones to show.
    """

    what: str = "overview"
    region: str = ""
    name: str = ""
    status: str = ""
    configuration: str = ""
    text: str = ""
    start: int = 0


def read(query: Mapping[str, str], default_region: str) -> Question:
    """Return the question in a URL's query; what makes no sense counts as not given."""

    def given(name: str) -> str:
        return query.get(name, "")[:LONGEST]

    start = given("start")
    return Question(
        what=given("what") or "overview",
        region=given("region") or default_region,
        name=given("name"),
        status=given("status"),
        configuration=given("configuration"),
        text=given("text").strip(),
        start=int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 0,
    )
