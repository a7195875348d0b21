"""One suite, two harnesses: all services in one loop, and one process each. Tests never mention which."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from muster_system import System
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

HARNESSES = ("loop", "processes")
LIMIT_S = 300
"""For one test: many wait for whole systems to start and stop, at the same time as others."""


class BySystem(LoadScopeScheduling):
    """All tests of one system on one worker, so that it starts once; tests that start their own, one by one.

    `--dist loadgroup` is made for this, but xdist 3.8 loses its groups under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        shared = re.search(r"\[on-([a-z]+)", nodeid)
        # Services that were killed come back in their own time: those tests mostly wait, and get a system of their own.
        return f"{shared[1]} {'test_kill' in nodeid}" if shared else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BySystem:
    return BySystem(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(LIMIT_S))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--harness", choices=HARNESSES, help="run the end-to-end tests on this harness alone")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "system" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--harness")
        fitting = getattr(metafunc.module, "HARNESSES", HARNESSES)
        wanted = [pytest.param(name, id=f"on-{name}") for name in fitting if chosen in {None, name}]
        metafunc.parametrize("system", wanted, indirect=True, scope="session")


@pytest.fixture(scope="session")
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A running Muster, shared by the tests of one harness; each test brings players of its own."""
    muster = System(request.param, tmp_path_factory.mktemp(f"muster-{request.param}"))
    muster.start()
    try:
        asyncio.run(muster.ready())
        yield muster
    finally:
        muster.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=100)) as session:
        yield session


@pytest.fixture
def a_folder(tmp_path: Path) -> Path:
    return tmp_path
