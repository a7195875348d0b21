"""What `python -m muster_deploy` reads from its environment, and the one place that sees the process environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from muster_runtime.settings import ServiceSettings, settings_config

ROOT = Path(__file__).resolve().parents[3]
"""The repository: where templates, virtual environments and `.run` are."""

Backend = Literal["emulator", "localstack", "real"]

Port = Annotated[int, Field(ge=0, le=65_535)]
"""0 means any free one."""


class Settings(ServiceSettings):
    """Settings of the whole stack; a port of 0 means any free port."""

    model_config = settings_config("MUSTER_")

    aws: Backend = Field(
        default="emulator",
        description="which AWS: the embedded emulator, LocalStack, or a real account",
    )
    processes: bool = Field(default=False, description="one child process for each service instead of one loop for all")
    keep: bool = Field(default=False, description="the emulator's data survives a restart")
    prefix: str = Field(
        default="muster",
        pattern="^[a-z][a-z0-9-]{0,30}$",
        description="begins every physical name in AWS",
    )
    region: str = Field(default="us-east-1", description="AWS region when AWS_REGION does not name one")
    run_dir: Path = Field(default=ROOT / ".run", description="where env files, emulator data and logs go")
    emulator: Path = Field(
        default=ROOT / ".venv-emulator" / "bin" / "ministack", description="program of the embedded AWS emulator"
    )
    python_image: str = Field(
        default="docker.io/library/python:3.11-slim-bookworm",
        description="base of the container images; `local`, or a registry that does not answer, makes one here",
    )
    demo: bool = Field(default=True, description="play one verified match once everything is up")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="least severe level that services log, unless theirs is set"
    )

    port: Port = Field(default=8080, description="port of the one base URL")
    emulator_port: Port = Field(default=4566, description="port of the AWS emulator")
    gamelift_port: Port = Field(default=9080, description="port of the local GameLift API")
    identity_port: Port = Field(default=8081, description="port of the identity service")
    matchmaking_port: Port = Field(default=8082, description="port of the matchmaking service")
    tickets_port: Port = Field(default=8083, description="port of the tickets service")
    achievements_port: Port = Field(default=8084, description="port of the achievements service")
    listener_port: Port = Field(default=8085, description="port of the listener service")
    players_port: Port = Field(default=8086, description="port of the virtual players")
    arena_port: Port = Field(default=8087, description="port of the sample game server's health routes")
    arena_port_first: Port = Field(
        default=7777, description="first TCP port of the sample game server; one for each slot"
    )
    arena_slots: int = Field(default=4, ge=1, le=64, description="matches that can be played at once")
    providers_port: Port = Field(default=8088, description="port of the pretend providers")

    start_timeout_s: float = Field(
        default=60.0, gt=0, description="longest wait for everything to answer that it is ready, seconds"
    )
    upstream_timeout_s: float = Field(
        default=30.0, gt=0, description="longest silence of a service before the edge answers 504, seconds"
    )
    upstream_connections: int = Field(
        default=512, ge=1, le=65_535, description="requests that the edge passes on at a time, to each service"
    )
    stop_grace_s: float = Field(
        default=8.0, gt=0, description="from asking everything to stop to killing what still runs, seconds"
    )


def inherited() -> dict[str, str]:
    """Return a copy of this process's environment."""
    return dict(os.environ)  # noqa: TID251 - a settings module


def export(variables: Mapping[str, str]) -> None:
    """Put *variables* into this process's environment, for services that run in its loop."""
    os.environ.update(variables)  # noqa: TID251 - a settings module
