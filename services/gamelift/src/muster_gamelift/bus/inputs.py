"""What a target gets instead of the event: a fixed text, a part of it, or a template filled with parts of it.

Source: EventBridge user guide, "Amazon EventBridge input transformation"; InputTransformer in the API reference.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_STEP: Final = re.compile(r"""\.([\w/-]+|\*)|\[(\d+|\*)\]|\[['"]([^'"]+)['"]\]""", re.ASCII)
_VARIABLE: Final = re.compile(r"<([\w.-]+)>", re.ASCII)
_MISSING: Final = object()


class InputInvalid(ValueError):
    """A target's input cannot be made; the message says why."""


@dataclass(frozen=True, slots=True)
class InputSpec:
    """How a target wants its input; at most one of text, path and template is set.

    Attributes:
        text: given as it is.
        path: of the part of the event to give.
        variables: name and path, in the order given.
        template: a text with `<name>` in it.
    """

    text: str | None = None
    path: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    template: str | None = None


def rendered(spec: InputSpec, event: Mapping[str, Any], reserved: Mapping[str, str]) -> str:
    """Return the body that the target gets.

    Args:
        spec: what the target asks for.
        event: the whole event.
        reserved: `aws.events.…` variables with text values.

    Raises:
        InputInvalid: a path is not of the kind that EventBridge knows.
    """
    if spec.text is not None:
        return spec.text
    if spec.path is not None:
        found = at_path(event, spec.path)
        return _json(None if found is _MISSING else found)
    if spec.template is None:
        return _json(event)
    without_detail = {name: value for name, value in event.items() if name != "detail"}
    values: dict[str, Any] = {"aws.events.event": without_detail, "aws.events.event.json": event, **reserved}
    values |= {name: at_path(event, path) for name, path in spec.variables}
    return _filled(spec.template, values)


def at_path(event: object, path: str) -> object:
    """Return what *path* names, such as `$.detail.tickets[0].ticketId`; a marker that is no JSON value if nothing.

    A `*` stands for every element, and makes a list of what follows.

    Raises:
        InputInvalid: the path is not of the kind that EventBridge knows.
    """
    if not path.startswith("$"):
        raise InputInvalid(f"the path {path} does not begin with $")
    steps, place = [], 1
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            raise InputInvalid(f"the path {path} is not understood from character {place + 1}")
        steps.append(next(part for part in found.groups() if part is not None))
        place = found.end()
    return _walk(event, steps)


def _walk(value: Any, steps: list[str]) -> object:  # noqa: ANN401 - any JSON value
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step == "*":
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
        return [found for one in inner if (found := _walk(one, rest)) is not _MISSING]
    if isinstance(value, Mapping) and step in value:
        return _walk(value[step], rest)
    if isinstance(value, list | tuple) and step.isdecimal() and int(step) < len(value):
        return _walk(value[int(step)], rest)
    return _MISSING


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """Return *template* with its variables replaced; one whose path names nothing leaves an empty text."""
    # A template that is a JSON document stays one: a variable outside of quotes becomes a JSON value, one inside of
    # quotes a part of that text. Any other template gets plain text.
    is_json = template.lstrip()[:1] in {"{", "[", '"'}
    pieces, place, quoted = [], 0, False
    for found in _VARIABLE.finditer(template):
        if found.group(1) not in values:
            continue
        before = template[place : found.start()]
        quoted = quoted ^ _ends_inside_quotes(before) if is_json else False
        pieces += [before, _shown(values[found.group(1)], quoted=quoted, is_json=is_json)]
        place = found.end()
    return "".join([*pieces, template[place:]])


def _shown(value: Any, *, quoted: bool, is_json: bool) -> str:  # noqa: ANN401 - any JSON value
    value = "" if value is _MISSING else value
    if is_json and not quoted:
        return _json(value)
    text = value if isinstance(value, str) else _json(value)
    return json.dumps(text, ensure_ascii=False)[1:-1] if is_json else text


def _ends_inside_quotes(text: str) -> bool:
    """Tell whether an odd number of quotes that are not escaped is in *text*."""
    return len(re.findall(r'(?<!\\)(?:\\\\)*"', text)) % 2 == 1


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
