"""Container images: one Dockerfile text for every service, and the building of them with buildah or podman."""

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from muster_deploy.members import parts_of
from muster_deploy.problems import CannotStart
from muster_deploy.services import SERVICES, Entry, by_name
from muster_deploy.settings import ROOT

PUBLIC_BASE: Final = "docker.io/library/python:3.11-slim-bookworm"
"""Pin it by digest in production: MUSTER_PYTHON_IMAGE=docker.io/library/python@sha256:..."""
LOCAL: Final = "local"
"""As MUSTER_PYTHON_IMAGE: make the base on this machine, from its own package sources, where no registry is at hand."""
IMAGE_PYTHON: Final = "3.11"
"""Python of both bases, the public and the local one."""
LOCAL_BASE: Final = "localhost/muster/python:local"
UID: Final = 10_001
_TIMEOUT_S: Final = 900
_PULL_TIMEOUT_S: Final = 300

_DOCKERFILE = """\
# The image of muster-{name}; every service has the same text but for its name. Written by `make generated`.
# Build context: the root of the repository. `make images S={name}` builds it.
ARG PYTHON_IMAGE={base}

FROM ${{PYTHON_IMAGE}} AS build
# More arguments for pip, such as `--no-index --find-links /wheels` where no package index can be reached.
ARG PIP_ARGS=""
WORKDIR /src
COPY requirements/build.txt requirements/build.txt
COPY services/{name}/requirements.txt services/{name}/requirements.txt
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/muster \\
    && /opt/build/bin/pip install --no-cache-dir ${{PIP_ARGS}} --require-hashes --no-deps -r requirements/build.txt \\
    && /opt/build/bin/pip --python /opt/muster/bin/python install --no-cache-dir ${{PIP_ARGS}} --require-hashes \\
        --no-deps -r services/{name}/requirements.txt
{copies}
RUN /opt/build/bin/pip wheel --no-index --no-deps --no-build-isolation -w /opt/wheels {parts} \\
    && /opt/build/bin/pip --python /opt/muster/bin/python install --no-cache-dir --no-index --no-deps /opt/wheels/*.whl

FROM ${{PYTHON_IMAGE}}
COPY --from=build /opt/muster /opt/muster
ENV PATH=/opt/muster/bin:/usr/local/bin:/usr/bin:/bin \\
    PYTHONDONTWRITEBYTECODE=1 \\
    PYTHONUNBUFFERED=1 \\
    {prefix}HOST=0.0.0.0 \\
    {prefix}PORT=8080
USER {uid}:{uid}
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \\
    CMD ["python", "-m", "{module}", "healthcheck"]
ENTRYPOINT ["python", "-m", "{module}"]
"""


def dockerfile(entry: Entry) -> str:
    """Return the Dockerfile of a service."""
    parts = [part.relative_to(ROOT).as_posix() for part in parts_of(f"muster-{entry.name}")]
    return _DOCKERFILE.format(
        name=entry.name,
        module=entry.module,
        prefix=entry.prefix,
        base=PUBLIC_BASE,
        uid=UID,
        copies="\n".join(f"COPY {part} {part}" for part in parts),
        parts=" ".join(f"./{part}" for part in parts),
    )


def tag(name: str) -> str:
    """Return the name of a service's image."""
    return f"localhost/muster/{name}:latest"


def build(names: Sequence[str], *, python_image: str, work: Path, say: Callable[[str], None]) -> int:
    """Build the images of the named services, or of all.

    Packages are fetched on this machine, by its own pip and settings, and handed to the build: it needs no network.

    Args:
        names: of services; empty for all.
        python_image: the base, or `local`.
        work: where packages and the local base are kept between builds.
        say: gets a line for each image.

    Returns:
        The exit code: 3 when this machine has no builder.

    Raises:
        CannotStart: a step failed.
    """
    unknown = sorted(set(names) - set(by_name()))
    if unknown:
        say(f"no such service: {', '.join(unknown)}")
        return 2
    builder = find_builder()
    if builder is None:
        say("Neither buildah nor podman is installed here, so no image was built: apt-get install buildah podman runc")
        return 3
    base = base_for(builder, python_image, work, say)
    for entry in [entry for entry in SERVICES if not names or entry.name in names]:
        wheels = _fetch(entry, work)
        _run([
            *(builder, "build", "--isolation", "chroot", "--format", "docker"),
            *("--build-arg", f"PYTHON_IMAGE={base}"),
            *("--build-arg", "PIP_ARGS=--no-index --find-links /wheels"),
            *("--volume", f"{wheels}:/wheels:ro"),
            *("--file", str(ROOT / "services" / entry.name / "Dockerfile")),
            *("--tag", tag(entry.name), str(ROOT)),
        ])  # fmt: skip
        say(f"built {tag(entry.name)} from {base}")
    return 0


def find_builder() -> str | None:
    """Return the program that builds images here, or None."""
    return shutil.which("buildah") or shutil.which("podman")


def base_for(builder: str, python_image: str, work: Path, say: Callable[[str], None]) -> str:
    """Return the image to build on: the one asked for, or a local one where it is asked for or no registry answers.

    Raises:
        CannotStart: there is neither.
    """
    if python_image == LOCAL:
        return local_base(builder, work)
    if _succeeds([builder, "pull", "--quiet", python_image], timeout_s=_PULL_TIMEOUT_S):
        return python_image
    if shutil.which("mmdebstrap") is None:
        raise CannotStart(
            f"{python_image} cannot be pulled.",
            "MUSTER_PYTHON_IMAGE names another base; with `local`, and mmdebstrap, one is made on this machine.",
        )
    say(f"{python_image} cannot be pulled: building on a base made on this machine")
    return local_base(builder, work)


def local_base(builder: str, work: Path) -> str:
    """Return a base image made from this machine's package sources, made anew only when it is not there.

    Raises:
        CannotStart: mmdebstrap is missing, or failed.
    """
    if _succeeds([builder, "inspect", "--type", "image", LOCAL_BASE]):
        return LOCAL_BASE
    program = shutil.which("mmdebstrap")
    if program is None:
        raise CannotStart("A local base image needs mmdebstrap.", "apt-get install mmdebstrap")
    work.mkdir(parents=True, exist_ok=True)
    tarball = work / "base.tar"
    suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
    excludes = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "info", "locale", "man")]
    options = ["--variant=minbase", "--include=python3,python3-venv,ca-certificates", *excludes]
    _run([program, "--quiet", *options, suite, str(tarball), *_package_sources()])
    dockerfile = work / "base.Dockerfile"
    dockerfile.write_text("FROM scratch\nADD base.tar /\n", encoding="utf-8")
    _run([builder, "build", "--isolation", "chroot", "--file", str(dockerfile), "--tag", LOCAL_BASE, str(work)])
    tarball.unlink()
    return LOCAL_BASE


def _package_sources() -> list[str]:
    files = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("debian.sources"))]
    return [str(file) for file in files if file.is_file()]


def _fetch(entry: Entry, work: Path) -> Path:
    wheels = work / "wheels" / entry.name
    wheels.mkdir(parents=True, exist_ok=True)
    locks = [ROOT / "requirements" / "build.txt", ROOT / "services" / entry.name / "requirements.txt"]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    for lock in locks:
        # For the image's Python, which need not be the one that runs this.
        target = ["--python-version", IMAGE_PYTHON, "--only-binary", ":all:"]
        _run([*pip, "download", "--require-hashes", "--no-deps", *target, "-r", str(lock), "-d", str(wheels)])
    return wheels


def _succeeds(command: Sequence[str], timeout_s: float = 60.0) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=timeout_s, check=False).returncode == 0  # noqa: S603 - fixed programs
    except subprocess.TimeoutExpired:
        return False


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - fixed programs
    if done.returncode:
        program = Path(command[0]).name
        raise CannotStart(f"{program} {command[1]} failed.", (done.stdout + done.stderr).strip()[-3000:])
