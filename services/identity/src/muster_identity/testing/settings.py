"""What the pretend providers are told."""

from pydantic import Field

from muster_runtime.settings import HTTPUrl, ServiceSettings, settings_config


class Settings(ServiceSettings):
    """Settings of the pretend providers."""

    model_config = settings_config("PROVIDERS_")

    port: int = Field(8088, ge=0, le=65_535, description="port the HTTP server listens on; 0 takes any free one")
    url: HTTPUrl = Field("http://127.0.0.1:8088", description="where others reach them; begins their issuers")
