"""docs/api.md says of every operation what it answers, and it is so."""

import re
from pathlib import Path

import pytest
from gamelift_bench import Bench
from gamelift_rows_shapes import model

from muster_gamelift.operations.table import OFFERED
from muster_gamelift.operations.unoffered import EMPTY, REFUSED, UNSUPPORTED
from muster_gamelift.rates import rate_of

PAGE = (Path(__file__).parents[3] / "services/gamelift/docs/api.md").read_text()
ROWS = {
    name: (int(tier), answer, remark)
    for name, tier, answer, remark in re.findall(r"^\| (\w+) \| ([123]) \| ([^|]+) \| ([^|]*) \|$", PAGE, re.MULTILINE)
}


def test_the_page_lists_every_operation_with_its_answer() -> None:
    assert {*ROWS} == {*model().operation_names}
    assert {name for name, (_, answer, _) in ROWS.items() if answer == "offered"} == {*OFFERED}
    for name, member in EMPTY.items():
        assert ROWS[name] == (3, f"an empty list of {member}", "")
    for name, advice in UNSUPPORTED.items():
        assert ROWS[name] == (3, "UnsupportedRegionException", advice)
    for name, advice in REFUSED.items():
        assert ROWS[name] == (3, "InvalidRequestException", advice)


@pytest.mark.parametrize(("name", "member"), EMPTY.items())
def test_lists_of_what_cannot_be_made_here_are_empty(bench: Bench, name: str, member: str) -> None:
    assert bench.call(name) == {member: []}


def test_the_page_tells_the_rates_that_are_kept() -> None:
    table = PAGE.partition("## Rates")[2].partition("## Operations")[0]
    told = {
        name: int(rate)
        for names, rate in re.findall(r"^\| ([\w, ]+) \| (\d+)(?: each)? \|$", table, re.MULTILINE)
        for name in names.split(", ")
        if name in model().operation_names
    }

    assert len(told) == 14
    assert told == {name: rate_of(name) for name in told}
