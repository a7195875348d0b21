"""An explanation in a few sentences."""

from muster_flexmatch.explain.answer import Cause, Change, Explanation
from muster_flexmatch.explain.measures import number


def summary(said: Explanation) -> str:
    """Return the explanation as a paragraph for people."""
    opening = f"{said.ticket_id} has waited {number(said.age_s)} s."
    parts = [opening, _status(said)]
    if said.cause is not None:
        parts.append(_cause(said.cause))
        parts += [f"And so must: {_cause(each)}" for each in said.together]
        if said.alternatives:
            parts.append(f"Enough instead: {'; '.join(each.element for each in said.alternatives)}.")
    if said.partial is not None and said.status in {"waiting", "never"}:
        stand = ", ".join(f"{each.team} {each.players} of {each.min_players}" for each in said.partial.seats[:6])
        players = len(said.partial.teams)
        parts.append(f"Best so far: {players} player{'' if players == 1 else 's'} ({stand}).")
    if said.pairs.others:
        parts.append(_pairs(said))
    if said.change is not None:
        parts.append(_change(said.change))
    elif said.status in {"waiting", "never"}:
        parts.append("No expansion will change that.")
    return " ".join(parts)


def _status(said: Explanation) -> str:
    match said.status:
        case "matchable":
            return f"The next look at the pool matches it with {', '.join(said.partners) or 'nobody else'}."
        case "outranked":
            return f"It could play now with {', '.join(said.partners)}, but older tickets take its partners first."
        case "never":
            return "It can never be matched as it is."
        case "waiting":
            return "No match with it is possible now."


def _cause(cause: Cause) -> str:
    text = f"{cause.element} stops it: {cause.text}"
    if cause.against:
        more = f" and {len(cause.against) - 5} more" if len(cause.against) > 5 else ""
        text += f" (against {', '.join(cause.against[:5])}{more})"
    if cause.needed is not None and cause.kind in {"rule", "region"} and cause.needed != cause.limit:
        text += f"; {number(cause.needed)} would have been enough"
    return f"{text}."


def _pairs(said: Explanation) -> str:
    pairs = said.pairs
    apart = "; ".join(f"{element} keeps {count} apart" for element, count in list(pairs.conflicts.items())[:4])
    return f"One by one {pairs.compatible} of {pairs.others} others are compatible{f'; {apart}' if apart else ''}."


def _change(change: Change) -> str:
    became = f"{change.target} goes from {_value(change.before)} to {_value(change.after)}"
    enough = "which is enough with this pool" if change.enough else "which is not enough with this pool"
    return f"In {number(change.in_s)} s, when {change.ticket_id} is old enough, {became}, {enough}."


def _value(value: float | str | None) -> str:
    return "none" if value is None else number(value) if isinstance(value, int | float) else value
