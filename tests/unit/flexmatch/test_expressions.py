"""Property expressions: what they yield, and what is refused."""

from collections.abc import Sequence

import pytest

from muster_flexmatch import grammar
from muster_flexmatch.errors import ExpressionInvalid
from muster_flexmatch.expressions import Shape, Unmeasurable, Value, bind, depth, evaluate

TEAMS = {"red": 1, "blue": 1, "trio": 2, "trio_1": 1, "trio_2": 1, "Team Nine": 1}
DECLARED = {"skill": "number", "mode": "string", "maps": "string_list"}
VALUES: dict[tuple[str, str | None], Sequence[Value]] = {
    ("red", "skill"): (10.0, 20.0, 60.0),
    ("red", "maps"): (("a", "b"), ("b", "c")),
    ("red", None): ("p1", "p2", "p3"),
    ("blue", "skill"): (5.0, 8.0),
    ("blue", "maps"): (("b",),),
    ("blue", None): ("p4", "p5"),
    ("Team Nine", "skill"): (9.0,),
}


class Table:
    """A candidate that only this test knows."""

    def team_names(self, selector: str | None) -> Sequence[str]:
        every = ("red", "blue", "trio_1", "trio_2")
        return every if selector is None else ("trio_1", "trio_2") if selector == "trio" else (selector,)

    def values(self, team: str, attribute: str | None) -> Sequence[Value]:
        return VALUES.get((team, attribute), ())


def value_of(text: str) -> Value:
    expression, shape = bind(grammar.parse(text), TEAMS, DECLARED)
    assert shape.depth == depth(expression)
    return evaluate(expression, Table())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42.0),
        ("-1.5e1", -15.0),
        ("teams[red].players.attributes[skill]", (10.0, 20.0, 60.0)),
        ("team[red].players.attributes[skill]", (10.0, 20.0, 60.0)),
        (" teams [ Team Nine ] . players . attributes [ skill ] ", (9.0,)),
        ("teams[red,blue].players.attributes[skill]", ((10.0, 20.0, 60.0), (5.0, 8.0))),
        ("teams[blue, red].players.attributes[skill]", ((5.0, 8.0), (10.0, 20.0, 60.0))),
        ("teams[*].players.attributes[skill]", ((10.0, 20.0, 60.0), (5.0, 8.0), (), ())),
        ("teams[trio].players.attributes[skill]", ((), ())),
        ("teams[trio_2].players.attributes[skill]", ()),
        ("teams[red].players[playerId]", ("p1", "p2", "p3")),
        ("flatten(teams[*].players.attributes[skill])", (10.0, 20.0, 60.0, 5.0, 8.0)),
        ("flatten(teams[red].players.attributes[skill])", (10.0, 20.0, 60.0)),
        ("flatten(teams[*].players.attributes[maps])", (("a", "b"), ("b", "c"), ("b",))),
        ("flatten(flatten(teams[*].players.attributes[maps]))", ("a", "b", "b", "c", "b")),
        ("avg(teams[red].players.attributes[skill])", 30.0),
        ("avg(teams[red,blue].players.attributes[skill])", (30.0, 6.5)),
        ("max(avg(teams[red,blue].players.attributes[skill]))", 30.0),
        ("min(flatten(teams[*].players.attributes[skill]))", 5.0),
        ("max(flatten(teams[*].players.attributes[skill]))", 60.0),
        ("sum(teams[*].players.attributes[skill])", (90.0, 13.0, 0.0, 0.0)),
        ("median(teams[red].players.attributes[skill])", 20.0),
        ("median(teams[blue].players.attributes[skill])", 6.5),
        ("stddev(teams[blue].players.attributes[skill])", 1.5),
        ("count (teams[red].players)", 3.0),
        ("count(teams[*].players)", (3.0, 2.0, 0.0, 0.0)),
        ("count(teams[red].players.attributes[maps])", (2.0, 2.0)),
        ("set_intersection(teams[red].players.attributes[maps])", ("b",)),
        ("set_intersection(flatten(teams[*].players.attributes[maps]))", ("b",)),
        ("set_intersection(teams[red,blue].players.attributes[maps])", (("b",), ("b",))),
        ("count(set_intersection(flatten(teams[*].players.attributes[maps])))", 1.0),
    ],
)
def test_an_expression_yields_what_the_guide_says(text: str, value: Value) -> None:
    assert value == value_of(text)


@pytest.mark.parametrize("function", ["avg", "min", "max", "median", "stddev"])
def test_an_aggregate_of_an_empty_team_cannot_be_measured(function: str) -> None:
    with pytest.raises(Unmeasurable):
        value_of(f"{function}(teams[*].players.attributes[skill])")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a function"),
        ("skill", "expected a function"),
        ("union(teams[*].players.attributes[maps])", "expected a function"),
        ("teams[red]", "names teams but nothing of their players"),
        ("teams[].players", "an empty team name"),
        ("teams[red,].players", "an empty team name"),
        ("teams[*,red].players", r"\* stands alone"),
        ("teams[red].players.attributes[]", "an empty attribute name"),
        ("teams[red].players.attributes[skill] + 1", "unexpected '\\+ 1'"),
        ("teams[red].players.name", "unexpected '.name'"),
        ("avg(teams[red].players.attributes[skill]", "parenthesis of avg is not closed"),
        ("teams[green].players", "there is no team 'green'"),
        ("teams[red].players.attributes[luck]", "'luck' is not declared"),
        ("avg(teams[red].players.attributes[mode])", "avg needs numbers"),
        ("sum(teams[red].players)", "sum needs numbers"),
        ("avg(3)", "avg needs a list"),
        ("flatten(avg(teams[red].players.attributes[skill]))", "flatten needs a list"),
        ("set_intersection(teams[red].players.attributes[mode])", "set_intersection needs lists of strings"),
        ("set_intersection(teams[*].players.attributes[skill])", "set_intersection needs lists of strings"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(ExpressionInvalid, match=message):
        bind(grammar.parse(text), TEAMS, DECLARED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("avg(x)", True),
        ("max (x", True),
        (" teams[red", True),
        ("team[red]", True),
        ("maximum", False),
        ("teamster", False),
        ("min", False),
        ("medic", False),
    ],
)
def test_a_literal_string_is_told_from_an_expression_by_its_beginning(text: str, *, expected: bool) -> None:
    assert grammar.looks_like_expression(text) is expected


def test_the_type_of_an_expression_is_known_before_there_are_players() -> None:
    shapes = [
        bind(grammar.parse(text), TEAMS, DECLARED)[1]
        for text in (
            "teams[*].players.attributes[maps]",
            "flatten(teams[*].players.attributes[mode])",
            "count(teams[red].players)",
        )
    ]

    assert shapes == [Shape("string", 3), Shape("string", 1), Shape("number", 0)]
