"""The image that `make images` has built runs with nothing it does not need, and ends when asked.

Building takes minutes, so `make images` runs these tests, and `make test` does not.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster_deploy.images import UID, tag
from muster_runtime.testing import eventually

SERVICE = "gamelift"
ASKED = os.environ.get("MUSTER_IMAGES") == "built"  # noqa: TID251 - the settings of a test run are read here
MISSING = [name for name in ("podman", "runc") if shutil.which(name) is None]

pytestmark = [
    pytest.mark.images,
    pytest.mark.slow,
    pytest.mark.skipif(not ASKED, reason="building takes minutes: make images"),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}"),
]

# What podman needs where cgroups are of the first version and the machine lacks the resource capability.
CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
"""


class Podman:
    """Podman with the settings above."""

    def __init__(self, configuration: Path) -> None:
        self.environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251 - a child's environment
        self.environment["CONTAINERS_CONF"] = str(configuration)

    def __call__(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["podman", *arguments],  # noqa: S607 - found like a developer's
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, f"podman {arguments}: {done.stdout}{done.stderr}"
        return done.stdout.strip() if done.returncode == 0 else ""


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Podman:
    configuration = tmp_path_factory.mktemp("podman") / "containers.conf"
    configuration.write_text(CONTAINERS_CONF)
    return Podman(configuration)


@pytest.fixture(scope="module")
def image(podman: Podman) -> str:
    if not podman("images", "--quiet", tag(SERVICE)):
        pytest.skip(f"{tag(SERVICE)} is not built: make images")
    return tag(SERVICE)


@pytest.fixture
def container(podman: Podman, image: str) -> Iterator[str]:
    started = podman(
        *("run", "--detach", "--read-only", "--read-only-tmpfs=false", "--cap-drop=all"),
        *("--security-opt=no-new-privileges", "--network=none", image),
    )
    yield started
    podman("rm", "--force", "--time", "0", started, check=False)


def test_the_image_says_who_runs_it_what_it_runs_and_how_to_ask_for_its_health(podman: Podman, image: str) -> None:
    (seen,) = json.loads(podman("image", "inspect", image))
    configuration = seen["Config"]

    assert f"{UID}:{UID}" == configuration["User"]
    assert ["python", "-m", f"muster_{SERVICE}"] == configuration["Entrypoint"]
    assert ["CMD", "python", "-m", f"muster_{SERVICE}", "healthcheck"] == seen["Healthcheck"]["Test"]


async def test_it_runs_as_nobody_on_a_read_only_root_and_ends_well_when_asked(podman: Podman, container: str) -> None:
    async def healthy() -> bool:
        return bool(podman("healthcheck", "run", container, check=False) or _is_healthy(podman, container))

    await eventually(healthy, within_s=100)

    status = dict(
        line.split(":\t", 1)
        for line in podman("exec", container, "cat", "/proc/1/status").splitlines()
        if ":\t" in line
    )
    assert [str(UID)] * 4 == status["Uid"].split()
    assert 0 == int(status["CapEff"], 16)
    assert "1" == status["NoNewPrivs"]
    assert "" == podman("exec", container, "touch", "/opt/muster/planted", check=False)
    assert "" == podman("exec", container, "ls", "/opt/muster/planted", check=False)

    podman("stop", "--time", "30", container)

    assert "0" == podman("inspect", "--format", "{{.State.ExitCode}}", container), podman("logs", container)


def _is_healthy(podman: Podman, container: str) -> bool:
    return "healthy" == podman("inspect", "--format", "{{.State.Health.Status}}", container, check=False)
