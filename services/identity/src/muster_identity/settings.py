"""Settings of identity, one field a variable, read from `IDENTITY_*`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from muster_identity.gateway.providers.settings import ProviderSettings
from muster_runtime.settings import ConsumerSettings, HTTPUrl, ServiceSettings, settings_config


class LimitSettings(BaseModel):
    """How often anybody may ask; each instance counts for itself unless there is a table to count in together."""

    model_config = ConfigDict(frozen=True)

    limits: bool = Field(default=True, description="whether requests are limited at all")
    limit_requests_burst: int = Field(200, ge=1, description="requests of one address at once, after a rest")
    limit_requests_per_s: float = Field(50.0, gt=0, description="requests of one address a second, in the long run")
    limit_guests_burst: int = Field(60, ge=1, description="new guests of one address at once, after a rest")
    limit_guests_per_s: float = Field(0.5, gt=0, description="new guests of one address a second, in the long run")
    limit_accounts_burst: int = Field(30, ge=1, description="requests for one account at once, after a rest")
    limit_accounts_per_s: float = Field(5.0, gt=0, description="requests for one account a second, in the long run")
    limits_table: str = Field(
        "", description="DynamoDB table in which all instances count new guests together; empty: each for itself"
    )


class Settings(LimitSettings, ProviderSettings, ConsumerSettings, ServiceSettings):
    """What identity is told by its environment."""

    model_config = settings_config("IDENTITY_")

    users_table: str = Field(description="DynamoDB table of users")
    sessions_table: str = Field(description="DynamoDB table of sessions")
    identities_table: str = Field(description="DynamoDB table of the identities that open accounts")
    bans_table: str = Field(description="DynamoDB table of banned identities")
    resolutions_table: str = Field(description="DynamoDB table of offers to resolve an identity conflict")
    audit_table: str = Field(description="DynamoDB table of what happened to accounts")
    revocations_table: str = Field(description="DynamoDB table of tokens that were taken back")
    outbox_table: str = Field(description="DynamoDB table of events waiting to be published")
    event_bus: str = Field(description="name of the EventBridge bus to publish to")
    keys_secret: str = Field(description="name of the Secrets Manager secret that holds the signing keys")
    clients_secret: str = Field(description="name of the Secrets Manager secret that holds the OAuth clients")
    issuer_bucket: str = Field(description="name of the S3 bucket with the issuer's public files")
    rotation_queue: str = Field(description="URL of the SQS queue with the commands to rotate keys")
    rotation_dead_letters: str = Field(description="URL of the dead-letter queue behind it")
    issuer_url: HTTPUrl = Field(description="the iss of every token; a trailing slash is dropped")

    access_life_s: int = Field(900, ge=60, le=3600, description="life of an access token")
    session_life_s: int = Field(
        518_400, ge=3600, le=7_776_000, description="life of a session from its sign-in, whatever its use"
    )
    session_idle_s: int | None = Field(
        None, ge=7200, le=7_776_000, description="a session that is not refreshed for this long is over; unset: never"
    )
    refresh_grace_s: int = Field(
        30, ge=0, le=60, description="how long a used refresh token is answered with the same successor"
    )
    recent_sign_in_s: int = Field(
        3600, ge=60, le=604_800, description="linking, unlinking, exporting and deleting need a sign-in this recent"
    )
    deletion_grace_s: int = Field(
        1_209_600, ge=0, le=7_776_000, description="how long an account waits to be deleted, and may be signed in to"
    )
    deletions_every_s: float = Field(300.0, gt=0, le=86_400, description="accounts due for deletion are looked for")
    resolution_s: int = Field(600, ge=30, le=3600, description="how long an identity conflict may be resolved")
    compatible_link_switches: bool = Field(
        default=False,
        description="let a compatible link request for somebody else's identity sign in to that account, as published",
    )
    signing_algorithm: Literal["RS256", "ES256", "EdDSA"] = Field(
        "RS256", description="what the next signing key is for; the published clients and API Gateway expect RS256"
    )
    rotate_every_s: int = Field(604_800, ge=86_400, description="how long one key signs")
    jwks_max_age_s: int = Field(300, ge=1, le=86_400, description="how long verifiers may keep the published keys")
    keys_reload_s: float = Field(
        60.0, gt=0, le=3600, description="keys and clients are read again after this, to learn of changes by others"
    )
    aws_call_s: float = Field(
        10.0, gt=0, le=60, description="longest one call to Secrets Manager or S3 may take, its retries included"
    )
