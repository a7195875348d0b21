import io
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from muster_runtime import logging as runtime_logging
from muster_runtime import tracing
from muster_runtime.clock import SystemClock
from muster_runtime.testing.tokens import TokenMint

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, processors = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.configure(**processors)


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    runtime_logging.configure("json", "info", stream=stream)
    return stream


@pytest.fixture
def lines(stream: io.StringIO) -> Lines:
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_event_and_facts(lines: Lines) -> None:
    structlog.get_logger("muster.test").info("ticket_matched", ticket_id="t-1", players=2)

    (line,) = lines()
    assert ("ticket_matched", "info", "t-1", 2, "muster.test") == (
        line["event"],
        line["level"],
        line["ticket_id"],
        line["players"],
        line["logger"],
    )
    assert line["time"].endswith("Z")


def test_records_of_the_standard_library_look_the_same(lines: Lines) -> None:
    logging.getLogger("somebody.else").warning("it is %s", "late", extra={"password": "hunter2"})

    (line,) = lines()
    assert ("it is late", "warning", "somebody.else") == (line["event"], line["level"], line["logger"])
    assert "[redacted]" == line["password"]


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("any").debug("detail")
    logging.getLogger("botocore.endpoint").info("whole requests")

    assert [] == lines()


def test_bound_context_is_on_every_line(lines: Lines) -> None:
    with bound_contextvars(service="tickets", request_id="r-1"):
        structlog.get_logger().info("ours")
        logging.getLogger("any").warning("theirs")

    assert [("tickets", "r-1")] * 2 == [(line["service"], line["request_id"]) for line in lines()]


def test_the_trace_is_on_lines_inside_a_span(lines: Lines) -> None:
    with tracing.span("work"):
        expected = tracing.trace_id()
        structlog.get_logger().info("inside")
    structlog.get_logger().info("outside")

    inside, outside = lines()
    assert expected == inside["trace_id"]
    assert "trace_id" not in outside


SECRET = "hunter2"


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "access_token",
        "refreshToken",
        "guest_secret",
        "Authorization",
        "password",
        "player_session_id",
        "PlayerSessionId",
        "set-cookie",
        "client_secret",
        "private_key",
        "credentials",
        "x-api-key",
    ],
)
def test_what_is_called_a_secret_is_not_written(name: str, stream: io.StringIO) -> None:
    structlog.get_logger().info("said", **{name: SECRET}, inside={"list": [{name: SECRET}]})

    assert SECRET not in stream.getvalue()
    assert 2 == stream.getvalue().count("[redacted]")


@pytest.mark.parametrize("name", ["ticket_id", "token_type", "broken", "tokenise", "keyboard", "session_id"])
def test_what_only_resembles_a_secret_is_written(name: str, lines: Lines) -> None:
    structlog.get_logger().info("said", **{name: "plain"})

    assert "plain" == lines()[0][name]


def test_none_and_booleans_under_secret_names_are_facts(lines: Lines) -> None:
    structlog.get_logger().info("said", token=None, has_password=True)

    assert (None, True) == (lines()[0]["token"], lines()[0]["has_password"])


LOOKS = {
    "a player session id": "psess-6b1d9e3a-1111-2222-3333-444455556666",
    "an AWS access key": "AKIAIOSFODNN7EXAMPLE",
    "a bearer token": "Bearer abc.DEF-123_45",
    "a secret in a query string": "guest_secret=hunter2",
}


@pytest.mark.parametrize("secret", LOOKS.values(), ids=LOOKS)
def test_what_looks_like_a_secret_is_not_written_whatever_it_is_called(secret: str, stream: io.StringIO) -> None:
    structlog.get_logger().info(f"event {secret} end", note=f"see {secret}", deep=[{"x": (secret,)}])
    logging.getLogger("any").warning("said %s", secret)

    assert re.split("[= ]", secret)[-1] not in stream.getvalue()
    assert stream.getvalue().count("[redacted]") == 4


def test_a_token_is_not_written_anywhere(stream: io.StringIO) -> None:
    token = TokenMint().token()

    structlog.get_logger().info("said", note=f"with {token}.", parts=[token], cut=token[: len(token) // 2])
    structlog.get_logger().error("failed", exc_info=ValueError(f"bad token {token}"))

    assert token.split(".")[1][:20] not in stream.getvalue()
    assert token.split(".")[2][:20] not in stream.getvalue()


def test_an_exception_brings_its_traceback_and_no_values_of_variables(stream: io.StringIO, lines: Lines) -> None:
    def fail() -> None:
        local = "hunter" + "2"
        raise ValueError(len(local))

    try:
        fail()
    except ValueError:
        structlog.get_logger().exception("failed")

    assert "ValueError: 7" in lines()[0]["exception"]
    assert "in fail" in lines()[0]["exception"]
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize("layout", ["json", "columns"])
def test_control_characters_cannot_forge_a_line(layout: Any) -> None:
    stream = io.StringIO()
    runtime_logging.configure(layout, "info", stream=stream)

    structlog.get_logger().info("said\nforged", note="a\r\n\x1b[31mb\u2028c\u202ed\ud800", **{"na\nme": "x"})

    text = stream.getvalue()
    assert 1 == len(text.splitlines())
    assert text.isascii()
    assert "\x1b" not in text


def test_columns_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        runtime_logging.configure("columns", "info", stream=stream)
        structlog.get_logger().error("failed", ticket_id="t-1", exc_info=ValueError("no"))

    assert "failed" in stream.getvalue()
    assert "ticket_id=t-1" in stream.getvalue()
    assert "ValueError: no" in stream.getvalue()


@pytest.mark.parametrize(("is_terminal", "is_json"), [(True, False), (False, True)])
def test_auto_means_columns_on_a_terminal_and_json_elsewhere(*, is_terminal: bool, is_json: bool) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return is_terminal

    stream = Stream()
    runtime_logging.configure("auto", "info", stream=stream)
    structlog.get_logger().info("said")

    assert is_json == stream.getvalue().startswith("{")


def test_setting_up_twice_does_not_write_twice() -> None:
    first, second = io.StringIO(), io.StringIO()
    runtime_logging.configure("json", "info", stream=first)
    runtime_logging.configure("json", "info", stream=second)

    structlog.get_logger().info("said")

    assert "" == first.getvalue()
    assert 1 == len(second.getvalue().splitlines())


def test_odd_values_are_written_as_text(lines: Lines) -> None:
    cycle: dict[str, Any] = {}
    cycle["again"] = cycle

    structlog.get_logger().info("said", raw=b"\xff" * 3, kind=ValueError("x"), many={1}, cycle=cycle)

    (line,) = lines()
    assert ("<3 bytes>", "x", [1]) == (line["raw"], line["kind"], line["many"])


class Broken(io.StringIO):
    """A stream on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError("no space left")


class Unwritable:
    """A value that has no text."""

    def __str__(self) -> str:
        raise ValueError("no text")


@pytest.mark.parametrize("log", [structlog.get_logger(), logging.getLogger("any")], ids=["ours", "theirs"])
def test_a_line_that_cannot_be_written_is_told_on_standard_error_and_fails_nobody(
    log: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime_logging.configure("json", "info", stream=Broken())

    log.warning("said")

    assert "OSError: no space left" in capsys.readouterr().err


@pytest.mark.parametrize("layout", ["json", "columns"])
def test_a_value_without_a_text_fails_nobody(layout: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    runtime_logging.configure(layout, "info", stream=stream)

    structlog.get_logger().info("said", what=Unwritable())
    structlog.get_logger().info("after")

    assert "ValueError: no text" in capsys.readouterr().err
    assert "after" in stream.getvalue()
    assert 1 == len(stream.getvalue().splitlines())


def test_a_line_names_the_module_that_wrote_it(lines: Lines) -> None:
    structlog.get_logger().info("lazily")
    structlog.get_logger().bind(a=1).info("bound")
    structlog.get_logger("by.name").info("named")

    assert [__name__, __name__, "by.name"] == [line["logger"] for line in lines()]


def test_positional_arguments_are_put_into_the_event(lines: Lines) -> None:
    structlog.get_logger().info("it is %s", "late")

    assert "it is late" == lines()[0]["event"]


def test_facts_bound_for_a_block_end_with_it_and_what_they_covered_comes_back(lines: Lines) -> None:
    with runtime_logging.bound(request_id="outer", service="tickets"):
        with runtime_logging.bound(request_id="inner"):
            structlog.get_logger().info("one")
        structlog.get_logger().info("two")
    structlog.get_logger().info("three")

    assert [("inner", "tickets"), ("outer", "tickets"), (None, None)] == [
        (line.get("request_id"), line.get("service")) for line in lines()
    ]


def test_captured_lines_hold_those_below_the_level_too(stream: io.StringIO) -> None:
    with structlog.testing.capture_logs() as logs:
        structlog.get_logger().debug("detail")

    assert ["detail"] == [line["event"] for line in logs]
    assert "" == stream.getvalue()


def test_the_time_of_a_line_is_the_present(lines: Lines) -> None:
    before = SystemClock().now()
    structlog.get_logger().info("said")
    logging.getLogger("any").warning("said")

    assert all(before <= datetime.fromisoformat(line["time"]) <= SystemClock().now() for line in lines())
