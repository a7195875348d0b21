import os
import subprocess
import sys
from pathlib import Path

TEST_PROJECT = """
[tool.pytest.ini_options]
addopts = ["-p", "muster_runtime.testing.fixtures", "--import-mode=importlib", "-q"]
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
filterwarnings = ["error"]
"""


def outcome(folder: Path, level: str, body: str, environment: dict[str, str] | None = None) -> str:
    """Run *body* as a test file of *level* in a project of its own; return pytest's output."""
    (folder / "pyproject.toml").write_text(TEST_PROJECT)
    test_folder = folder / "tests" / level
    test_folder.mkdir(parents=True)
    (test_folder / "test_planted.py").write_text(body)
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", str(folder)],
        cwd=folder,
        env={"PATH": os.defpath, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return finished.stdout + finished.stderr


def test_a_test_that_leaves_a_task_behind_fails(tmp_path: Path) -> None:
    said = outcome(
        tmp_path,
        "unit",
        "import asyncio\n"
        "async def test_leaves_a_task():\n"
        "    global kept\n"
        "    kept = asyncio.create_task(asyncio.Event().wait())\n",
    )

    assert "the test left tasks behind" in said
    assert "1 error" in said


def test_a_test_that_closes_what_it_starts_passes(tmp_path: Path) -> None:
    said = outcome(
        tmp_path,
        "unit",
        "import asyncio\n"
        "async def test_is_tidy():\n"
        "    async with asyncio.TaskGroup() as group:\n"
        "        group.create_task(asyncio.sleep(0))\n",
    )

    assert "1 passed" in said


def test_a_mark_does_not_let_a_unit_test_out(tmp_path: Path) -> None:
    said = outcome(
        tmp_path,
        "unit",
        "import pytest, socket\n"
        "@pytest.mark.enable_socket\n"
        "def test_opens_a_socket():\n"
        "    socket.create_connection(('127.0.0.1', 9))\n",
    )

    assert "SocketBlockedError" in said


def test_an_integration_test_may_open_sockets(tmp_path: Path) -> None:
    said = outcome(
        tmp_path,
        "integration",
        "import socket\ndef test_binds():\n    with socket.socket() as probe:\n        probe.bind(('127.0.0.1', 0))\n",
    )

    assert "1 passed" in said


def test_a_developers_account_is_hidden_from_every_level(tmp_path: Path) -> None:
    said = outcome(
        tmp_path,
        "integration",
        "import os\ndef test_sees_nothing():\n    assert 'AWS_PROFILE' not in os.environ\n",
        {"AWS_PROFILE": "production"},
    )

    assert "1 passed" in said
