"""The committed templates are what the CDK app renders."""

import shutil
import subprocess
from pathlib import Path

import pytest

from muster_deploy.settings import ROOT
from muster_deploy.templates import FOLDER

PYTHON = ROOT / ".venv-synth" / "bin" / "python"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed; only rendering templates needs it")
@pytest.mark.skipif(not PYTHON.exists(), reason=".venv-synth is not installed: make synth installs it")
def test_the_committed_templates_are_current(tmp_path: Path) -> None:
    subprocess.run([PYTHON, ROOT / "deploy" / "cdk" / "app.py", tmp_path], check=True, capture_output=True, timeout=110)

    rendered = {path.name: path.read_text() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_text() for path in FOLDER.glob("*.template.json")}
    assert committed == rendered, "run `make synth` and commit deploy/templates"
