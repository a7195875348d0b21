"""Drawings as inline SVG: curves and bars, in the colours of the page that they stand on."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from muster_flexmatch.report.scale import Scale, Unit, shown, ticks

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 42


@dataclass(frozen=True, slots=True)
class Line:
    """One curve.

    Attributes:
        name: for the reader.
        color: number of the colour.
        points: pairs of x and y, rising in x.
        style: how it is drawn.
    """

    name: str
    color: int
    points: Sequence[tuple[float, float]]
    style: str = "solid"


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows.

    Attributes:
        label: in words.
        unit: how its values are written.
        high: where it ends at least; None for the largest value.
    """

    label: str
    unit: Unit
    high: float | None = None


def curves(title: str, lines: Sequence[Line], x: Axis, y: Axis, *, filled: bool = False) -> str:
    """Draw curves; the last point of each is labelled when it is hovered over."""
    x_high = x.high if x.high is not None else max((p[0] for line in lines for p in line.points), default=1.0)
    y_high = y.high if y.high is not None else max((p[1] for line in lines for p in line.points), default=1.0)
    y_ticks = ticks(y_high, y.unit)
    across = Scale(0.0, x_high or 1.0, LEFT, WIDTH - RIGHT)
    up = Scale(0.0, y_ticks[-1], HEIGHT - BOTTOM, TOP)
    parts = [*_grid(y_ticks, up, y), *_below([t for t in ticks(x_high, x.unit) if t <= x_high * 1.001], across, x)]
    for line in lines:
        if not line.points:
            continue
        drawn = _clipped(line.points, x_high)
        places = " ".join(f"{across.at(a):.1f},{up.at(b):.1f}" for a, b in drawn)
        if filled:
            first, last = across.at(drawn[0][0]), across.at(drawn[-1][0])
            base = up.at(0)
            parts.append(f'<polygon class="a{line.color}" points="{first:.1f},{base} {places} {last:.1f},{base}"/>')
        parts.append(f'<polyline class="l{line.color} {line.style}" points="{places}"/>')
        parts += [
            f'<circle class="h{line.color}" cx="{across.at(a):.1f}" cy="{up.at(b):.1f}" r="4">'
            f"<title>{escape(line.name)}\n{shown(a, x.unit)}: {shown(b, y.unit)}</title></circle>"
            for a, b in drawn
        ]
    return _drawing(title, parts)


def _clipped(points: Sequence[tuple[float, float]], x_high: float) -> list[tuple[float, float]]:
    """Return the points up to the end of the axis, the last one where the curve crosses it."""
    found = [point for point in points if point[0] <= x_high]
    beyond = [point for point in points if point[0] > x_high]
    if found and beyond:
        (a, b), (c, d) = found[-1], beyond[0]
        found.append((x_high, b + (d - b) * (x_high - a) / (c - a)))
    return found or [points[0]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a full part up to `value`, and a light one from there to `more`."""

    color: int
    value: float
    more: float
    text: str


def bars(title: str, groups: Sequence[tuple[str, Sequence[Bar]]], x_label: str, y: Axis) -> str:
    """Draw groups of upright bars."""
    highest = max((max(bar.value, bar.more) for _, found in groups for bar in found), default=1.0)
    y_ticks = ticks(y.high or highest or 1.0, y.unit)
    up = Scale(0.0, y_ticks[-1], HEIGHT - BOTTOM, TOP)
    parts = _grid(y_ticks, up, y)
    room = (WIDTH - LEFT - RIGHT) / max(1, len(groups))
    for place, (name, found) in enumerate(groups):
        start = LEFT + place * room
        wide = min(40.0, room * 0.74 / max(1, len(found)))
        offset = (room - wide * len(found)) / 2
        for number, bar in enumerate(found):
            left = start + offset + number * wide
            parts.append(_upright(bar, left, wide, up))
        parts.append(
            f'<text class="tick" x="{start + room / 2:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
            f"{escape(_short(name, room))}<title>{escape(name)}</title></text>"
        )
    parts.append(_label_below(x_label))
    return _drawing(title, parts)


def _upright(bar: Bar, left: float, wide: float, up: Scale) -> str:
    base, top, high = up.at(0), up.at(bar.value), up.at(max(bar.more, bar.value))
    inner = wide - 2
    place = f'x="{left:.1f}" width="{inner:.1f}" rx="2"'
    light = f'<rect class="b{bar.color} light" {place} y="{high:.1f}" height="{base - high:.1f}"/>'
    full = f'<rect class="b{bar.color}" {place} y="{top:.1f}" height="{base - top:.1f}"/>'
    return f"<g><title>{escape(bar.text)}</title>{light}{full}</g>"


def _short(name: str, room: float) -> str:
    fits = max(3, int(room / 6.2))
    if len(name) <= fits:
        return name
    first = name.partition(" to ")[0]
    return first if len(first) <= fits else f"{first[: fits - 1]}…"


def _grid(values: Sequence[float], up: Scale, y: Axis) -> list[str]:
    parts = []
    for value in values:
        at = up.at(value)
        kind = "axis" if value == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">'
            f"{escape(shown(value, y.unit))}</text>"
        )
    return parts


def _below(values: Sequence[float], across: Scale, x: Axis) -> list[str]:
    parts = [
        f'<text class="tick" x="{across.at(value):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">'
        f"{escape(shown(value, x.unit))}</text>"
        for value in values
    ]
    return [*parts, _label_below(x.label)]


def _label_below(text: str) -> str:
    middle = (LEFT + WIDTH - RIGHT) / 2
    return f'<text class="label" x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(text)}</text>'


def _drawing(title: str, parts: Sequence[str]) -> str:
    inner = "\n".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">\n{inner}\n</svg>'
