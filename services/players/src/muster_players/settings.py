"""What the service can be told."""

from pydantic import Field

from muster_runtime.settings import AuthSettings, HTTPUrl, ServiceSettings, settings_config


class Settings(AuthSettings, ServiceSettings):
    """Settings of the virtual players."""

    model_config = settings_config("PLAYERS_")

    base_url: HTTPUrl = Field(
        validation_alias="MUSTER_BASE_URL", description="where all services are, and the players go"
    )
    runs_at_once: int = Field(2, ge=1, le=20, description="runs executed at a time")
    runs_waiting: int = Field(20, ge=1, le=1000, description="runs that may wait; more are refused")
    runs_kept: int = Field(100, ge=1, le=10_000, description="runs remembered, in memory")
