"""`python -m muster_events`, run on a copy of the repository's files."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muster_events import repository
from muster_events.__main__ import main

pytestmark = pytest.mark.timeout(600)

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / repository.BASELINE).exists())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy of everything that `python -m muster_events` reads and writes."""
    shutil.copytree(ROOT / "shared/events", tmp_path / "shared/events", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "docs").mkdir()
    for path in (repository.ASYNCAPI, repository.CATALOGUE):
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the copy's own code, so that a changed model is what it sees."""
    launch = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from muster_events.__main__ import main; sys.exit(main())"
    )
    source = str(folder / "shared/events/src")
    return subprocess.run(
        [sys.executable, "-c", launch, source, "--root", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


def rename_field(folder: Path) -> None:
    edit(folder / "shared/events/src/muster_events/matchmaking.py", "configuration: str", "config: str")


def test_a_renamed_field_fails_the_check_even_when_everything_is_generated_again(copy: Path) -> None:
    rename_field(copy)

    for prepare in ("generate", "check"):
        command(copy, prepare)
        checked = command(copy, "check")
        assert checked.returncode == 1
        assert "breaking change: ticket.requested/1: data.configuration: field removed" in checked.stderr
    assert "Traceback" not in checked.stderr


def test_a_breaking_change_cannot_be_released_by_the_command(copy: Path) -> None:
    before = (copy / repository.BASELINE).read_text(encoding="utf-8")
    rename_field(copy)

    refused = command(copy, "release")

    assert refused.returncode == 1
    assert "data.configuration: field removed" in refused.stderr
    assert before == (copy / repository.BASELINE).read_text(encoding="utf-8")


def test_main_in_git_catches_a_baseline_that_was_forged_to_hide_the_change(copy: Path) -> None:
    git: Callable[..., Any] = lambda *words: subprocess.run(  # noqa: E731 - three calls, one shape
        ["git", "-C", str(copy), "-c", "user.name=t", "-c", "user.email=t@example.invalid", *words],  # noqa: S607 - git by PATH
        check=True,
        capture_output=True,
        timeout=100,
    )
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "Released")
    rename_field(copy)
    (copy / repository.BASELINE).unlink()
    assert command(copy, "release").returncode == 0
    command(copy, "generate")

    checked = command(copy, "check")

    assert checked.returncode == 1
    assert "breaking change: ticket.requested/1: data.configuration: field removed" in checked.stderr


def test_an_optional_field_passes_once_generated_and_released(copy: Path) -> None:
    edit(
        copy / "shared/events/src/muster_events/matchmaking.py",
        "requested_at: AwareDatetime",
        'requested_at: AwareDatetime\n    region: str = ""',
    )
    typical = copy / repository.SCHEMAS / "ticket.requested/v1.examples/typical.json"
    edit(typical, '"configuration"', '"region": "eu",\n    "configuration"')

    unprepared = command(copy, "check")
    assert unprepared.returncode == 1
    assert "ticket.requested/1: not released as it is" in unprepared.stderr
    assert "v1.schema.json: not current; run `make generated`" in unprepared.stderr

    assert command(copy, "generate").returncode == 0
    assert command(copy, "release").returncode == 0
    assert command(copy, "check").returncode == 0


def test_a_generated_file_that_was_edited_by_hand_fails_the_check(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (copy / repository.CATALOGUE).open("a", encoding="utf-8") as page:
        page.write("one line more\n")

    assert main(["--root", str(copy), "check"]) == 1
    assert capsys.readouterr().err == "docs/catalogue.md: not current; run `make generated`\n"


def test_a_schema_of_no_event_fails_the_check(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stray = copy / repository.SCHEMAS / "ticket.sold"
    stray.mkdir()
    (stray / "v1.schema.json").write_text("{}", encoding="utf-8")

    assert main(["--root", str(copy), "check"]) == 1
    assert "ticket.sold/v1.schema.json: belongs to no event; delete it" in capsys.readouterr().err


def test_a_missing_example_is_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / repository.SCHEMAS / "ticket.ended/v1.examples/odd.json").unlink()

    assert main(["--root", str(copy), "check"]) == 1
    assert "ticket.ended/v1.examples/odd.json: write this golden example by hand" in capsys.readouterr().err


def test_an_example_that_does_not_parse_is_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(copy / repository.SCHEMAS / "ticket.ended/v1.examples/odd.json", '"refused"', '"evaporated"')

    assert main(["--root", str(copy), "check"]) == 1
    assert "ticket.ended/v1.examples/odd.json: data.outcome" in capsys.readouterr().err


def test_the_models_are_compatible_with_the_committed_folder_and_not_with_a_wider_one(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy / repository.SCHEMAS
    assert main(["compatible", "--against", str(folder)]) == 0

    edit(folder / "ticket.ended/v1.schema.json", '"maxLength": 1024', '"maxLength": 2048')

    assert main(["compatible", "--against", str(folder)]) == 1
    assert "data.reason: maxLength narrowed from 2048 to 1024" in capsys.readouterr().err


def test_comparing_with_an_empty_folder_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compatible", "--against", str(tmp_path)]) == 1
    assert "holds no schemas" in capsys.readouterr().err
