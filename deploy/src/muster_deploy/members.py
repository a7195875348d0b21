"""The distributions of this workspace: which of them a service consists of."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from muster_deploy.settings import ROOT


def folder_of(distribution: str, root: Path = ROOT) -> Path:
    """Return the folder of one of our distributions, such as `muster-tickets`.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    name = distribution.removeprefix("muster-")
    for folder in (root / "shared" / name, root / "services" / name):
        if (folder / "pyproject.toml").is_file():
            return folder
    raise FileNotFoundError(distribution)


def parts_of(distribution: str, root: Path = ROOT) -> Sequence[Path]:
    """Return the folders of a distribution and of all of ours that it needs, each before those that need it."""
    found: list[Path] = []

    def visit(name: str) -> None:
        folder = folder_of(name, root)
        if folder in found:
            return
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for needed in project.get("dependencies", []):
            if needed.startswith("muster-"):
                visit(needed)
        found.append(folder)

    visit(distribution)
    return found
