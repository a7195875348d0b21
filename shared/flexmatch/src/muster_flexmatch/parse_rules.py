"""From the rules of a document to rules as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from muster_flexmatch import compound, expressions, grammar
from muster_flexmatch.errors import ExpressionInvalid, StatementInvalid
from muster_flexmatch.expressions import Expression
from muster_flexmatch.reader import Reader, WrongValue, as_number, shown
from muster_flexmatch.rules import (
    BatchDistance,
    Collection,
    CollectionOperation,
    CollectionParty,
    Comparison,
    Compound,
    Distance,
    DistanceReference,
    Latency,
    MapKey,
    NumberParty,
    Operation,
    Reference,
    Rule,
    Sort,
)

NUMBER_PARTIES: Final[tuple[NumberParty, ...]] = ("avg", "min", "max")
COLLECTION_PARTIES: Final[tuple[CollectionParty, ...]] = ("union", "intersection")
OPERATIONS: Final[tuple[Operation, ...]] = ("<", "<=", "=", "!=", ">", ">=")
COLLECTION_OPERATIONS: Final[tuple[CollectionOperation, ...]] = (
    "intersection",
    "contains",
    "reference_intersection_count",
)
DISTANCE_REFERENCES: Final[tuple[DistanceReference, ...]] = ("min", "avg")
MAP_KEYS: Final[tuple[MapKey, ...]] = ("minValue", "maxValue")


@dataclass(frozen=True, slots=True)
class Names:
    """What rules may refer to.

    Attributes:
        teams: how many teams each usable name stands for.
        declared: attribute type by name.
        samples: whether `stddev` is that of a sample.
    """

    teams: Mapping[str, int]
    declared: Mapping[str, str]
    samples: bool = False


def parse_rules(document: Reader, names: Names, *, pairs_only: bool = False) -> list[Rule]:
    """Return the rules of a document that can be used; what is wrong with the others is noted by *document*.

    Args:
        document: the whole document.
        names: what rules may refer to.
        pairs_only: whether `and`, `or` and `xor` take exactly two operands.
    """
    parsers = {
        "comparison": _comparison,
        "distance": _distance,
        "batchDistance": _batch_distance,
        "collection": _collection,
        "latency": _latency,
        "absoluteSort": _sort,
        "distanceSort": _sort,
    }
    rules: dict[str, Rule] = {}
    seen: set[str] = set()
    for reader in document.objects("rules"):
        name = reader.text("name", "required")
        kind = reader.choice("type", (*parsers, "compound"))
        reader.raw("description")
        if name is not None and name in seen:
            reader.problem("name", "is used by an earlier rule")
        seen.add(name or "")
        if name is None or kind is None:
            continue
        if kind == "compound":
            rule = _compound(reader, name, rules, seen, pairs_only=pairs_only)
        else:
            rule = parsers[kind](reader, name, names)
        if rule is not None:
            rules[name] = rule
        reader.close()
    return list(rules.values())


def measure(text: str, names: Names) -> tuple[Expression, expressions.Shape]:
    """Return an expression ready to be evaluated, with what it yields.

    Raises:
        WrongValue: it does not parse, or measures what does not exist.
    """
    try:
        expression, shape = expressions.bind(grammar.parse(text), names.teams, names.declared)
    except ExpressionInvalid as error:
        raise WrongValue(f"{error} (in {shown(text)})") from error
    return expressions.of_samples(expression) if names.samples else expression, shape


def reference_of(value: object, kind: str, names: Names) -> Reference:
    """Return what a `referenceValue` says, for measured values of *kind* `number`, `string` or `strings`.

    Raises:
        WrongValue: it is of another kind, or an expression that does not parse.
    """
    if isinstance(value, str) and grammar.looks_like_expression(value):
        expression, found = measure(value, names)
        wanted = "number" if kind == "number" else "string"
        if found.kind != wanted or (kind == "strings" and found.depth == 0):
            raise WrongValue(f"must yield {kind}s like the measurements, got {shown(value)}")
        return expression
    if kind == "number":
        return as_number(value, low=float("-inf"))
    if kind == "strings" and isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    if not isinstance(value, str):
        raise WrongValue(f"must be a string or an expression, got {shown(value)}")
    return (value,) if kind == "strings" else value


def kind_of(rule: Rule) -> str:
    """Return the kind of reference that a rule takes, as `reference_of` wants it."""
    match rule:
        case Collection(operation="contains"):
            return "string"
        case Collection():
            return "strings"
        case Comparison(reference=str()):
            return "string"
        case _:
            return "number"


def _measurements(reader: Reader, names: Names, kinds: Sequence[str]) -> tuple[tuple[Expression, ...], str | None]:
    """Return the measurements and the kind that all of them yield."""
    texts = reader.texts("measurements")
    if not texts and not (reader.has("measurements") and reader.raw("measurements")):
        reader.problem("measurements", "is missing")
    found: list[Expression] = []
    seen: set[str] = set()
    for text in texts:
        try:
            expression, shape = measure(text, names)
        except WrongValue as error:
            reader.problem("measurements", str(error))
            continue
        found.append(expression)
        seen.add(shape.kind)
        if shape.kind not in kinds or (kinds == ("string",) and shape.depth == 0):
            reader.problem("measurements", f"must yield {' or '.join(kinds)}s, not so {shown(text)}")
    if len(seen) > 1:
        reader.problem("measurements", "yield numbers here and strings there")
    return tuple(found), seen.pop() if len(seen) == 1 else None


def _reference(reader: Reader, kind: str, names: Names) -> Reference | None:
    if not reader.has("referenceValue"):
        return None
    try:
        return reference_of(reader.raw("referenceValue"), kind, names)
    except WrongValue as error:
        reader.problem("referenceValue", str(error))
        return None


def _party(reader: Reader) -> NumberParty:
    return reader.choice("partyAggregation", NUMBER_PARTIES, default="avg") or "avg"


def _comparison(reader: Reader, name: str, names: Names) -> Rule | None:
    measurements, kind = _measurements(reader, names, ("number", "string"))
    operation = reader.choice("operation", OPERATIONS)
    reference = _reference(reader, kind, names) if kind else None
    if operation not in {None, "=", "!="}:
        if not reader.has("referenceValue"):
            reader.problem("referenceValue", f"is missing; without it only = and != compare, not {operation}")
        if kind == "string":
            reader.problem("operation", f"{operation} compares numbers; strings take = and !=")
    party = _party(reader)
    return None if operation is None else Comparison(name, measurements, operation, reference, party)


def _distance(reader: Reader, name: str, names: Names) -> Rule | None:
    measurements, _ = _measurements(reader, names, ("number",))
    if not reader.has("referenceValue"):
        reader.problem("referenceValue", "is missing")
    reference = _reference(reader, "number", names)
    low, high = reader.number("minDistance"), reader.number("maxDistance")
    if not reader.has("minDistance") and not reader.has("maxDistance"):
        reader.problem("maxDistance", "is missing, and so is minDistance; one of them is needed")
    party = _party(reader)
    return None if reference is None else Distance(name, measurements, reference, low, high, party)


def _batch_distance(reader: Reader, name: str, names: Names) -> Rule | None:
    attribute = reader.text("batchAttribute", "required")
    limit = reader.number("maxDistance")
    party = _party(reader)
    if attribute is None:
        return None
    match names.declared.get(attribute):
        case "number" if not reader.has("maxDistance"):
            reader.problem("maxDistance", f"is missing; {attribute!r} is a number")
        case "number" | "string":
            pass
        case None:
            reader.problem("batchAttribute", f"attribute {attribute!r} is not declared in playerAttributes")
        case other:
            reader.problem(
                "batchAttribute", f"attribute {attribute!r} is a {other}; only numbers and strings have distances"
            )
    return BatchDistance(name, attribute, limit, party)


def _collection(reader: Reader, name: str, names: Names) -> Rule | None:
    measurements, _ = _measurements(reader, names, ("string",))
    operation = reader.choice("operation", COLLECTION_OPERATIONS)
    low, high = reader.integer("minCount"), reader.integer("maxCount")
    if not reader.has("minCount") and not reader.has("maxCount"):
        low = 1
    party = reader.choice("partyAggregation", COLLECTION_PARTIES, default="union") or "union"
    if operation is None:
        return None
    reference: Reference | None = None
    if operation == "intersection":
        if reader.has("referenceValue"):
            reader.warn("referenceValue", "means nothing to intersection and was ignored")
    else:
        kind = "string" if operation == "contains" else "strings"
        reference = _reference(reader, kind, names)
        if not reader.has("referenceValue"):
            reader.problem("referenceValue", f"is missing; {operation} needs it")
        elif operation == "contains" and reference is not None and not isinstance(reference, str):
            reader.problem("referenceValue", "must be a literal string for contains")
    return Collection(name, measurements, operation, reference, low, high, party)


def _latency(reader: Reader, name: str, _names: Names) -> Rule | None:
    limit, distance = reader.number("maxLatency"), reader.number("maxDistance")
    if not reader.has("maxLatency") and not reader.has("maxDistance"):
        reader.problem("maxLatency", "is missing")
    reference = reader.choice("distanceReference", DISTANCE_REFERENCES, default="min") or "min"
    return Latency(name, limit, distance, reference, _party(reader))


def _sort(reader: Reader, name: str, names: Names) -> Rule | None:
    by_distance = reader.raw("type") == "distanceSort"
    direction = reader.choice("sortDirection", ("ascending", "descending"))
    attribute = reader.text("sortAttribute", "required")
    map_key = reader.choice("mapKey", MAP_KEYS) if reader.has("mapKey") else None
    party = _party(reader)
    if attribute is None or direction is None:
        return None
    match names.declared.get(attribute):
        case "string_number_map" if not reader.has("mapKey"):
            reader.problem("mapKey", f"is missing; {attribute!r} is a map")
        case "number" | "string" if reader.has("mapKey"):
            reader.problem("mapKey", f"is for maps; {attribute!r} is none")
        case "string" if by_distance:
            reader.problem("sortAttribute", f"attribute {attribute!r} is a string, which has no distance")
        case None:
            reader.problem("sortAttribute", f"attribute {attribute!r} is not declared in playerAttributes")
        case "string_list":
            reader.problem("sortAttribute", f"attribute {attribute!r} is a string_list, which has no order")
    return Sort(name, attribute, by_distance, direction == "descending", map_key, party)


def _compound(
    reader: Reader, name: str, earlier: Mapping[str, Rule], seen: set[str], *, pairs_only: bool
) -> Rule | None:
    text = reader.text("statement", "required")
    if text is None:
        return None
    try:
        statement = compound.parse(text, pairs_only=pairs_only)
    except StatementInvalid as error:
        reader.problem("statement", str(error))
        return None
    for used in compound.names(statement):
        if used == name or used not in seen:
            reader.problem("statement", f"{used!r} is not a rule that comes earlier in the list")
        elif isinstance(earlier.get(used), BatchDistance):
            reader.problem("statement", f"{used!r} is a batchDistance rule, which cannot be part of a compound rule")
        elif isinstance(earlier.get(used), Sort):
            reader.problem("statement", f"{used!r} is a sort rule, which neither holds nor fails")
    return Compound(name, statement)
