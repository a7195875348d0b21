"""The use cases: load, decide, save, act."""

from contextlib import suppress
from dataclasses import dataclass

import structlog

from muster_matchmaking.domain import (
    DEFAULT_SKILL,
    Claim,
    ClaimState,
    PlayerId,
    Request,
    TicketId,
    ended,
    open_claim,
    settle_repeat,
    submitted,
    ticket_id_for,
)
from muster_matchmaking.errors import (
    AlreadyQueued,
    ClaimMoved,
    GameLiftDown,
    GameLiftThrottled,
    RefusedByGameLift,
    TicketUnknown,
    TooLateToCancel,
)
from muster_matchmaking.ports import ClaimStore, FlexMatch, SkillStore
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids

log = structlog.get_logger(__name__)

TRIES = 5
"""How often a step is decided again when the claim moved meanwhile. A claim moves two or three times in its life."""


@dataclass(frozen=True, slots=True)
class MatchmakingHandlers:
    """Everything matchmaking does."""

    claims: ClaimStore
    skills: SkillStore
    flexmatch: FlexMatch
    clock: Clock
    ids: Ids

    async def start(self, request: Request) -> Claim:
        """Accept a request and hand it to GameLift.

        Once the claim is stored the ticket exists: when GameLift is busy or this process dies, the event
        `ticket.requested` makes `on_requested` submit it.

        Safe to repeat: with an idempotency key the same ticket is answered; without one a second open request of
        the same player is refused.

        Raises:
            AlreadyQueued: the player has an open ticket.
            KeyReused: the key came with another request before.
            RefusedByGameLift: GameLift will never take it; the claim is released.
        """
        ticket_id = ticket_id_for(request, self.ids.uuid())
        claim = await self._open(request, ticket_id)
        if claim.state is not ClaimState.ACCEPTED:
            return claim
        try:
            return await self._submit(claim)
        except (GameLiftThrottled, GameLiftDown) as error:
            log.warning("submission_deferred", ticket_id=claim.ticket_id, error=error.code)
            return claim

    async def start_or_resume(self, request: Request) -> Claim:
        """Do as `start`, but answer the open claim of a player who already has one.

        Clients of the published designs ask again after a restart and know no conflict.
        """
        try:
            return await self.start(request)
        except AlreadyQueued as queued:
            claim = await self.claims.load(TicketId(queued.ticket_id))
            if claim is None:
                raise
            return claim

    async def cancel(self, ticket_id: TicketId, player_id: PlayerId) -> None:
        """Ask GameLift to cancel the caller's ticket; one that has not reached GameLift is withdrawn here.

        Safe to repeat: a ticket that GameLift is cancelling, or that was withdrawn, takes it once more; one that has
        ended otherwise answers `TooLateToCancel` every time.

        Raises:
            TicketUnknown: no such ticket, or not the caller's.
            TooLateToCancel: it is being placed, or has ended.
            ClaimMoved: it kept moving between here and GameLift.
        """
        for _ in range(TRIES):
            claim = await self.claims.load(ticket_id)
            if claim is None or claim.player_id != player_id:
                raise TicketUnknown
            if await self.flexmatch.stop(ticket_id):
                return
            if claim.state in {ClaimState.REFUSED, ClaimState.CLOSED}:
                raise TooLateToCancel
            if claim.state is not ClaimState.ACCEPTED:
                return
            # GameLift may have taken it since it said that it knew no such ticket: then the claim is no longer ours
            # to end, and GameLift is asked again.
            if await self.claims.end(ended(claim, ClaimState.WITHDRAWN), reason="withdrawn before submission"):
                return
        raise ClaimMoved

    async def on_requested(self, ticket_id: TicketId) -> None:
        """Submit a ticket whose request was accepted, if that has not happened yet.

        Safe to repeat: a submitted or ended claim is left alone, and GameLift knows the ticket id. A withdrawn one is
        stopped at GameLift, in case whoever submitted it died before it learned of the withdrawal.
        """
        claim = await self.claims.load(ticket_id)
        if claim is not None and claim.state is ClaimState.WITHDRAWN:
            await self._stop(ticket_id)
        if claim is None or claim.state is not ClaimState.ACCEPTED:
            return
        try:
            await self._submit(claim)
        except RefusedByGameLift as refused:
            log.warning("ticket_refused", ticket_id=ticket_id, reason=refused.detail)

    async def on_ended(self, ticket_id: TicketId) -> None:
        """Let go of the players of a ticket that found its match or ended.

        Safe to repeat: a claim that is not open is left alone.
        """
        claim = await self.claims.load(ticket_id)
        if claim is not None and claim.state.is_open:
            await self.claims.end(ended(claim, ClaimState.CLOSED))

    async def _open(self, request: Request, ticket_id: TicketId) -> Claim:
        """Return the claim of this request: a new one, or the one an earlier try made."""
        skill = await self.skills.skill(request.player_id)
        claim = open_claim(request, ticket_id, skill=DEFAULT_SKILL if skill is None else skill, now=self.clock.now())
        for _ in range(TRIES):
            try:
                await self.claims.open(claim)
            except ClaimMoved:
                existing = await self.claims.load(ticket_id)
                if existing is not None:
                    return settle_repeat(request, existing)
                holder = await self.claims.holder(request.player_id)
                if holder is not None:
                    raise AlreadyQueued(holder) from None
                # Whatever held the player let go of them meanwhile.
            else:
                return claim
        raise ClaimMoved

    async def _submit(self, claim: Claim) -> Claim:
        """Hand *claim* to GameLift, and remember that it was taken or refused."""
        try:
            arn = await self.flexmatch.submit(claim)
        except RefusedByGameLift as refused:
            if not await self.claims.end(ended(claim, ClaimState.REFUSED), reason=refused.detail):
                stored = await self.claims.load(claim.ticket_id)
                if stored is not None and stored.state is ClaimState.SUBMITTED:
                    # The same ticket was submitted beside us, and GameLift took that.
                    return stored
            raise
        after = submitted(claim, arn)
        if not await self.claims.mark_submitted(after):
            await self._recall(after)
        return after

    async def _recall(self, claim: Claim) -> None:
        """Stop a ticket that was withdrawn, or given up, while GameLift was taking it."""
        stored = await self.claims.load(claim.ticket_id)
        if stored is not None and not stored.state.is_open:
            await self._stop(claim.ticket_id)

    async def _stop(self, ticket_id: TicketId) -> None:
        """Stop a ticket at GameLift, if it is there and can still be stopped."""
        with suppress(TooLateToCancel):
            await self.flexmatch.stop(ticket_id)
