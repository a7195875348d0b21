"""Settings of tickets, one field a variable, read from `TICKETS_*`."""

from pydantic import Field

from muster_runtime.settings import AuthSettings, ConsumerSettings, ServiceSettings, settings_config


class Settings(AuthSettings, ConsumerSettings, ServiceSettings):
    """What tickets is told by its environment."""

    model_config = settings_config("TICKETS_")

    table: str = Field(description="DynamoDB table that holds the tickets")
    notices_queue: str = Field(description="URL of the SQS queue with GameLift's matchmaking notices")
    notices_dead_letters: str = Field(description="URL of the dead-letter queue behind it")
    events_queue: str = Field(description="URL of the SQS queue with matchmaking's events")
    events_dead_letters: str = Field(description="URL of the dead-letter queue behind it")
    event_bus: str = Field(description="name of the EventBridge bus to publish to")

    # Overrides the default of all services: a poll may wait for 20 s.
    request_deadline_s: float = Field(30.0, gt=20, le=900, description="longest one HTTP request may be handled")
    poll_after_s: int = Field(1, ge=1, le=60, description="what clients are told to wait between polls")

    # GameLift advises to ask first after 30 s, and then at most every 10 s.
    # Source: "Track events instead of polling" in the FlexMatch guide.
    quiet_s: float = Field(30.0, gt=0, le=3600, description="a ticket without news for this long is asked about")
    recheck_after_s: float = Field(10.0, gt=0, le=3600, description="and asked about again after this")
    reconcile_every_s: float = Field(1.0, gt=0, le=60, description="pause between two looks for quiet tickets")
    lost_after_s: float = Field(
        120.0, gt=0, le=86_400, description="a ticket that GameLift does not know has failed after this"
    )
    gamelift_timeout_s: float = Field(10.0, gt=0, le=60, description="longest one question to GameLift may take")

    keep_open_s: float = Field(86_400.0, ge=43_200, description="an open ticket is kept this long after its last news")
    keep_ended_s: float = Field(10_800.0, gt=0, description="an ended ticket is kept this long")
