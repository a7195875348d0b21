"""In-memory stand-ins for matchmaking's ports; the contract tests hold them to what DynamoDB does."""

from dataclasses import dataclass, field, replace

from muster_matchmaking.domain import Claim, ClaimState, PlayerId, TicketId
from muster_matchmaking.errors import ClaimMoved
from muster_runtime.clock import Clock


@dataclass
class MemoryClaimStore:
    """`ClaimStore` in dictionaries; `told` lists what the outbox would publish."""

    clock: Clock
    claims: dict[TicketId, Claim] = field(default_factory=dict)
    holds: dict[PlayerId, Claim] = field(default_factory=dict)
    told: list[tuple[str, str]] = field(default_factory=list)

    async def open(self, claim: Claim) -> None:
        held = self.holds.get(claim.player_id)
        if claim.ticket_id in self.claims or (held is not None and held.expires_at >= self.clock.now()):
            raise ClaimMoved
        self.claims[claim.ticket_id] = claim
        self.holds[claim.player_id] = claim
        self.told.append(("ticket.requested", claim.ticket_id))

    async def load(self, ticket_id: TicketId) -> Claim | None:
        return self.claims.get(ticket_id)

    async def holder(self, player_id: PlayerId) -> TicketId | None:
        held = self.holds.get(player_id)
        return None if held is None else held.ticket_id

    async def mark_submitted(self, claim: Claim) -> bool:
        if self.claims[claim.ticket_id].state is not ClaimState.ACCEPTED:
            return False
        self.claims[claim.ticket_id] = replace(claim, state=ClaimState.SUBMITTED)
        return True

    async def end(self, claim: Claim, *, reason: str = "") -> bool:
        if self.claims[claim.ticket_id].state not in claim.state.follows:
            return False
        self.claims[claim.ticket_id] = claim
        held = self.holds.get(claim.player_id)
        if held is not None and held.ticket_id == claim.ticket_id:
            del self.holds[claim.player_id]
        if reason:
            self.told.append(("ticket.refused", claim.ticket_id))
        return True


@dataclass
class MemorySkillStore:
    """`SkillStore` in a dictionary."""

    skills: dict[PlayerId, float] = field(default_factory=dict)

    async def skill(self, player_id: PlayerId) -> float | None:
        return self.skills.get(player_id)


@dataclass
class ScriptedFlexMatch:
    """`FlexMatch` that remembers what it was asked; `failures` are raised first, one a call."""

    failures: list[Exception] = field(default_factory=list)
    submitted: list[Claim] = field(default_factory=list)
    stopped: list[TicketId] = field(default_factory=list)
    known: set[TicketId] = field(default_factory=set)

    async def submit(self, claim: Claim) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.submitted.append(claim)
        self.known.add(claim.ticket_id)
        return f"arn:aws:gamelift:us-east-1:000000000000:matchmakingconfiguration/{claim.configuration}"

    async def stop(self, ticket_id: TicketId) -> bool:
        if self.failures:
            raise self.failures.pop(0)
        self.stopped.append(ticket_id)
        return ticket_id in self.known
