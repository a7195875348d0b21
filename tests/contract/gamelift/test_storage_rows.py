"""Everything that a world holds survives being written down and read again."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster_flexmatch import parse_rule_set
from muster_gamelift.state.catalogue import RuleSetRecord
from muster_gamelift.state.sessions import Seat
from muster_gamelift.state.world import World
from muster_gamelift.storage.rows import COUNTERS, DERIVED, UnreadableRow, from_text, tables_of, to_text, value_type

BODY = (
    """{"name": "duel", "ruleLanguageVersion": "1.0", "teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 2}]}"""
)
TEXT = st.text(max_size=12)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TABLES = sorted(tables_of(World("us-east-1", "000000000000")))


def a_world() -> World:
    return World("us-east-1", "000000000000")


def rows_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Generate values of a row class with every field filled, those with defaults too."""
    if kind is RuleSetRecord:
        return st.builds(RuleSetRecord, TEXT, st.just(BODY), st.just(parse_rule_set(BODY)), NUMBERS)
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: values_of(hints[field.name]) for field in fields(kind)})


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    inner = get_args(hint)
    match get_origin(hint):
        case kind if kind in {Union, UnionType}:
            return st.one_of([values_of(one) for one in inner])
        case kind if kind is tuple:
            listed = st.lists(values_of(inner[0]), max_size=3).map(tuple)
            return listed if inner[-1] is Ellipsis else st.tuples(*map(values_of, inner))
        case kind if kind is Mapping:
            return st.dictionaries(values_of(inner[0]), values_of(inner[1]), max_size=3)
    if isinstance(hint, type) and is_dataclass(hint):
        return rows_of(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    return {str: TEXT, float: NUMBERS, int: st.integers(-(2**53), 2**53), bool: st.booleans(), NoneType: st.none()}[
        hint
    ]


def test_a_world_holds_nothing_that_is_neither_remembered_nor_made_anew() -> None:
    assert set(vars(a_world())) == {*TABLES, *COUNTERS, *DERIVED}


@pytest.mark.parametrize("table", TABLES)
def test_every_row_of_every_table_survives_being_written_and_read(table: str) -> None:
    kind = value_type(tables_of(a_world())[table])

    @given(rows_of(kind))
    @settings(max_examples=25)
    def survives(row: Any) -> None:
        again = from_text(kind, to_text(row))

        assert row == again
        # Equality does not tell 1 from True, nor a tuple from what only looks like one when printed.
        assert repr(row) == repr(again)

    survives()


def test_text_that_is_no_row_is_refused_without_its_values() -> None:
    with pytest.raises(UnreadableRow) as caught:
        from_text(Seat, '{"seat_id": "psess-secret", "player_id": 7}')

    assert "Seat: player_id:" in str(caught.value)
    assert "psess-secret" not in str(caught.value)


def test_a_rule_set_that_this_version_does_not_accept_is_refused() -> None:
    with pytest.raises(UnreadableRow, match="RuleSetRecord"):
        from_text(RuleSetRecord, '{"name": "duel", "body": "{}", "created_at_s": 1.0}')
