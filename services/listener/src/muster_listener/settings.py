"""Settings of the listener, one field a variable, read from `LISTENER_*`."""

from pydantic import Field

from muster_runtime.settings import AuthSettings, ConsumerSettings, ServiceSettings, settings_config


class Settings(AuthSettings, ConsumerSettings, ServiceSettings):
    """What the listener is told by its environment."""

    model_config = settings_config("LISTENER_")

    table: str = Field(description="DynamoDB table that holds notices, placements, game sessions and matches")
    notices_queue: str = Field(description="URL of the SQS queue with GameLift's matchmaking and placement notices")
    notices_dead_letters: str = Field(description="URL of the dead-letter queue behind it")
    events_queue: str = Field(description="URL of the SQS queue with game servers' events")
    events_dead_letters: str = Field(description="URL of the dead-letter queue behind it")
    event_bus: str = Field(description="name of the EventBridge bus to publish to")
    keep_s: float = Field(
        604_800.0, gt=0, description="a record is kept this long after its last change, a notice after it came"
    )
