"""`doctor`: what this machine has, what it lacks, and how to get it."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from muster_deploy.ports import is_free
from muster_deploy.services import SERVICES
from muster_deploy.settings import ROOT, Settings

_LEAST_PYTHON = (3, 11)
_LEAST_NODE = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor.

    Attributes:
        name: what was looked at.
        fine: it is as it should be.
        said: what was found.
        advice: what to do about it; empty when fine.
        needed: Muster does not come up without it.
    """

    name: str
    fine: bool
    said: str
    advice: str = ""
    needed: bool = True

    @property
    def verdict(self) -> str:
        """One word."""
        if self.fine:
            return "ok"
        return "missing" if self.needed else "optional"


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that Muster needs or can use."""
    return [
        python(sys.version_info[:3]),
        virtual_environment(ROOT),
        emulator(settings.emulator),
        *(port(name, number, settings.host) for name, number in wanted_ports(settings).items()),
        node(_version_of("node")),
        synth(ROOT),
        builder(shutil.which),
    ]


def python(version: Sequence[int]) -> Finding:
    """Judge the running Python."""
    said = ".".join(str(part) for part in version)
    if tuple(version[:2]) >= _LEAST_PYTHON:
        return Finding("python", fine=True, said=said)
    return Finding("python", fine=False, said=said, advice="use 3.11 or newer: make PYTHON=python3.12 setup")


def virtual_environment(root: Path) -> Finding:
    """Judge the virtual environment of the services."""
    if (root / ".venv" / ".ready").exists():
        return Finding("packages", fine=True, said="installed in .venv")
    return Finding("packages", fine=False, said="not complete", advice="make setup")


def emulator(path: Path) -> Finding:
    """Judge the AWS emulator."""
    if path.is_file():
        return Finding("emulator", fine=True, said=f"installed in {path.parent.parent.name}")
    advice = "make setup, or use LocalStack: make up AWS=localstack"
    return Finding("emulator", fine=False, said="not installed", advice=advice)


def wanted_ports(settings: Settings) -> dict[str, int]:
    """Return the ports that `up` will ask for, by the setting that names them."""
    names = ["port", "emulator_port", "arena_port", "arena_port_first", "providers_port"]
    names += [f"{entry.name}_port" for entry in SERVICES]
    return {f"MUSTER_{name.upper()}": int(getattr(settings, name)) for name in names}


def port(name: str, number: int, host: str) -> Finding:
    """Judge one port; *name* is the setting that chooses another."""
    if number == 0:
        return Finding(name, fine=True, said="any free port")
    if is_free(number, host):
        return Finding(name, fine=True, said=f"{number} is free")
    return Finding(
        name,
        fine=False,
        said=f"{number} is taken",
        advice=f"stop what uses it (another make up?), or {name}=0 make up",
    )


def node(version: str | None) -> Finding:
    """Judge Node, which only `make synth` needs."""
    if version is None:
        return Finding("node", fine=False, said="not installed", advice="only for make synth", needed=False)
    major = version.lstrip("v").split(".")[0]
    if major.isdigit() and int(major) >= _LEAST_NODE:
        return Finding("node", fine=True, said=version, needed=False)
    return Finding("node", fine=False, said=version, advice="make synth wants 20 or newer", needed=False)


def synth(root: Path) -> Finding:
    """Judge the virtual environment that renders the templates."""
    if (root / ".venv-synth" / "bin" / "python").exists():
        return Finding("synth", fine=True, said="installed in .venv-synth", needed=False)
    return Finding("synth", fine=False, said="not installed", advice="make synth installs it", needed=False)


def builder(which: Callable[[str], str | None]) -> Finding:
    """Judge the image builders, which only `make images` needs."""
    for name in ("buildah", "podman"):
        if which(name):
            return Finding("image builder", fine=True, said=name, needed=False)
    return Finding(
        "image builder",
        fine=False,
        said="none",
        advice="only for make images: apt-get install buildah podman runc",
        needed=False,
    )


def lines(findings: Sequence[Finding]) -> list[str]:
    """Render findings, one line each."""
    width = max(len(finding.name) for finding in findings)
    return [
        f"{finding.verdict:<8}  {finding.name:<{width}}  {finding.said}"
        + (f"; {finding.advice}" if finding.advice else "")
        for finding in findings
    ]


def healthy(findings: Sequence[Finding]) -> bool:
    """Tell whether Muster would come up."""
    return all(finding.fine or not finding.needed for finding in findings)


def summary(findings: Sequence[Finding]) -> Mapping[str, int]:
    """Count verdicts."""
    counts = {"ok": 0, "missing": 0, "optional": 0}
    for finding in findings:
        counts[finding.verdict] += 1
    return counts


def _version_of(name: str) -> str | None:
    path = shutil.which(name)
    if path is None:
        return None
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - a fixed program
    return answer.stdout.strip() or None
