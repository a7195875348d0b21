"""What the terminal shows: on a terminal the step under way, elsewhere only lines that stay."""

import io

import pytest

from muster_deploy.report import Report
from muster_runtime.testing import FakeClock

ERASE = "\r\x1b[2K"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal, and shows what one would show."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        return [line.rpartition(ERASE)[2] for line in self.getvalue().split("\n")]


def test_a_step_is_written_once_with_its_seconds_where_nobody_watches(clock: FakeClock) -> None:
    stream = io.StringIO()
    report = Report(clock, stream)

    with report.step("emulator"):
        clock.advance(1.234)
        assert "" == stream.getvalue()

    assert "    1.23 s  emulator\n" == stream.getvalue()


def test_a_terminal_shows_the_step_under_way_below_what_is_said_meanwhile(clock: FakeClock) -> None:
    stream = Terminal()
    report = Report(clock, stream)

    with report.step("services"):
        assert ["       ...  services"] == stream.lines()
        report.line("  ! tickets failed")
        assert ["  ! tickets failed", "       ...  services"] == stream.lines()
        clock.advance(2)

    assert ["  ! tickets failed", "    2.00 s  services", ""] == stream.lines()


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_step_that_failed_leaves_no_line(clock: FakeClock, stream: io.StringIO) -> None:
    report = Report(clock, stream)

    with pytest.raises(ValueError, match="broken"), report.step("services"):
        raise ValueError("broken")
    report.line("Cannot start")

    assert ["Cannot start", ""] == [line.rpartition(ERASE)[2] for line in stream.getvalue().split("\n")]


def test_the_last_line_of_a_killed_program_is_the_last(clock: FakeClock) -> None:
    stream = Terminal()
    report = Report(clock, stream)

    with report.step("services"):
        report.last("Killed.")
        assert ["Killed.", ""] == stream.lines()


def test_a_table_is_aligned_and_has_no_trailing_spaces(clock: FakeClock) -> None:
    stream = io.StringIO()

    Report(clock, stream).table("Ready", [("edge", "http://here", "all"), ("aws", "http://there", "")])

    assert ["", "Ready", "  edge  http://here   all", "  aws   http://there", "", ""] == stream.getvalue().split("\n")
