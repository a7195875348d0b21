"""The parts of the report."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

from muster_flexmatch.report.scale import Unit, seconds, shown
from muster_flexmatch.report.style import COLORS
from muster_flexmatch.report.svg import Axis, Bar, Line, bars, curves
from muster_flexmatch.simulate.result import Group, Moment, Result, Spread


def _each(results: Sequence[Result]) -> Iterator[tuple[int, Result]]:
    for place, result in enumerate(results):
        yield place % COLORS, result


def _figure(title: str, note: str, drawing: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption><p>{escape(note)}</p>{drawing}</figure>"


def _section(title: str, lead: str, figures: Sequence[str]) -> str:
    if not figures:
        return ""
    return f'<h2>{escape(title)}</h2><p class="lead">{escape(lead)}</p><div class="charts">{"".join(figures)}</div>'


def _shares(values: Spread, of: float = 1.0) -> list[tuple[float, float]]:
    """Return the points of a curve: this share has at most so much."""
    last = max(1, len(values.curve) - 1)
    return [(value, place / last * of) for place, value in enumerate(values.curve)]


def waits(results: Sequence[Result]) -> str:
    """Draw how long people wait."""
    found = [(color, each) for color, each in _each(results) if each.wait.count]
    lines = [
        Line(each.rule_set or "matched", color, [(0.0, 0.0), *_shares(each.wait, each.matched_share)])
        for color, each in found
    ]
    high = max((each.wait.p99 for _, each in found), default=1.0)
    together = curves(
        "Share of tickets matched by wait", lines, Axis("waited at most", "seconds", high), Axis("", "share", 1.0)
    )
    table = "".join(
        f'<tr><td><i class="dot bg{color}"></i>{escape(each.rule_set or "rule set")}</td>'
        + "".join(
            f"<td>{seconds(value)}</td>"
            for value in (
                each.wait.mean,
                each.wait.p50,
                each.wait.p75,
                each.wait.p90,
                each.wait.p95,
                each.wait.p99,
                each.wait.most,
            )
        )
        + "</tr>"
        for color, each in _each(results)
        for w in (each.wait,)
    )
    heads = "".join(f"<th>{name}</th>" for name in ("mean", "p50", "p75", "p90", "p95", "p99", "longest"))
    grid = f'<div class="scroll"><table><tr><th>wait</th>{heads}</tr>{table}</table></div>'
    note = "Of all tickets, the matched ones by their wait. Where a curve ends is the share that is matched at all."
    figures = [_figure("Matched within", note, together), _then(results), _leaving(results)]
    return _section("How long people wait", "", figures) + grid


def _then(results: Sequence[Result]) -> str:
    half = [
        Line(f"{each.rule_set} p50", color, [(m.at_s, m.wait_p50) for m in _open(each)])
        for color, each in _each(results)
    ]
    most = [
        Line(f"{each.rule_set} p90", color, [(m.at_s, m.wait_p90) for m in _open(each)], "dashed")
        for color, each in _each(results)
    ]
    axis = Axis("simulated time", "seconds", results[0].seconds)
    drawing = curves("Wait over time", [*half, *most], axis, Axis("", "seconds"))
    return _figure("Wait of those matched then", "Median; dashed: nine of ten wait less.", drawing)


def _sizes(results: Sequence[Result]) -> list[str]:
    sizes = sorted({size for each in results for size in each.sizes})
    if len(sizes) < 2:
        return []
    groups = [
        (str(size), [Bar(color, each.sizes.get(size, 0), 0, _size_text(each, size)) for color, each in _each(results)])
        for size in sizes[:40]
    ]
    drawing = bars("Matches by size", groups, "players", Axis("", "number"))
    return [_figure("Match sizes", "Matches by number of players.", drawing)]


def _size_text(result: Result, size: int) -> str:
    return f"{result.rule_set}\n{result.sizes.get(size, 0):,} matches of {size}"


def _leaving(results: Sequence[Result]) -> str:
    lines = [
        Line(each.rule_set or "left", color, [(m.at_s, m.left) for m in _open(each)]) for color, each in _each(results)
    ]
    axis = Axis("simulated time", "seconds", results[0].seconds)
    drawing = curves("Tickets that left", lines, axis, Axis("", "number"), filled=len(results) == 1)
    note = f"Tickets that gave up or timed out, in stretches of {seconds(results[0].seconds / 60)}."
    return _figure("Who leaves unmatched, when", note, drawing)


def _open(result: Result) -> list[Moment]:
    return [each for each in result.moments if each.at_s < result.seconds]


def over_time(results: Sequence[Result]) -> str:
    """Draw the simulated time."""
    single = len(results) == 1
    axis = Axis("simulated time", "seconds", results[0].seconds)
    minute = 60 / (results[0].seconds / 60)

    def lines(of: Callable[[Moment], float], style: str = "solid", name: str = "") -> list[Line]:
        return [
            Line(f"{each.rule_set} {name}".strip(), color, [(m.at_s, of(m)) for m in _open(each)], style)
            for color, each in _each(results)
        ]

    arrived = Line("arrived", 5, [(m.at_s, m.arrived * minute) for m in _open(results[0])], "dashed")
    flow = curves(
        "Tickets a minute", [arrived, *lines(lambda m: m.matched * minute, name="matched")], axis, Axis("", "number")
    )
    pool = curves("Tickets that wait", lines(lambda m: m.waiting), axis, Axis("", "number"), filled=single)
    made = curves("Matches a minute", lines(lambda m: m.matches * minute), axis, Axis("", "number"), filled=single)
    return _section(
        "Over time",
        "",
        [
            _figure("Tickets a minute", "Matched; dashed: arrived.", flow),
            _figure("Tickets that wait", "In the pool.", pool),
            _figure("Matches a minute", "Made.", made),
        ],
    )


def who(results: Sequence[Result]) -> str:
    """Draw who waits."""
    figures = []
    for kind in results[0].groups:
        names = [group.name for group in results[0].groups[kind]]
        if len(names) < 2:
            continue
        groups = [(name, [_bar(color, each, kind, name) for color, each in _each(results)]) for name in names]
        label = kind if kind in {"party size", "region"} else f"{kind}, in ten equal groups (from)"
        drawing = bars(f"Wait by {kind}", groups, label, Axis("", "seconds"))
        figures.append(_figure(f"By {kind}", "Median wait; light: nine of ten wait less.", drawing))
    return _section("Who waits", "Hover over a bar for the share that is matched at all.", figures)


def _bar(color: int, result: Result, kind: str, name: str) -> Bar:
    group: Group | None = next((each for each in result.groups.get(kind, ()) if each.name == name), None)
    if group is None:
        return Bar(color, 0, 0, name)
    share = group.matched / group.tickets if group.tickets else 0.0
    text = (
        f"{result.rule_set}\n{kind} {name}\np50 {seconds(group.wait.p50)}, p90 {seconds(group.wait.p90)}\n"
        f"{group.tickets:,} tickets, {share * 100:.1f} % matched"
    )
    return Bar(color, group.wait.p50, group.wait.p90, text)


def quality(results: Sequence[Result]) -> str:
    """Draw how good the matches are."""
    figures = []
    names = list(dict.fromkeys(name for each in results for name in each.quality))
    for name in names:
        have = [(color, each) for color, each in _each(results) if name in each.quality]
        within = [(color, each.rule_set, each.quality[name].within) for color, each in have]
        between = [(color, each.rule_set, each.quality[name].between) for color, each in have]
        figures += _curve(f"{name} within a match", "The highest less the lowest in a match.", within, "number")
        figures += _curve(f"{name} between teams", "The best team average less the worst.", between, "number")
    latency = [(color, each.rule_set, each.latency) for color, each in _each(results)]
    figures += _curve("Slowest connection", "Of each match, in its best common region.", latency, "ms")
    lead = "Curves: the share of the matches that have at most so much."
    return _section("How good the matches are", lead, [*figures, *_sizes(results)])


def _curve(title: str, note: str, values: Sequence[tuple[int, str, Spread]], unit: Unit) -> list[str]:
    have = [each for each in values if each[2].count]
    if not have:
        return []
    medians = ", ".join(f"{shown(found.p50, unit)} ({name})" for _, name, found in have)
    if len(have) == 1:
        medians = shown(have[0][2].p50, unit)
    lines = [Line(name, color, _shares(found)) for color, name, found in have]
    high = max(found.p99 for _, _, found in have)
    drawing = curves(title, lines, Axis(title, unit, high), Axis("", "share", 1.0))
    return [_figure(title, f"{note} Median: {medians}.", drawing)]


def rules(results: Sequence[Result]) -> str:
    """Show what the rules let through."""
    rows = []
    for color, each in _each(results):
        for rule in each.rules:
            asked = rule.passed + rule.failed
            meter = f'<span class="meter"><i class="bg{color}" style="width:{rule.share * 100:.1f}%"></i></span>'
            rows.append(
                f'<tr><td><i class="dot bg{color}"></i><code>{escape(rule.name)}</code></td>'
                f"<td>{meter}</td><td>{rule.share * 100:.1f} %</td><td>{rule.passed:,}</td><td>{rule.failed:,}</td>"
                f"<td>{asked:,}</td></tr>"
            )
    if not rows:
        return ""
    head = "<tr><th>rule</th><th></th><th>share</th><th>passed</th><th>failed</th><th>evaluated</th></tr>"
    lead = "Evaluations on the way to matches. A rule that hardly ever passes is the one that people wait for."
    return (
        f'<h2>What the rules let through</h2><p class="lead">{lead}</p>'
        f'<div class="scroll"><table>{head}{"".join(rows)}</table></div>'
    )


def leavers(results: Sequence[Result]) -> str:
    """Show what stopped those who left."""
    rows = []
    for color, each in _each(results):
        total = sum(why.tickets for why in each.why)
        rows += [
            f'<tr><td><i class="dot bg{color}"></i><code>{escape(why.element)}</code></td>'
            f'<td>{why.tickets} of {total}</td><td class="text">{escape(why.example)}</td></tr>'
            for why in each.why
        ]
    if not rows:
        return ""
    return (
        '<h2>What stopped those who left</h2><p class="lead">A sample of the tickets that gave up or timed out, each '
        "explained at that moment: the change to the rule set that would have let it play.</p>"
        f'<div class="scroll"><table><tr><th>element</th><th>tickets</th><th style="text-align:left">for example</th>'
        f"</tr>{''.join(rows)}</table></div>"
    )
