"""Prove that each service needs nothing beyond its own lock: install it alone, start it, stop it."""

import asyncio
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import aiohttp

from muster_deploy import apply, templates
from muster_deploy.children import start
from muster_deploy.emulator import Emulator
from muster_deploy.environment import Facts, aws_environment, service_environment
from muster_deploy.members import parts_of
from muster_deploy.ports import free_ports
from muster_deploy.problems import CannotStart
from muster_deploy.readiness import answers
from muster_deploy.services import SERVICES, Entry, by_name
from muster_deploy.settings import ROOT, Settings, export
from muster_deploy.topology import Topology, settle
from muster_runtime.ids import SystemIds

_INSTALL_TIMEOUT_S = 300
_LISTEN_TIMEOUT_S = 30.0
_STOP_GRACE_S = 15.0


def prove(names: Sequence[str], *, say: Callable[[str], None]) -> int:
    """Install and start the named services, or all of them; return 1 when one of them does not.

    Args:
        names: of services; empty for all.
        say: gets a line for each.
    """
    unknown = sorted(set(names) - set(by_name()))
    if unknown:
        say(f"no such service: {', '.join(unknown)}")
        return 2
    entries = [entry for entry in SERVICES if not names or entry.name in names]
    with tempfile.TemporaryDirectory(prefix="muster-alone-") as folder:
        pythons = {entry.name: install(entry, Path(folder)) for entry in entries}
        problems = asyncio.run(_start_each(entries, pythons, Path(folder), say))
    return 1 if problems else 0


def install(entry: Entry, folder: Path) -> Path:
    """Install a service from its own lock into an environment of its own; return its Python.

    Raises:
        CannotStart: the lock does not hold what the service declares.
    """
    environment = folder / entry.name
    python = environment / "bin" / "python"
    service = ROOT / "services" / entry.name
    _run([sys.executable, "-m", "venv", str(environment)])
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-q"]
    _run([*pip, "install", "--require-hashes", "--no-deps", "-r", str(service / "requirements.txt")])
    wheels = folder / "wheels"
    parts = parts_of(f"muster-{entry.name}")
    for part in parts:
        # Built from a copy with the build tools of this environment, so that the service's own stays bare.
        copy = folder / "src" / part.name
        shutil.copytree(part, copy, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        tool = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "wheel"]
        _run([*tool, "--no-deps", "--no-build-isolation", "-w", str(wheels), str(copy)])
    _run([*pip, "install", "--no-index", "--no-deps", "--find-links", str(wheels), *_distributions(parts)])
    _run([*pip, "check"])
    return python


def _distributions(parts: Sequence[Path]) -> list[str]:
    return [f"muster-{part.name}" for part in parts]


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S, check=False)  # noqa: S603 - fixed programs
    if done.returncode:
        raise CannotStart(f"{' '.join(command[1:4])} failed.", (done.stdout + done.stderr).strip()[-2000:])


async def _start_each(
    entries: Sequence[Entry], pythons: dict[str, Path], folder: Path, say: Callable[[str], None]
) -> list[str]:
    topology = settle(_any_ports(), SERVICES, region="us-east-1", localstack=None)
    problems: list[str] = []
    async with asyncio.TaskGroup() as group:
        program, port = _any_ports().emulator, topology.emulator_port
        emulator = Emulator(program, host=topology.host, port=port, run_dir=folder, keep=False)
        await emulator.start(group, say)
        try:
            await emulator.wait_ready()
            facts = await _deploy(topology)
            for entry in entries:
                problem = await _start_one(entry, pythons[entry.name], topology, facts, group)
                say(f"{'FAILED' if problem else 'ok':<6}  {entry.name}  {problem}".rstrip())
                problems += [problem] if problem else []
        finally:
            await emulator.stop()
    return problems


def _any_ports() -> Settings:
    return Settings(
        port=0,
        emulator_port=0,
        arena_port=0,
        arena_port_first=0,
        gamelift_port=0,
        identity_port=0,
        matchmaking_port=0,
        tickets_port=0,
        achievements_port=0,
        listener_port=0,
        players_port=0,
        providers_port=0,
    )


async def _deploy(topology: Topology) -> Facts:
    export(aws_environment(topology))
    limits = _any_ports()
    outputs = await apply.apply(templates.load(), prefix="muster", limits=limits, local=True)
    await apply.seed_clients(outputs["IdentityClientsSecret"], limits=limits, ids=SystemIds())
    return Facts(outputs)


async def _start_one(entry: Entry, python: Path, topology: Topology, facts: Facts, group: asyncio.TaskGroup) -> str:
    """Start one service, wait until it lives, and stop it; return what went wrong, or nothing."""
    lines: list[str] = []
    (port,) = free_ports(1)
    environment = service_environment(entry, topology, facts)
    environment |= {f"{entry.prefix}PORT": str(port), f"{entry.prefix}CONSUMER_WAIT_S": "1"}
    child = await start([str(python), "-m", entry.module], group=group, environment=environment, on_line=lines.append)
    lives = False
    try:
        async with asyncio.timeout(_LISTEN_TIMEOUT_S), aiohttp.ClientSession() as http:
            while child.exit_code is None and not lives:
                lives = await answers(http, f"http://{topology.host}:{port}/livez")
                await asyncio.sleep(0.05)
    except TimeoutError:
        lines.append(f"it did not listen within {_LISTEN_TIMEOUT_S:.0f} s")
    code = await child.stop(grace_s=_STOP_GRACE_S)
    if lives and code == 0:
        return ""
    return f"exit code {code}: {' / '.join(lines[-3:])}"
