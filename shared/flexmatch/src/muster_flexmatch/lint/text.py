"""The text of a rule set: what a reader forgives and AWS may not."""

from collections.abc import Iterator
from typing import Final

from muster_flexmatch import layout
from muster_flexmatch.layout import Container
from muster_flexmatch.lint.finding import Finding, advice, warning
from muster_flexmatch.rules import RuleSet

CODES: Final = ("unknown-key", "duplicate-key", "quoted-number", "trailing-comma")
_NUMBERS: Final = {
    "minPlayers", "maxPlayers", "quantity", "minDistance", "maxDistance", "maxLatency", "minCount", "maxCount",
    "waitTimeSeconds",
}  # fmt: skip


def findings(rules: RuleSet, body: str) -> Iterator[Finding]:
    """Yield what the reader noted, and what only the text shows."""
    for each in rules.warnings:
        element, _, problem = each.partition(": ")
        yield warning("unknown-key", element, problem, "correct the spelling, or leave it out")
    if body:
        yield from _of_text(body)


def _of_text(body: str) -> Iterator[Finding]:
    waiting: list[Container] = [layout.read(body).root]
    while waiting:
        node = waiting.pop()
        keys = [entry.key for entry in node.entries if entry.key]
        for key in dict.fromkeys(keys):
            if keys.count(key) > 1:
                said = "stands twice in one object; the last one counts"
                yield warning("duplicate-key", key.strip('"'), said, "drop one of them")
        for entry in node.entries:
            if isinstance(entry.value, Container):
                waiting.append(entry.value)
            elif entry.key.strip('"') in _NUMBERS and entry.value.startswith('"'):
                said = f"the number {entry.value} is in quotes, which AWS's pages show and its reference does not"
                yield advice(
                    "quoted-number", f"{entry.key.strip(chr(34))} (line {entry.line})", said, "drop the quotes"
                )
        if node.loose_comma:
            said = "a comma stands before a closing bracket; whether AWS accepts it is not known"
            yield advice("trailing-comma", f"line {node.loose_comma}", said, "run flexmatch format")
