"""Settings of the local GameLift, one field a variable, read from `GAMELIFT_*`."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field

from muster_gamelift.publishing import Outlets
from muster_gamelift.state.world import Limits
from muster_runtime.settings import ServiceSettings, settings_config


class Settings(ServiceSettings):
    """What the local GameLift is told by its environment."""

    model_config = settings_config("GAMELIFT_")

    region: str = Field(
        "us-east-1",
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        description="region of requests whose signature names none; game server SDKs want a real-looking one",
    )
    account: str = Field("000000000000", pattern=r"^\d{12}$", description="account id in ARNs and notices")
    tick_s: float = Field(0.25, gt=0, le=60, description="longest time between two matchmaker passes")
    seed: int = Field(0, ge=0, description="start of the matcher's random choices, so that runs repeat")
    seated_accept: bool = Field(
        default=False,
        description="players of a running game must accept a match with newcomers as well, not the newcomers alone",
    )
    servers_url: str = Field(
        "",
        pattern=r"^(wss?://\S{1,120})?$",
        description="where game servers connect; empty means the address that RegisterCompute was sent to",
    )
    servers_tls_port: int | None = Field(
        None, ge=0, le=65_535, description="port that takes game servers over wss:// as well; unset offers none"
    )
    servers_tls_folder: Path | None = Field(
        None, description="keeps certificate.pem and key.pem of wss://; unset makes new ones for each run"
    )

    page: bool = Field(True, description="whether the read-only web page is served, at /_page/")  # noqa: FBT003 - a default
    control: bool = Field(False, description="whether tests may stop time and order failures, under /_control")  # noqa: FBT003 - a default
    control_notices: int = Field(10_000, ge=1, le=1_000_000, description="so many notices are kept for /_control")
    control_patience_s: float = Field(
        1.0, ge=0, le=60, description="longest real wait of an advance, at one instant, for game servers to answer"
    )
    control_delivery_s: float = Field(
        30.0, gt=0, le=600, description="longest real wait at the end of an advance until notices are published"
    )

    enforce_rates: bool = Field(
        default=False, description="refuse requests that come faster than AWS would take them, with ThrottlingException"
    )
    activation_s: float = Field(
        60.0, ge=1, le=600, description="longest a server process may take to activate a game session"
    )
    relink_grace_s: float = Field(
        60.0, ge=0, le=3600, description="longest wait for a server process that lost its connection"
    )
    termination_s: float = Field(
        120.0, ge=0, le=3600, description="longest a server process may take to end when asked to"
    )
    token_s: float = Field(3600.0, gt=0, le=86_400, description="life of a compute's token")
    kept_s: float = Field(86_400.0, gt=0, description="ended tickets and sessions stay describable this long")
    notice_timeout_s: float = Field(10.0, gt=0, le=60, description="longest one publish of a notice may take")
    notice_give_up_s: float = Field(
        900.0, gt=0, le=86_400, description="a notice that could not be published for this long is dropped"
    )
    sns: Literal["auto", "on", "off"] = Field(
        "auto", description="whether notices are published to SNS; auto: when an endpoint of AWS or of SNS is set"
    )
    sns_endpoint: str = Field(
        "",
        validation_alias=AliasChoices("AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL"),
        description="address of the emulator that has the SNS topics; AWS_ENDPOINT_URL serves as well",
    )
    store: Path | None = Field(
        None, description="SQLite file that remembers everything over a restart; unset keeps all in memory"
    )
    default_bus: bool = Field(
        default=False, description="serve the rules of the default EventBridge bus as well, as AWS does by itself"
    )
    default_bus_fresh_s: float = Field(
        2.0, ge=0, le=300, description="rules of the default EventBridge bus older than this are read again"
    )

    def outlets(self) -> Outlets:
        """Return how notices are published."""
        return Outlets(
            sns=self.sns == "on" or (self.sns == "auto" and bool(self.sns_endpoint)),
            timeout_s=self.notice_timeout_s,
            give_up_s=self.notice_give_up_s,
            bus_fresh_s=self.default_bus_fresh_s if self.default_bus else None,
        )

    def limits(self) -> Limits:
        """Return the times that the engine goes by."""
        return Limits(
            activation_s=self.activation_s,
            relink_grace_s=self.relink_grace_s,
            termination_s=self.termination_s,
            token_s=self.token_s,
            kept_s=self.kept_s,
            seed=self.seed,
            seated_accept=self.seated_accept,
        )
