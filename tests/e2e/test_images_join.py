"""Every image, run as in production, joins a Muster that is up: `make images` first, then `make images-join`.

The images themselves are not built here: that takes minutes for all of them.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from muster_system import System

from muster_deploy.images import UID, tag
from muster_runtime.testing import eventually
from muster_runtime.testing.local_aws import free_port

HARNESSES = ("loop",)
SERVICES = ("identity", "matchmaking", "tickets", "achievements", "listener", "gamelift", "players")
ASKED = os.environ.get("MUSTER_IMAGES") == "join"  # noqa: TID251 - the settings of a test run are read here

pytestmark = [
    pytest.mark.images,
    pytest.mark.slow,
    pytest.mark.skipif(not ASKED, reason="needs all images built before: make images images-join"),
    pytest.mark.skipif(shutil.which("podman") is None, reason="podman is not installed here"),
]


@pytest.fixture
def podman(tmp_path: Path) -> Iterator[object]:
    configuration = tmp_path / "containers.conf"
    configuration.write_text(
        '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n[engine]\nruntime = "runc"\n'
    )
    ours = os.environ  # noqa: TID251 - a child gets a part of it
    environment = {name: ours[name] for name in ("PATH", "HOME") if name in ours}

    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            ["podman", *arguments],  # noqa: S607 - found like a developer's
            env=environment | {"CONTAINERS_CONF": str(configuration)},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return done.returncode, done.stdout.strip() or done.stderr.strip()

    return run


@pytest.mark.parametrize("service", SERVICES)
async def test_an_image_runs_without_rights_answers_its_health_check_and_ends_well(
    system: System, podman: object, service: str
) -> None:
    port = free_port()
    known = system.environment_of(service) | {f"{service.upper()}_PORT": str(port)}
    variables = [f"--env={name}={value}" for name, value in known.items()]
    code, container = podman(  # type: ignore[operator]
        *("run", "--detach", "--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--network=host"),
        *("--security-opt=no-new-privileges", *variables, tag(service)),
    )
    assert 0 == code, container
    try:

        async def healthy() -> bool:
            return bool(podman("healthcheck", "run", container)[0] == 0)  # type: ignore[operator]

        await eventually(healthy, within_s=100)
        status = podman("exec", container, "cat", "/proc/1/status")[1]  # type: ignore[operator]
        assert f"Uid:\t{UID}\t{UID}\t{UID}\t{UID}" in status
        assert "CapEff:\t0000000000000000" in status

        assert 0 == podman("stop", "--time", "30", container)[0]  # type: ignore[operator]

        assert "0" == podman("inspect", "--format", "{{.State.ExitCode}}", container)[1]  # type: ignore[operator]
    finally:
        podman("rm", "--force", "--time", "0", container)  # type: ignore[operator]
