"""What the documents tell a reader to paste is pasted here."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from muster_system import ROOT, System, clean_environment

FENCE = re.compile(r"^```bash\n(?P<code>.*?)^```", re.MULTILINE | re.DOTALL)


def _section(document: str, heading: str) -> str:
    """Return the shell blocks below *heading*, up to the next heading of its level, as one script."""
    text = (ROOT / document).read_text()
    start = text.index(f"\n{heading}\n")
    level = heading.split(" ", 1)[0]
    end = text.find(f"\n{level} ", start + 1)
    return "\n".join(match["code"] for match in FENCE.finditer(text[start : end if end > 0 else None]))


def _paste(script: str, folder: Path, **environment: str) -> str:
    """Run *script* in bash as a reader would, stopping at the first command that fails; return what it printed."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - found like a reader's
        cwd=folder,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, f"{script}\n--- printed\n{done.stdout}\n--- and\n{done.stderr}"
    return done.stdout


def test_the_players_journey_of_the_readme_works_as_pasted(system: System, tmp_path: Path) -> None:
    script = _section("README.md", "## A player's journey, by hand").replace("http://127.0.0.1:8080", system.base_url)

    printed = _paste(script, tmp_path)

    assert '"COMPLETED"' in printed.replace(" ", ""), printed
    assert "first_match" in printed, printed


def test_the_aws_command_line_starts_matchmaking_and_sees_it_completed(system: System, tmp_path: Path) -> None:
    known = {name: value for name, value in system.environment.items() if name.startswith("AWS_")}
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{clean_environment()['PATH']}"

    printed = _paste(f"bash {ROOT}/services/gamelift/examples/two-players.sh", tmp_path, **known, PATH=path)

    assert "COMPLETED" in printed
    assert 2 == printed.count('"PlayerSession": "psess-')
    assert 2 == printed.count('"IpAddress": "127.0.0.1"')


@pytest.mark.parametrize(
    "document",
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in ROOT.glob("**/README.md")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    ),
)
def test_links_between_documents_lead_somewhere(document: str) -> None:
    page = ROOT / document
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())

    assert [] == [link for link in links if not (page.parent / link).exists()]
