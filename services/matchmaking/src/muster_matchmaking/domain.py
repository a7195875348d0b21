"""The rules of asking for a match: values in, values out."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType, Self

from muster_matchmaking.errors import KeyReused, LatencyUnusable

PlayerId = NewType("PlayerId", str)
TicketId = NewType("TicketId", str)

DEFAULT_SKILL = 10.0
"""Skill of a player nobody has rated yet. Source: the rule sets of the published designs default to 10."""

LOWEST_LATENCY_MS = 1
"""GameLift refuses 0. Source: StartMatchmaking reference, LatencyInMs, minimum 1 (read 2026-11)."""
HIGHEST_LATENCY_MS = 1000
"""Beyond a second no game is playable; a larger claim says nothing more."""
MOST_REGIONS = 50
"""More regions than GameLift has locations; a longer map is no measurement."""

CLAIM_LIFE = timedelta(hours=1)
"""How long a claim holds a player when nobody ever says how the ticket ended. Longer than any request time-out in
use, so it only ends what was lost by everybody."""

_NAMESPACE = uuid.UUID("0f0c54a2-6f0f-4a0e-9f0a-6d61746368ab")


class ClaimState(StrEnum):
    """Where a claim stands between the player's request and GameLift."""

    ACCEPTED = "accepted"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    CLOSED = "closed"

    @property
    def is_open(self) -> bool:
        """Tell whether the claim still holds its players."""
        return self in {ClaimState.ACCEPTED, ClaimState.SUBMITTED}

    @property
    def follows(self) -> frozenset[Self]:
        """The states that a claim may be in when it ends in this one; none for a state that is no end.

        What GameLift has taken is no longer ours to withdraw or refuse: only GameLift knows how it ends.
        """
        match self:
            case ClaimState.WITHDRAWN | ClaimState.REFUSED:
                return frozenset({ClaimState.ACCEPTED})
            case ClaimState.CLOSED:
                return frozenset({ClaimState.ACCEPTED, ClaimState.SUBMITTED})
            case _:
                return frozenset()


@dataclass(frozen=True, slots=True)
class Request:
    """What a player asks for.

    Attributes:
        player_id: who asks; from the verified token, never from the body.
        latencies_ms: region or location to round-trip time, each 1 to 1000 ms, at least one.
        configuration: name of the FlexMatch matchmaking configuration.
        key: the caller's idempotency key; empty when there is none.
    """

    player_id: PlayerId
    latencies_ms: Mapping[str, int]
    configuration: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that was accepted: from here on the ticket exists, whatever GameLift says.

    Attributes:
        ticket_id: made by us, so that no notice can outrun our knowledge of it.
        player_id: whom the claim holds.
        latencies_ms: as in the request.
        configuration: as in the request.
        skill: the player's skill when the request was accepted.
        state: how far it got.
        requested_at: when it was accepted, UTC.
        configuration_arn: as GameLift answered; empty until submitted.
    """

    ticket_id: TicketId
    player_id: PlayerId
    latencies_ms: Mapping[str, int]
    configuration: str
    skill: float
    state: ClaimState
    requested_at: datetime
    configuration_arn: str = ""

    @property
    def expires_at(self) -> datetime:
        """When the claim stops holding its player even if nobody says how it ended."""
        return self.requested_at + CLAIM_LIFE

    def answers(self, request: Request) -> bool:
        """Tell whether this claim was made by the very same request."""
        return (self.player_id, dict(self.latencies_ms), self.configuration) == (
            request.player_id,
            dict(request.latencies_ms),
            request.configuration,
        )


def ticket_id_for(request: Request, fresh: str) -> TicketId:
    """Return the ticket id of *request*: derived from its idempotency key, or *fresh* without one.

    A repeat with the same key names the same ticket, so it can never make a second one.
    """
    if not request.key:
        return TicketId(fresh)
    return TicketId(str(uuid.uuid5(_NAMESPACE, f"{request.player_id}\n{request.key}")))


def clean_latencies(measured: Mapping[str, float | None]) -> dict[str, int]:
    """Return usable latencies: unmeasured regions left out, the rest rounded and clamped to 1 to 1000 ms.

    Clients of the published designs do send 0 and null for regions that did not answer.

    Raises:
        LatencyUnusable: no region is left, or there are more than 50.
    """
    usable = {
        region: min(max(round(latency), LOWEST_LATENCY_MS), HIGHEST_LATENCY_MS)
        for region, latency in measured.items()
        if latency is not None and latency >= 0 and region
    }
    if not usable or len(measured) > MOST_REGIONS:
        raise LatencyUnusable(f"{len(usable)} of {len(measured)} regions are usable; send 1 to {MOST_REGIONS}.")
    return usable


def open_claim(request: Request, ticket_id: TicketId, *, skill: float, now: datetime) -> Claim:
    """Return the claim that accepts *request*."""
    return Claim(
        ticket_id=ticket_id,
        player_id=request.player_id,
        latencies_ms=dict(request.latencies_ms),
        configuration=request.configuration,
        skill=skill,
        state=ClaimState.ACCEPTED,
        requested_at=now,
    )


def settle_repeat(request: Request, existing: Claim) -> Claim:
    """Return the claim that a repeated request already has.

    Raises:
        KeyReused: the earlier request under this key was another one.
    """
    if not existing.answers(request):
        raise KeyReused
    return existing


def submitted(claim: Claim, configuration_arn: str) -> Claim:
    """Return *claim* after GameLift took it."""
    return replace(claim, state=ClaimState.SUBMITTED, configuration_arn=configuration_arn)


def ended(claim: Claim, state: ClaimState) -> Claim:
    """Return *claim* in a state that holds nobody any more."""
    return replace(claim, state=state)
