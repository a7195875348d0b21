"""The report: one HTML page that needs nothing but itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from muster_flexmatch.report import sections
from muster_flexmatch.report.scale import Unit, seconds, shown
from muster_flexmatch.report.style import COLORS, STYLE
from muster_flexmatch.simulate.result import Result


@dataclass(frozen=True, slots=True)
class _Column:
    """One number of the summary.

    Attributes:
        name: heading.
        of: the number.
        unit: how it is written.
        best: which of several is marked: `high`, `low`, or neither.
    """

    name: str
    of: Callable[[Result], float]
    unit: Unit
    best: str = ""


def report(results: Sequence[Result], *, command: str = "") -> str:
    """Return the page for one simulation, or for several rule sets side by side.

    Args:
        results: one for each rule set, of the same population and seed.
        command: what was run, for the footer.
    """
    first = results[0]
    title = first.rule_set or "Rule set" if len(results) == 1 else f"{len(results)} rule sets compared"
    body = [
        f"<h1>{escape(title)}</h1>",
        _lead(first),
        _key(results) if len(results) > 1 else "",
        _facts(first) if len(results) == 1 else _summary(results),
        sections.waits(results),
        sections.over_time(results),
        sections.who(results),
        sections.quality(results),
        sections.rules(results),
        sections.leavers(results),
        _footer(command),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)} - FlexMatch simulation</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def _lead(result: Result) -> str:
    return (
        f'<p class="soft">Simulated with the population <b>{escape(result.population or "recorded tickets")}</b>: '
        f"{result.tickets:,} tickets of {result.players:,} players over {escape(seconds(result.seconds))}, "
        f"seed {result.seed}.</p>"
    )


def _key(results: Sequence[Result]) -> str:
    entries = "".join(
        f'<li><i class="bg{place % COLORS}"></i>{escape(each.rule_set)}</li>' for place, each in enumerate(results)
    )
    return f'<ul class="key">{entries}</ul>'


def _facts(result: Result) -> str:
    return (
        '<div class="facts">'
        + "".join(
            f'<div class="fact"><b>{escape(shown(column.of(result), column.unit))}</b>'
            f"<span>{escape(column.name)}</span></div>"
            for column in _columns(result)
        )
        + "</div>"
    )


def _columns(result: Result) -> list[_Column]:
    columns = [
        _Column("of the tickets matched", lambda each: each.matched_share, "share", "high"),
        _Column("median wait", lambda each: each.wait.p50, "seconds", "low"),
        _Column("p90 wait", lambda each: each.wait.p90, "seconds", "low"),
        _Column("p99 wait", lambda each: each.wait.p99, "seconds", "low"),
        _Column("matches a minute", lambda each: each.matches_per_minute, "number", "high"),
        _Column("tickets gave up", lambda each: each.abandoned, "number", "low"),
        _Column("tickets timed out", lambda each: each.timed_out, "number", "low"),
    ]
    columns += [
        _Column(f"median {name} spread", partial(_spread_of, name), "number", "low")
        for name in list(result.quality)[:2]
    ]
    if result.latency.count:
        columns.append(_Column("median slowest connection", lambda each: each.latency.p50, "ms", "low"))
    return columns


def _spread_of(name: str, result: Result) -> float:
    return result.quality[name].within.p50


def _summary(results: Sequence[Result]) -> str:
    columns = _columns(results[0])
    columns = [each for each in columns if _all_have(each, results)]
    head = "".join(f"<th>{escape(each.name)}</th>" for each in columns)
    rows = []
    for place, result in enumerate(results):
        cells = "".join(_cell(column, result, results) for column in columns)
        rows.append(f'<tr><td><i class="dot bg{place % COLORS}"></i>{escape(result.rule_set)}</td>{cells}</tr>')
    return f'<div class="scroll"><table><tr><th>rule set</th>{head}</tr>{"".join(rows)}</table></div>'


def _all_have(column: _Column, results: Sequence[Result]) -> bool:
    try:
        return all(column.of(each) >= 0 for each in results)
    except KeyError:
        return False


def _cell(column: _Column, result: Result, results: Sequence[Result]) -> str:
    values = [column.of(each) for each in results]
    best = max(values) if column.best == "high" else min(values)
    mark = ' class="best"' if column.best and column.of(result) == best and min(values) < max(values) else ""
    return f"<td{mark}>{escape(shown(column.of(result), column.unit))}</td>"


def _footer(command: str) -> str:
    made = f" Made by <code>{escape(command)}</code>." if command else ""
    return (
        "<footer>Waits are those of matched tickets, in virtual time; the wait for a look at the pool is part of them. "
        "The slowest connection is that of a match's worst placed player in the best region for all. The same rule "
        f"set, population and seed give the same page.{made}</footer>"
    )
