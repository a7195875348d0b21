"""What the arena can be told."""

from pydantic import Field

from muster_runtime.settings import ServiceSettings, settings_config


class ArenaSettings(ServiceSettings):
    """Settings of the sample game server."""

    model_config = settings_config("ARENA_")

    fleet_id: str = Field(description="ANYWHERE fleet that this machine joins", min_length=1, max_length=512)
    location: str = Field("custom-laptop", description="custom location of that fleet", min_length=8, max_length=64)
    compute: str = Field(
        "muster-arena", description="name of this machine in the fleet", pattern=r"^[A-Za-z0-9-]{1,128}$"
    )
    address: str = Field("127.0.0.1", description="IP address that players are told to connect to")
    event_bus: str = Field(description="EventBridge bus that results are published on")
    slots: int = Field(4, ge=1, le=200, description="server processes, each with one match at a time")
    port_first: int = Field(
        7777, ge=0, le=60_000, description="TCP port of the first slot, the others follow; 0 takes any free ones"
    )
    match_s: float = Field(3.0, gt=0, le=3600, description="length of a match")
    gather_s: float = Field(10.0, ge=0, le=600, description="after this a match starts with whoever is there")
    empty_s: float = Field(60.0, gt=0, le=3600, description="after this a session that nobody came to is ended")
    finish_s: float = Field(
        4.0, ge=0, le=3600, description="a match with no more than this left is finished before stopping"
    )
    rejoin_s: float = Field(2.0, ge=0, le=600, description="how long a disconnected player's seat is kept")
    first_line_s: float = Field(10.0, gt=0, le=600, description="within this a connection must say who it is")
    read_s: float = Field(60.0, gt=0, le=3600, description="longest silence of a player or watcher")
    guests: int = Field(64, ge=1, le=10_000, description="connections to one slot at a time, watchers included")
    sdk_request_s: float = Field(20.0, gt=0, le=120, description="longest wait for an answer of GameLift's socket")
    sdk_redial_s: float = Field(0.5, gt=0, le=60, description="first pause before connecting again; it doubles")
