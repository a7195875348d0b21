"""What travels over HTTP."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from muster_matchmaking.domain import Claim

Region = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+$")]


class StartMatchmaking(BaseModel):
    """A request for a match."""

    model_config = ConfigDict(extra="forbid", strict=True)

    latencies_ms: dict[Region, Annotated[int, Field(ge=0, le=60_000)]] = Field(
        min_length=1,
        max_length=50,
        description="Round-trip time to each region or location in milliseconds.",
        examples=[{"us-east-1": 40, "eu-west-1": 95}],
    )


class TicketAccepted(BaseModel):
    """The ticket that a request has become; its progress is at `/v1/tickets/{ticket_id}`."""

    ticket_id: str
    configuration: str
    requested_at: datetime
    skill: float

    @classmethod
    def of(cls, claim: Claim) -> "TicketAccepted":
        """Show *claim* to its player."""
        return cls(
            ticket_id=claim.ticket_id,
            configuration=claim.configuration,
            requested_at=claim.requested_at,
            skill=claim.skill,
        )


class RequestMatchmaking(BaseModel):
    """The body of the published designs' `POST /request-matchmaking`; their clients may send more, and nulls.

    Source: Guidance for Custom Game Backend Hosting on AWS, GameLift integration.
    """

    model_config = ConfigDict(extra="ignore")

    latencyInMs: dict[str, Annotated[float, Field(allow_inf_nan=False)] | None] = Field(max_length=50)  # noqa: N815 - the wire's name


class LegacyPlayer(BaseModel):
    """One player of a `LegacyTicket`."""

    PlayerId: str
    PlayerAttributes: dict[str, dict[str, float]]
    LatencyInMs: dict[str, int]


class LegacyTicket(BaseModel):
    """The FlexMatch ticket as the published designs answer it, names in AWS's spelling."""

    TicketId: str
    ConfigurationName: str
    ConfigurationArn: str
    Status: str = "QUEUED"
    StartTime: str
    Players: list[LegacyPlayer]

    @classmethod
    def of(cls, claim: Claim) -> "LegacyTicket":
        """Show *claim* in AWS's words."""
        player = LegacyPlayer(
            PlayerId=claim.player_id,
            PlayerAttributes={"skill": {"N": claim.skill}},
            LatencyInMs=dict(claim.latencies_ms),
        )
        return cls(
            TicketId=claim.ticket_id,
            ConfigurationName=claim.configuration,
            ConfigurationArn=claim.configuration_arn,
            StartTime=claim.requested_at.isoformat(),
            Players=[player],
        )
