"""The guide for a team without Muster does what it says, in an environment that has nothing of AWS."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ports import kept_port

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "services" / "gamelift" / "docs"
PORT = "9080"
"""The port of the guide; another one is put in its place, because it may be taken."""


def blocks(language: str) -> list[str]:
    text = (DOCS / "ci.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def port() -> Iterator[str]:
    with kept_port() as kept:
        yield str(kept)


@pytest.mark.timeout(600)
def test_the_five_minutes_work_as_pasted_with_an_empty_environment(tmp_path: Path, port: str) -> None:
    start, test = blocks("bash")
    (python,) = blocks("python")
    (tmp_path / "test_matchmaking.py").write_text(python.replace(PORT, port))
    script = f"trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n{start.replace(PORT, port)}\n{test}"

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],  # noqa: S607 - found like a reader's
        cwd=tmp_path,
        env={"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "4 passed" in done.stdout


def test_the_pipeline_of_the_guide_runs_the_same_test() -> None:
    (pipeline,) = blocks("yaml")
    job = yaml.safe_load(pipeline)["jobs"]["matchmaking"]

    assert blocks("bash")[1].strip() in [step.get("run") for step in job["steps"]]
    assert {"GAMELIFT_PORT": int(PORT), "GAMELIFT_CONTROL": "true"} == job["services"]["gamelift"]["env"]


@pytest.mark.parametrize("document", ["ci.md", "control.md"])
def test_links_of_the_guide_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", (DOCS / document).read_text())

    assert [] == [link for link in links if not (DOCS / link).exists()]
