"""The page of rows of the local GameLift is complete and current."""

from gamelift_rows import PAGE


def test_every_row_has_a_test_and_every_marked_test_a_row() -> None:
    assert PAGE.problems() == []


def test_the_page_is_current() -> None:
    assert PAGE.path.read_text() == PAGE.text(), "run python tests/support/gamelift_rows.py"
