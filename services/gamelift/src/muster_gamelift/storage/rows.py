"""Rows as text: each frozen value of a world as one JSON document, readable without this program.

Tables and their fields are found, not listed, so that a new table or a new field is remembered like the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from pydantic import TypeAdapter, ValidationError

from muster_flexmatch import RuleSetInvalid, parse_rule_set
from muster_gamelift.state.catalogue import RuleSetRecord
from muster_gamelift.state.tables import Table
from muster_gamelift.state.world import World

COUNTERS: Final = ("passes",)
"""Numbers of a world that are remembered beside its tables."""
DERIVED: Final = (
    *("region", "account", "arns", "journal"),
    *("waiting", "touched_pools", "searched_at_s"),
    *("ticket_ends", "acceptance_ends", "reservation_ends"),
)
"""What a world makes anew: who it is, the matchmakers of its pools, all of which are searched after a restart, and
what is due when."""


class UnreadableRow(ValueError):
    """A remembered row does not fit this version."""


@dataclass(frozen=True, slots=True)
class _StoredRuleSet:
    """A rule set without its parsed form, which follows from the body."""

    name: str
    body: str
    created_at_s: float


def tables_of(world: World) -> Mapping[str, Table[Any]]:
    """Return the tables of *world* by name, in the order of their declaration."""
    return {name: value for name, value in vars(world).items() if isinstance(value, Table)}


def value_type(table: Table[Any]) -> type[Any]:
    """Return the class of a table's values.

    Raises:
        TypeError: the table was made without naming it; write `Table[Ticket](journal)`.
    """
    named = get_args(getattr(table, "__orig_class__", None))
    if not named:
        raise TypeError("a table must be made with the class of its values")
    kind: type[Any] = named[0]
    return kind


def to_text(value: object) -> str:
    """Return *value*, a row of some table, as a JSON document."""
    if isinstance(value, RuleSetRecord):
        value = _StoredRuleSet(value.name, value.body, value.created_at_s)
    return _adapter(type(value)).dump_json(value).decode()


def from_text(kind: type[Any], text: str) -> Any:  # noqa: ANN401 - a value of *kind*
    """Return the value of class *kind* that `to_text` made *text* of.

    Raises:
        UnreadableRow: the text does not fit the class.
    """
    try:
        if kind is RuleSetRecord:
            stored: _StoredRuleSet = _adapter(_StoredRuleSet).validate_json(text)
            return RuleSetRecord(stored.name, stored.body, parse_rule_set(stored.body), stored.created_at_s)
        return _adapter(kind).validate_json(text)
    except RuleSetInvalid as error:
        raise UnreadableRow(f"{kind.__name__}: {'; '.join(error.problems)}") from error
    except ValidationError as error:
        # Values are left out: rows hold player session ids.
        problems = error.errors(include_input=False, include_url=False, include_context=False)
        told = "; ".join(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in problems[:3])
        raise UnreadableRow(f"{kind.__name__}: {told}") from None


_ADAPTERS: Final[dict[type[Any], TypeAdapter[Any]]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    # Made when first needed: building all of them takes a moment that a service without a store need not spend.
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
