"""Settings of matchmaking, one field a variable, read from `MATCHMAKING_*`."""

from pydantic import Field

from muster_runtime.settings import AuthSettings, ConsumerSettings, ServiceSettings, settings_config


class Settings(AuthSettings, ConsumerSettings, ServiceSettings):
    """What matchmaking is told by its environment."""

    model_config = settings_config("MATCHMAKING_")

    table: str = Field(description="DynamoDB table of claims.")
    players_table: str = Field(description="DynamoDB table of players' skill.")
    outbox_table: str = Field(description="DynamoDB table of events waiting to be published.")
    events_queue: str = Field(description="URL of the SQS queue with events for matchmaking.")
    events_dead_letters: str = Field(description="URL of the dead-letter queue behind it.")
    event_bus: str = Field(description="Name of the EventBridge bus to publish to.")
    configuration: str = Field(default="muster-arena", description="FlexMatch configuration that requests go to.")
    gamelift_timeout_s: float = Field(
        default=8.0, gt=0, le=30, description="Longest a GameLift call may take with its retries, seconds."
    )
