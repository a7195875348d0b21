"""Log lines: JSON in containers, columns on a terminal, the same content, nothing secret in either.

Our own lines are written straight to the stream; records of the standard library go through the same steps, so every
line looks alike and every line is redacted. Context bound with `structlog.contextvars`, or with `bound`, which is
cheaper, is on each of them (service, request, event).
"""

import logging
import sys
import time
from collections.abc import Mapping
from contextvars import Token
from types import TracebackType
from typing import Any, Final, Literal, TextIO

import structlog
from opentelemetry import trace
from structlog.contextvars import bind_contextvars, merge_contextvars, reset_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from muster_runtime.redaction import json_line, redact

NOISY: Final = ("botocore", "aiobotocore", "boto3", "urllib3", "asyncio", "aiohttp.access", "openapi_pydantic")
"""Libraries whose debug and info records tell nothing of ours, and sometimes whole requests."""

_LEVELS: Final = logging.getLevelNamesMapping()


def configure(
    layout: Literal["auto", "json", "columns"] = "auto",
    level: str = "info",
    *,
    stream: TextIO | None = None,
) -> None:
    """Set logging up for the process; a second call replaces the first.

    Args:
        layout: `json`, `columns`, or `auto`: columns when *stream* is a terminal, JSON otherwise.
        level: least severe level that is written: `debug`, `info`, `warning` or `error`.
        stream: where to; standard output when left out.
    """
    stream = stream or sys.stdout
    threshold = _LEVELS[level.upper()]
    in_columns = layout == "columns" or (layout == "auto" and stream.isatty())
    render = _columns(colours=stream.isatty()) if in_columns else _json
    output = _Output(stream)
    structlog.configure(
        processors=[_Lines(output, threshold, render)],
        logger_factory=_Logger,
        # What is below the level is dropped by the processor, so that tests that capture lines see all of them.
        wrapper_class=structlog.make_filtering_bound_logger(logging.NOTSET),
        # Loggers are made when modules load, before this runs; caching would freeze what they found then.
        cache_logger_on_first_use=False,
    )
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.PositionalArgumentsFormatter(),
                structlog.stdlib.ExtraAdder(),
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                _add_facts,
                _formatted_elsewhere,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    root = logging.getLogger()
    for old in root.handlers[:]:
        if isinstance(old, _Output):
            root.removeHandler(old)
    root.addHandler(output)
    root.setLevel(threshold)
    for name in NOISY:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
    logging.captureWarnings(True)  # noqa: FBT003 - the standard library's own signature


class bound:  # noqa: N801 - used like a function, as `structlog.contextvars.bound_contextvars` is
    """Put facts on every log line inside a `with` block; afterwards all is as before.

    For the paths of every request and message; enter and leave it in one task.
    """

    __slots__ = ("_facts", "_tokens")

    def __init__(self, **facts: object) -> None:
        """Take the facts; nothing is bound before the block begins."""
        self._facts = facts
        self._tokens: Mapping[str, Token[Any]] = {}

    def __enter__(self) -> None:
        self._tokens = bind_contextvars(**self._facts)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        reset_contextvars(**self._tokens)


class _Output(logging.StreamHandler[TextIO]):
    """The stream, for records of the standard library and for lines of ours."""

    def write(self, line: str) -> None:
        """Write one line; as with records, a failure is told on standard error and never to the caller."""
        self.acquire()
        try:
            self.stream.write(line + self.terminator)
            self.stream.flush()
        except Exception:  # noqa: BLE001 - a full disk must not fail a request
            self.failed()
        finally:
            self.release()

    def failed(self) -> None:
        """Tell of the exception under way, as the standard library does for its records."""
        self.handleError(logging.LogRecord(__name__, logging.ERROR, __file__, 0, "a line was not written", (), None))


class _Logger:
    """What is behind structlog's loggers: a name. Lines are written by `_Lines`; methods only end the chain."""

    __slots__ = ("name",)

    def __init__(self, *names: str) -> None:
        """Take the name given, or else that of the module that is about to log."""
        self.name = names[0] if names else _caller()


class _Lines:
    """The one structlog processor: from the facts of an event to its line, written."""

    def __init__(self, output: _Output, threshold: int, render: Processor) -> None:
        self._output = output
        self._threshold = threshold
        self._render = render

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if _LEVELS[method.upper()] >= self._threshold:
            event["logger"] = logger.name
            event["level"] = method
            event = _add_facts(logger, method, event)
            try:
                line = self._render(logger, method, event)
            except Exception:  # noqa: BLE001 - a value that cannot be written must not fail a request
                self._output.failed()
            else:
                self._output.write(str(line))
        raise structlog.DropEvent


class _Stamp:
    """The present time as text; the part up to the second is made once a second."""

    def __init__(self) -> None:
        self._second: tuple[int, str] = (0, "")

    def __call__(self) -> str:
        second, nanoseconds = divmod(time.time_ns(), 10**9)
        known, text = self._second
        if known != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = (second, text)
        return f"{text}.{nanoseconds // 1000:06d}Z"


_stamp: Final = _Stamp()


def _add_facts(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Add what every line has: bound context, time, the ids of the current span; and tracebacks as text."""
    event = merge_contextvars(logger, method, event)
    event["time"] = _stamp()
    span = trace.get_current_span()
    if span is not trace.INVALID_SPAN and (context := span.get_span_context()).is_valid:
        event.setdefault("trace_id", trace.format_trace_id(context.trace_id))
        event.setdefault("span_id", trace.format_span_id(context.span_id))
    if "stack_info" in event:
        event = _stack(logger, method, event)
    if "exc_info" in event:
        event = structlog.processors.format_exc_info(logger, method, event)
    return event


_stack: Final = structlog.processors.StackInfoRenderer()


def _caller() -> str:
    """Return the name of the first module up the stack that is neither this one nor structlog's."""
    frame = sys._getframe(2)  # noqa: SLF001 - the one way to ask; structlog's own factory does the same
    name: str = frame.f_globals.get("__name__", "?")
    while name.startswith("structlog") and frame.f_back is not None:
        frame = frame.f_back
        name = frame.f_globals.get("__name__", "?")
    return name


def _formatted_elsewhere(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Drop what another handler left on a standard record: the same message again."""
    event_dict.pop("message", None)
    event_dict.pop("asctime", None)
    return event_dict


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return json_line(event)


def _columns(*, colours: bool) -> Processor:
    console = structlog.dev.ConsoleRenderer(
        colors=colours,
        exception_formatter=structlog.dev.plain_traceback,
        timestamp_key="time",
    )

    def render(logger: WrappedLogger, method: str, event: EventDict) -> str:
        return str(console(logger, method, redact(event)))

    return render
