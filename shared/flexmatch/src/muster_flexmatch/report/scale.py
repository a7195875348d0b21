"""Axes: round numbers, and how they are written."""

import math
from dataclasses import dataclass
from typing import Literal

Unit = Literal["number", "seconds", "share", "ms"]


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values to places on a drawing.

    Attributes:
        low: value at the start.
        high: value at the end.
        start: where the lowest value stands.
        end: where the highest stands.
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value stands; beyond the ends it stands at the end."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def ticks(high: float, unit: Unit, wanted: int = 5) -> list[float]:
    """Return round values from 0 up to at least *high*."""
    if high <= 0:
        return [0.0, 1.0]
    rough = high / wanted
    if unit == "share":
        step = next(each for each in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1.0) if each >= rough * 0.999 or each == 1)
    elif unit == "seconds" and high > 60:
        steps = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
        step = float(next((each for each in steps if each >= rough * 0.999), 86400 * math.ceil(rough / 86400)))
    else:
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(each * power for each in (1, 2, 2.5, 5, 10) if each * power >= rough * 0.999)
    return [step * place for place in range(math.ceil(high / step - 1e-9) + 1)]


def shown(value: float, unit: Unit) -> str:
    """Return a value as people write it."""
    match unit:
        case "share":
            return f"{value * 100:.3g} %"
        case "seconds":
            return seconds(value)
        case "ms":
            return f"{value:,.0f} ms"
        case "number":
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def seconds(value: float) -> str:
    """Return a duration: `8.4 s`, `2 min`, `1 h 30 min`."""
    if value < 60:
        return f"{value:.3g} s"
    minutes = value / 60
    if minutes < 60:
        whole = f"{minutes:.1f}".removesuffix(".0")
        return f"{whole} min"
    hours, rest = divmod(round(minutes), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
