"""The page of rows is complete and current."""

import re
from dataclasses import replace

from flexmatch_rows import PAGE
from gamelift_rows import PAGE as OF_GAMELIFT
from rows_page import strays


def test_every_row_has_a_test_and_every_marked_test_a_row() -> None:
    assert PAGE.problems() == []


def test_a_row_without_a_test_and_a_test_without_a_row_are_both_found() -> None:
    more = replace(PAGE, rows={**PAGE.rows, "1.1.made.up": "nobody tests this"})
    less = replace(PAGE, rows={name: text for name, text in PAGE.rows.items() if name != "1.1.name"})

    assert more.problems() == ["1.1.made.up: has no test"]
    (problem,) = less.problems()
    assert problem.startswith("1.1.name: is no row, but contract/flexmatch/test_rows_document.py::")


def test_every_mark_belongs_to_a_page() -> None:
    assert strays((PAGE, OF_GAMELIFT)) == []


def test_the_page_is_current() -> None:
    assert PAGE.path.read_text() == PAGE.text(), "run python tests/support/flexmatch_rows.py"


def test_every_row_that_the_fidelity_page_names_exists() -> None:
    page = (PAGE.path.parent / "fidelity.md").read_text()
    lines = [line.split("|") for line in page.splitlines() if line.startswith("| ") and "row" in line]
    named = [name for cells in lines for name in re.findall(r"`(\d\.\d[\w.!=<>]*)`", cells[-2])]

    assert len(named) > 40
    assert [] == [name for name in named if not any(row == name or row.startswith(f"{name}.") for row in PAGE.rows)]


def test_the_sample_report_is_a_page_that_needs_nothing_else() -> None:
    page = (PAGE.path.parent / "sample-report.html").read_text()

    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "http" not in page
