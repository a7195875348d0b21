"""Settings of achievements, one field a variable, read from `ACHIEVEMENTS_*`."""

from pydantic import Field

from muster_runtime.settings import AuthSettings, ConsumerSettings, ServiceSettings, settings_config


class Settings(AuthSettings, ConsumerSettings, ServiceSettings):
    """What achievements is told by its environment."""

    model_config = settings_config("ACHIEVEMENTS_")

    definitions_table: str = Field(description="DynamoDB table of achievement definitions.")
    progress_table: str = Field(description="DynamoDB table of players' records.")
    outbox_table: str = Field(description="DynamoDB table of events waiting to be published.")
    events_queue: str = Field(description="URL of the SQS queue with events for achievements.")
    events_dead_letters: str = Field(description="URL of the dead-letter queue behind it.")
    event_bus: str = Field(description="Name of the EventBridge bus to publish to.")
    definitions_max_age_s: float = Field(
        default=5.0, ge=0, le=300, description="How old the copy of the definitions may get, seconds."
    )
