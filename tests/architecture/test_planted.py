"""The gates are themselves tested: each violation is planted in a copy of the tree, and `make check` must fail on it.

The unplanted tree passes `make check` in the same CI run, so a gate that always fails would be seen there.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".venv*", ".run", ".git", "__pycache__", ".*_cache", ".hypothesis", "cdk.out", "*.egg-info"
)


@dataclass(frozen=True)
class Copy:
    """A copy of the working tree in which something may be planted."""

    root: Path

    def plant(self, path: str, before: str, after: str) -> None:
        file = self.root / path
        text = file.read_text()
        assert before in text, f"{path} no longer has the text to plant at"
        file.write_text(text.replace(before, after, 1))

    def append(self, path: str, text: str) -> None:
        with (self.root / path).open("a") as file:
            file.write(text)

    def make(self, *targets: str) -> subprocess.CompletedProcess[str]:
        """Run make in the copy; our packages are imported from the copy, third-party ones from the environment."""
        sources = [
            str(path)
            for pattern in ("shared/*/src", "services/*/src", "deploy/src")
            for path in self.root.glob(pattern)
        ]
        # PATH and HOME are all that make and its tools need of the outer environment.
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251 - a child's environment
        environment |= {"PYTHONPATH": os.pathsep.join(sources), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(  # noqa: PLW1510 - the exit code is what is tested
            ["make", "--no-print-directory", "-o", "setup", *targets],  # noqa: S607 - make is found like a developer finds it
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    root = tmp_path / "copy"
    shutil.copytree(ROOT, root, ignore=LEFT_OUT)
    for environment in ROOT.glob(".venv*"):
        (root / environment.name).symlink_to(environment)
    yield Copy(root)
    shutil.rmtree(root)


def assert_refused(result: subprocess.CompletedProcess[str], *said: str) -> None:
    output = result.stdout + result.stderr
    assert result.returncode != 0, output
    for words in said:
        assert words in output, output


def test_the_environment_is_read_in_settings_alone(copy: Copy) -> None:
    copy.append(
        "services/tickets/src/muster_tickets/handlers.py",
        '\n\ndef planted() -> str:\n    """Read the environment."""\n    return os.environ["HOME"]\n',
    )
    copy.plant("services/tickets/src/muster_tickets/handlers.py", '"""\n\n', '"""\n\nimport os\n')

    assert_refused(copy.make("check"), "TID251", "os.environ", "muster_tickets/handlers.py")


def test_no_task_is_started_outside_a_task_group(copy: Copy) -> None:
    copy.append(
        "services/listener/src/muster_listener/handlers.py",
        '\n\ndef planted() -> None:\n    """Start a stray task."""\n    import asyncio\n\n'
        "    asyncio.create_task(asyncio.sleep(0))\n",
    )

    assert_refused(copy.make("check"), "TID251", "create_task", "muster_listener/handlers.py")


def test_services_never_import_each_other(copy: Copy) -> None:
    copy.plant(
        "services/achievements/src/muster_achievements/app.py",
        "from muster_achievements.settings import Settings\n",
        "from muster_achievements.settings import Settings\nfrom muster_identity.settings import Settings as Theirs\n",
    )
    copy.append("services/achievements/src/muster_achievements/app.py", "\n\nPLANTED = Theirs\n")
    copy.make("format")

    assert_refused(copy.make("check"), "BROKEN", "muster_achievements.app", "muster_identity.settings")


def test_rules_import_nothing_that_does_io(copy: Copy) -> None:
    copy.plant(
        "services/matchmaking/src/muster_matchmaking/domain.py",
        "import uuid\n",
        "import uuid\n\nimport aiohttp\n",
    )
    copy.append("services/matchmaking/src/muster_matchmaking/domain.py", "\n\nPLANTED = aiohttp.ClientSession\n")
    copy.make("format")

    assert_refused(copy.make("check"), "BROKEN", "muster_matchmaking.domain", "aiohttp")


def test_only_one_module_makes_aws_clients(copy: Copy) -> None:
    copy.plant(
        "services/listener/src/muster_listener/app.py",
        "from muster_listener.settings import Settings\n",
        "import aiobotocore.session\n\nfrom muster_listener.settings import Settings\n",
    )
    copy.append("services/listener/src/muster_listener/app.py", "\n\nPLANTED = aiobotocore.session.get_session\n")
    copy.make("format")

    assert_refused(copy.make("check"), "BROKEN", "muster_listener.app", "aiobotocore")


BREAKING = {
    "a field changes its type": ("    match_id: str\n    game_session_arn", "    match_id: int\n    game_session_arn"),
    "a field is removed": ("    match_id: str\n    game_session_arn", "    game_session_arn"),
    "a new field is required": (
        "    match_id: str\n    game_session_arn",
        "    match_id: str\n    planted: str\n    game_session_arn",
    ),
    "a closed list of values grows": ('"timed_out", "refused"]', '"timed_out", "refused", "planted"]'),
}


@pytest.mark.parametrize("change", BREAKING, ids=lambda name: name.replace(" ", "-"))
@pytest.mark.parametrize("regenerated", [False, True], ids=["forgotten", "regenerated"])
def test_an_event_never_changes_in_a_breaking_way(copy: Copy, change: str, regenerated: bool) -> None:  # noqa: FBT001 - a parameter
    before, after = BREAKING[change]
    copy.plant("shared/events/src/muster_events/tickets.py", before, after)
    if regenerated:
        copy.make("generated")

    assert_refused(copy.make("stale"))
