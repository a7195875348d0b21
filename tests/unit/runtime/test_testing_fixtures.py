import os
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_socket

from muster_runtime.testing.fixtures import _shard, pytest_ignore_collect
from muster_runtime.testing.local_aws import PROGRAM, EmulatorUnavailable, find_program


def test_a_test_is_marked_by_its_folder(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("unit") is not None
    assert request.node.get_closest_marker("integration") is None


def test_a_unit_test_cannot_open_a_socket() -> None:
    with (
        pytest.warns(UserWarning, match="socket"),
        pytest.raises(pytest_socket.SocketBlockedError),
        socket.socket(socket.AF_INET, socket.SOCK_STREAM),
    ):
        pass


def test_a_unit_test_cannot_resolve_a_name() -> None:
    with pytest.warns(UserWarning, match="socket"), pytest.raises(pytest_socket.SocketBlockedError):
        socket.getaddrinfo("localhost", 80)


async def test_an_event_loop_works_without_the_network() -> None:
    assert socket.socket is not None


def test_no_test_sees_an_aws_account() -> None:
    seen = {name for name in os.environ if name.startswith("AWS_")}  # noqa: TID251 - that is what is tested

    assert {"AWS_CONFIG_FILE", "AWS_EC2_METADATA_DISABLED", "AWS_SHARED_CREDENTIALS_FILE"} == seen


def test_the_emulator_is_found_from_a_folder_below_it(tmp_path: Path) -> None:
    program = tmp_path / PROGRAM
    program.parent.mkdir(parents=True)
    program.touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    assert program == find_program(below, None)
    assert Path("elsewhere") == find_program(below, "elsewhere")


def test_a_missing_emulator_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(EmulatorUnavailable, match="make setup"):
        find_program(tmp_path, None)


def kept(path: Path, root: Path, shard: tuple[int, int]) -> bool:
    config: Any = SimpleNamespace(rootpath=root, getoption=lambda _name: shard)
    return pytest_ignore_collect(path, config) is None


def test_each_file_is_in_one_shard_and_whatever_else_there_is_in_all_of_them(pytestconfig: pytest.Config) -> None:
    root = pytestconfig.rootpath
    files = [*(root / "tests").rglob("test_*.py")]

    shards = [[path for path in files if kept(path, root, (number, 3))] for number in (1, 2, 3)]

    assert sorted(files) == sorted(path for shard in shards for path in shard)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    assert kept(root / "tests" / "unit", root, (2, 3))
    assert kept(root / "tests" / "e2e" / "conftest.py", root, (2, 3))
    assert all(kept(path, root, (1, 1)) for path in files)


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - argparse shows the text, not the message
        _shard(text)
