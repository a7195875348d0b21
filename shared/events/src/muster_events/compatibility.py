"""May this schema take the place of that one within a version? Pure: two schemas in, differences out.

Producers and consumers are deployed in any order, and old documents wait in queues, so a change must be harmless in
both directions: old code reads new documents and new code reads old ones. Only one kind of change is: a new
optional field. Everything else needs the next version, and is reported here: a field removed, newly required or no
longer required; a type, constant, pattern, format or default changed; a range or length narrowed or widened; a
closed enum grown or shrunk.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]

_ANNOTATIONS: Final = frozenset({"$schema", "$id", "$defs", "title", "description", "examples", "deprecated"})
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_PLURAL: Final = ("anyOf", "oneOf", "allOf", "prefixItems")
_WALKED: Final = frozenset({*_LOWER, *_UPPER, *_PLURAL, "properties", "required", "const", "enum", "items"})


@dataclass(frozen=True, slots=True)
class Breaking:
    """One difference that a version may not have.

    Attributes:
        where: path to the place, such as `data.players[].team`; empty for the document itself.
        what: the difference in words.
    """

    where: str
    what: str

    @property
    def sentence(self) -> str:
        """Place and difference on one line."""
        return f"{self.where or 'document'}: {self.what}"


def compare(released: Schema, current: Schema) -> tuple[Breaking, ...]:
    """Return every breaking difference between a released schema and the one that would replace it.

    Args:
        released: the schema that others rely on.
        current: the schema of today's model.

    Returns:
        The differences in the order of the document; empty when the version may keep its number.
    """
    return tuple(_Comparison(released, current).walk(released, current, ""))


class _Comparison:
    """One comparison, with the two documents in which references are looked up."""

    def __init__(self, released: Schema, current: Schema) -> None:
        self._released = released
        self._current = current
        self._underway: set[tuple[str, str]] = set()

    def walk(self, old: Schema, new: Schema, where: str) -> Iterator[Breaking]:
        """Compare two subschemas that stand at the same place."""
        pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(pair):
            if pair in self._underway:
                return  # a model that contains itself: the outer visit reports everything
            self._underway.add(pair)
        try:
            old, new = _resolved(old, self._released), _resolved(new, self._current)
            if _type(old) != _type(new):
                yield Breaking(where, f"type changed from {_type(old)} to {_type(new)}")
                return
            yield from _members(old, new, where)
            yield from _bounds(old, new, where)
            yield from self._fields(old, new, where)
            yield from self._parts(old, new, where)
            yield from self._rest(old, new, where)
        finally:
            self._underway.discard(pair)

    def _fields(self, old: Schema, new: Schema, where: str) -> Iterator[Breaking]:
        old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
        old_required, new_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in old_fields:
            path = f"{where}.{name}" if where else name
            if name not in new_fields:
                yield Breaking(path, "field removed")
                continue
            if name in new_required - old_required:
                yield Breaking(path, "field newly required")
            if name in old_required - new_required:
                yield Breaking(path, "field no longer required")
            yield from self.walk(old_fields[name], new_fields[name], path)
        for name in sorted(new_required - set(old_fields) - old_required):
            yield Breaking(f"{where}.{name}" if where else name, "new field is required")

    def _parts(self, old: Schema, new: Schema, where: str) -> Iterator[Breaking]:
        if "items" in old and "items" in new:
            yield from self._subschema(old["items"], new["items"], f"{where}[]")
        elif "items" in old or "items" in new:
            yield Breaking(f"{where}[]", "type of the entries changed")
        for key in _PLURAL:
            olds = sorted(old.get(key, ()), key=self._old_order)
            news = sorted(new.get(key, ()), key=self._new_order)
            if len(olds) != len(news):
                yield Breaking(where, f"type changed: {len(olds)} alternatives became {len(news)}")
                continue
            for one, other in zip(olds, news, strict=True):
                yield from self._subschema(one, other, where)

    def _subschema(self, old: object, new: object, where: str) -> Iterator[Breaking]:
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from self.walk(old, new, where)
        elif old != new:
            yield Breaking(where, "type changed")

    def _rest(self, old: Schema, new: Schema, where: str) -> Iterator[Breaking]:
        for key in sorted((set(old) | set(new)) - _ANNOTATIONS - _WALKED - {"type", "$ref"}):
            if key == "additionalProperties":
                yield from self._subschema(old.get(key, True), new.get(key, True), f"{where}{{}}")
            elif old.get(key) != new.get(key):
                yield Breaking(where, f"{key} changed from {old.get(key)!r} to {new.get(key)!r}")

    def _old_order(self, schema: Schema) -> str:
        return _order(_resolved(schema, self._released))

    def _new_order(self, schema: Schema) -> str:
        return _order(_resolved(schema, self._current))


def _order(schema: Schema) -> str:
    """Alternatives are a set: put them into the same order in both documents, by type first."""
    return f"{_type(schema)} {json.dumps(schema, sort_keys=True)}"


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Follow a reference within *root*; what stands beside the reference applies too."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    target: Any = root
    for step in str(reference).removeprefix("#/").split("/"):
        target = target[step]
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    return {**_resolved(target, root), **beside}


def _type(schema: Schema) -> str:
    """Name the JSON type of a schema, also where a constant or enum only implies it."""
    named = schema.get("type")
    if named is not None:
        return "|".join(sorted(named)) if isinstance(named, list) else str(named)
    members = _closed(schema)
    if members is not None:
        return "|".join(sorted({_kind(each) for each in members}))
    return "|".join(key for key in _PLURAL if key in schema) or "anything"


def _kind(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int():
            return "integer"
        case None:
            return "null"
        case _:
            return type(value).__name__


def _closed(schema: Schema) -> tuple[Any, ...] | None:
    """Return the only values that a schema allows, or None when it does not list them."""
    if "const" in schema:
        return (schema["const"],)
    return tuple(schema["enum"]) if "enum" in schema else None


def _members(old: Schema, new: Schema, where: str) -> Iterator[Breaking]:
    before, after = _closed(old), _closed(new)
    if before is None and after is None:
        return
    if before is None or after is None:
        yield Breaking(where, "closed enum opened" if after is None else "values closed to an enum")
        return
    if "const" in old and "const" in new:
        if before != after:
            yield Breaking(where, f"constant changed from {before[0]!r} to {after[0]!r}")
        return
    grown, shrunk = [each for each in after if each not in before], [x for x in before if x not in after]
    if grown:
        yield Breaking(where, f"closed enum grew by {', '.join(map(repr, grown))}")
    if shrunk:
        yield Breaking(where, f"closed enum lost {', '.join(map(repr, shrunk))}")


def _bounds(old: Schema, new: Schema, where: str) -> Iterator[Breaking]:
    for key in (*_LOWER, *_UPPER):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        raised = after is not None and (before is None or after > before)
        lowered = after is not None and (before is None or after < before)
        narrowed = raised if key in _LOWER else lowered
        yield Breaking(where, f"{key} {'narrowed' if narrowed else 'widened'} from {before} to {after}")
