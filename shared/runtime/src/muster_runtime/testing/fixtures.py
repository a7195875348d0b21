"""Pytest plug-in: loaded by the root `pyproject.toml` with `-p muster_runtime.testing.fixtures`.

It marks tests by their folder, keeps unit tests off the network and every test off the developer's AWS account, fails
tests that leave tasks behind, and offers the fixtures below. Heavy imports stay inside the fixtures: pytest loads this
module before coverage measurement starts, and for runs that need none of it.
"""

import asyncio
import functools
import gc
import inspect
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import hypothesis
import pytest
import pytest_socket
import structlog

if TYPE_CHECKING:
    import aiohttp
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from muster_runtime.testing.clock import FakeClock
    from muster_runtime.testing.local_aws import LocalAWS
    from muster_runtime.testing.sandbox import Sandbox
    from muster_runtime.testing.tokens import TokenMint

LEVELS: Final = ("unit", "contract", "integration", "e2e", "architecture")
"""Names of the folders below `tests/`, and of the marks that their tests get."""

EXAMPLES: Final = 25
"""Made-up cases for each property test of a usual run; the seed differs from run to run, so many runs see many."""
THOROUGH_EXAMPLES: Final = 2000
"""The same with `--hypothesis-profile=thorough`."""

LAST_TURNS: Final = 20
"""Turns of the loop in which what is ending may end."""
HTTP_TOTAL_S: Final = 60.0
"""The longest that one request of `http_client` may take."""

# On import, because collecting tests makes more objects than running them, and hardly one of them goes.
gc.set_threshold(20_000, 20, 20)
# On import, because hypothesis looks for the profile of its option before any plug-in of a project is configured.
hypothesis.settings.register_profile("muster", deadline=None, database=None, max_examples=EXAMPLES)
hypothesis.settings.register_profile("thorough", deadline=None, database=None, max_examples=THOROUGH_EXAMPLES)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--shard`."""
    parser.addoption(
        "--shard",
        type=_shard,
        default=(1, 1),
        metavar="N/OF",
        help="every OF-th file alone, from the N-th",
    )


def _shard(text: str) -> tuple[int, int]:
    """Return N and OF of `N/OF`.

    Raises:
        ValueError: that is no part of a whole.
    """
    number, of = map(int, text.split("/"))
    if not 1 <= number <= of:
        raise ValueError(text)
    return number, of


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files of other shards, unread: what a process does not import costs it nothing."""
    number, of = config.getoption("--shard")
    place = _places(config.rootpath).get(collection_path) if of > 1 else None
    return (place is not None and place % of != number - 1) or None


@functools.cache
def _places(root: Path) -> dict[Path, int]:
    """Return the place of each file of tests among all of them: neighbours are alike, and part company."""
    return {path: place for place, path in enumerate(sorted(root.glob("tests/**/test_*.py")))}


def pytest_configure(config: pytest.Config) -> None:
    """Declare one mark a level, and let property tests take the time they need on a busy machine."""
    for level in LEVELS:
        config.addinivalue_line("markers", f"{level}: the tests below tests/{level}")
    hypothesis.settings.load_profile(config.getoption("--hypothesis-profile", default=None) or "muster")
    # Where nothing sets logging up, structlog would draw each traceback with all local values, for up to half a second.
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])


def pytest_collection_finish() -> None:
    """Leave thousands of collected tests out of garbage collection: each full one would walk all of them again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by the folder it lives in."""
    root = config.rootpath / "tests"
    for item in items:
        if level := _level(item.path, root):
            item.add_marker(level)


@pytest.hookimpl(trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Block sockets in unit tests; Unix sockets stay, because every event loop has a pair of them.

    It runs after pytest-socket's own hook, whose marks a unit test cannot use to get out.
    """
    if item.get_closest_marker("unit") is not None:
        pytest_socket.disable_socket(allow_unix_socket=True)


def _level(path: Path, root: Path) -> str | None:
    """Return the level whose folder below *root* holds *path*; None outside of them."""
    if not path.is_relative_to(root):
        return None
    first = path.relative_to(root).parts[0]
    return first if first in LEVELS else None


@pytest.fixture(autouse=True)
def _environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every `AWS_*` variable away; lead to the local AWS in tests that use it."""
    for name in [*os.environ]:  # noqa: TID251 - a test's environment is made here
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    # Without it, botocore would look for the credentials of the machine it runs on, over the network.
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    if "local_aws" in request.fixturenames:
        local: LocalAWS = request.getfixturevalue("local_aws")
        for name, value in local.environment.items():
            monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def _tidy_loop(request: pytest.FixtureRequest) -> None:
    """Let `_no_task_left` look after async tests; sync tests have no loop."""
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_no_task_left")


@pytest.fixture
async def _no_task_left() -> AsyncIterator[None]:
    """Fail a test that leaves a task running, after all its other fixtures are closed."""
    before = asyncio.all_tasks()
    yield
    for _ in range(LAST_TURNS):
        left = [task for task in asyncio.all_tasks() - before - {asyncio.current_task()} if not task.done()]
        if not left:
            return
        # One that has been cancelled, or was told to end, needs a turn of the loop for each step that it still has.
        await asyncio.sleep(0)
    pytest.fail(f"the test left tasks behind: {', '.join(repr(task.get_coro()) for task in left)}")


@pytest.fixture
def clock() -> "FakeClock":
    """Return a clock that the test moves."""
    from muster_runtime.testing.clock import FakeClock  # noqa: PLC0415 - see the module's docstring

    return FakeClock()


@pytest.fixture(scope="session")
def local_aws(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[LocalAWS]":
    """Yield the AWS of this run: one ministack, started at first use and stopped at the end.

    `MUSTER_TEST_AWS` names the endpoint of one that runs already, such as LocalStack; then none is started.
    `MUSTER_EMULATOR` names the program where it is not in `.venv-emulator`.
    """
    from muster_runtime.testing.local_aws import (  # noqa: PLC0415 - see the module's docstring
        Emulator,
        LocalAWS,
        find_program,
    )

    if endpoint := os.environ.get("MUSTER_TEST_AWS"):  # noqa: TID251 - the settings of a test run are read here
        yield LocalAWS(endpoint)
        return
    given = os.environ.get("MUSTER_EMULATOR")  # noqa: TID251 - the settings of a test run are read here
    emulator = Emulator(find_program(pytestconfig.rootpath, given), tmp_path_factory.mktemp("aws"))
    try:
        yield emulator.start()
    finally:
        emulator.stop()


@pytest.fixture
async def sandbox(local_aws: "LocalAWS") -> "AsyncIterator[Sandbox]":
    """Yield a maker of queues, tables and buses for this test, and of clients that are closed after it."""
    from muster_runtime.testing.sandbox import Sandbox  # noqa: PLC0415 - see the module's docstring

    # With several workers each has its own ministack, but MUSTER_TEST_AWS may be shared by all of them and others.
    async with AsyncExitStack() as stack:
        yield Sandbox(local_aws, stack, prefix=f"muster-test-{os.getpid()}")


@pytest.fixture
async def http_client() -> "AsyncIterator[aiohttp.ClientSession]":
    """Yield an HTTP client that follows no redirects by itself and closes its connections."""
    import aiohttp  # noqa: PLC0415 - see the module's docstring

    timeout = aiohttp.ClientTimeout(total=HTTP_TOTAL_S)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(force_close=True)) as session:
        yield session


@pytest.fixture
def token_mint(request: pytest.FixtureRequest) -> "TokenMint":
    """Return a mint of access tokens; it goes by the fixture `clock` in tests that use it."""
    from muster_runtime.testing.tokens import TokenMint  # noqa: PLC0415 - see the module's docstring

    fake = request.getfixturevalue("clock") if "clock" in request.fixturenames else None
    return TokenMint(clock=fake)


@pytest.fixture
def spans() -> "Iterator[InMemorySpanExporter]":
    """Record spans with an OpenTelemetry SDK; `spans.get_finished_spans()` gives them."""
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - the SDK is for tests only
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415 - the same
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: PLC0415 - the same

    from muster_runtime import tracing  # noqa: PLC0415 - see the module's docstring

    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with tracing.use(provider):
        yield exporter
    provider.shutdown()
