"""Claims and skill in DynamoDB.

One table holds two kinds of row: `ticket#ID` is the claim, `player#ID` says which ticket holds a player. They are
written together with the outgoing event, so that no crash can leave one without the others.
"""

from datetime import UTC, datetime
from typing import Any

from muster_events.envelope import event
from muster_events.matchmaking import TicketRefused, TicketRequested
from muster_matchmaking.domain import Claim, ClaimState, PlayerId, TicketId
from muster_matchmaking.errors import ClaimMoved
from muster_runtime.clock import Clock
from muster_runtime.dynamo import ConditionFailed, Table, TransactionCancelled, transact
from muster_runtime.messaging.outbox import Outbox

CONDITION = "ConditionalCheckFailed"


class DynamoClaimStore:
    """`ClaimStore` on one DynamoDB table and the outbox."""

    def __init__(self, client: Any, table: str, *, outbox: Outbox, clock: Clock) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Use *table* through *client*; events go through *outbox*."""
        self._client = client
        self._table = Table(client, table)
        self._outbox = outbox
        self._clock = clock

    async def open(self, claim: Claim) -> None:
        """Store *claim*, hold its player and queue the event `ticket.requested`, all or nothing.

        Raises:
            ClaimMoved: the ticket id is taken, or the player is held by a claim that has not expired.
        """
        requested = event(
            TicketRequested(
                ticket_id=claim.ticket_id,
                player_ids=(claim.player_id,),
                configuration=claim.configuration,
                requested_at=claim.requested_at,
            ),
            subject=claim.ticket_id,
            occurred_at=claim.requested_at,
        )
        hold = {
            "pk": _player(claim.player_id),
            "ticket_id": claim.ticket_id,
            "expires_at": _seconds(claim.expires_at),
        }
        operations = (
            self._table.put_op(_row(claim), condition="attribute_not_exists(pk)"),
            self._table.put_op(
                hold,
                condition="attribute_not_exists(pk) OR expires_at < :now",
                values={":now": _seconds(self._clock.now())},
            ),
            self._outbox.op(requested),
        )
        try:
            await transact(self._client, operations)
        except TransactionCancelled as cancelled:
            if CONDITION in cancelled.reasons:
                raise ClaimMoved from cancelled
            raise
        self._outbox.kick(operations)

    async def load(self, ticket_id: TicketId) -> Claim | None:
        """Return the claim, also for some time after it expired; None when it was never stored or is deleted."""
        row = await self._table.get({"pk": _ticket(ticket_id)})
        return None if row is None else _claim(row)

    async def holder(self, player_id: PlayerId) -> TicketId | None:
        """Return the ticket that holds the player; None when none does."""
        row = await self._table.get({"pk": _player(player_id)})
        return None if row is None else TicketId(str(row["ticket_id"]))

    async def mark_submitted(self, claim: Claim) -> bool:
        """Record that GameLift took an accepted claim; False, and nothing is changed, when it has moved on."""
        try:
            await self._table.update(
                {"pk": _ticket(claim.ticket_id)},
                update="SET #state = :submitted, configuration_arn = :arn",
                condition="#state = :accepted",
                names={"#state": "state"},
                values={
                    ":accepted": ClaimState.ACCEPTED.value,
                    ":submitted": ClaimState.SUBMITTED.value,
                    ":arn": claim.configuration_arn,
                },
            )
        except ConditionFailed:
            return False
        return True

    async def end(self, claim: Claim, *, reason: str = "") -> bool:
        """Store an ended *claim* and let go of its player; with *reason*, queue the event `ticket.refused`.

        False, and nothing is changed, when the stored claim is in a state that this end may not follow, so a repeat
        is harmless. The player may already be held by another ticket (this claim expired): then that hold stays, and
        only the claim is ended.
        """
        before = {f":before_{state}": state.value for state in claim.state.follows}
        close = self._table.update_op(
            {"pk": _ticket(claim.ticket_id)},
            update="SET #state = :state",
            condition=f"#state IN ({', '.join(before)})",
            names={"#state": "state"},
            values={**before, ":state": claim.state.value},
        )
        release = self._table.delete_op(
            {"pk": _player(claim.player_id)},
            condition="ticket_id = :ticket",
            values={":ticket": claim.ticket_id},
        )
        announce = [self._outbox.op(self._refused(claim, reason))] if reason else []
        try:
            await transact(self._client, (close, release, *announce))
        except TransactionCancelled as cancelled:
            if cancelled.reasons[0] == CONDITION:
                return False
            if cancelled.reasons[1] != CONDITION:
                raise
            return await self._end_unheld(close, announce)
        self._outbox.kick(announce)
        return True

    async def _end_unheld(self, close: dict[str, Any], announce: list[dict[str, Any]]) -> bool:
        """End a claim whose player is held by another ticket by now."""
        try:
            await transact(self._client, (close, *announce))
        except TransactionCancelled as cancelled:
            if cancelled.reasons[0] != CONDITION:
                raise
            return False
        self._outbox.kick(announce)
        return True

    def _refused(self, claim: Claim, reason: str) -> Any:  # noqa: ANN401 - Event[TicketRefused]
        """Return the event that tells why a claim never became a FlexMatch ticket."""
        refused = TicketRefused(ticket_id=claim.ticket_id, player_ids=(claim.player_id,), reason=reason)
        return event(refused, subject=claim.ticket_id, occurred_at=self._clock.now(), sequence=1)

    async def ping(self) -> None:
        """Ask the table whether it answers."""
        await self._table.ping()


class DynamoSkillStore:
    """`SkillStore` on the players table: partition key `player_id`, attribute `skill`."""

    def __init__(self, client: Any, table: str) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Read from *table* through *client*."""
        self._table = Table(client, table)

    async def skill(self, player_id: PlayerId) -> float | None:
        """Return the player's skill; None when nobody has rated them.

        Eventually consistent: a rating that is a second old does not change a match.
        """
        row = await self._table.get({"player_id": player_id}, consistent=False)
        return float(row["skill"]) if row and row.get("skill") is not None else None


def _ticket(ticket_id: str) -> str:
    return f"ticket#{ticket_id}"


def _player(player_id: str) -> str:
    return f"player#{player_id}"


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _row(claim: Claim) -> dict[str, Any]:
    return {
        "pk": _ticket(claim.ticket_id),
        "ticket_id": claim.ticket_id,
        "player_id": claim.player_id,
        "latencies_ms": dict(claim.latencies_ms),
        "configuration": claim.configuration,
        "configuration_arn": claim.configuration_arn,
        "skill": claim.skill,
        "state": claim.state.value,
        "requested_at": claim.requested_at.astimezone(UTC).isoformat(),
        "expires_at": _seconds(claim.expires_at),
    }


def _claim(row: dict[str, Any]) -> Claim:
    return Claim(
        ticket_id=TicketId(row["ticket_id"]),
        player_id=PlayerId(row["player_id"]),
        latencies_ms={region: int(latency) for region, latency in row["latencies_ms"].items()},
        configuration=row["configuration"],
        configuration_arn=row["configuration_arn"],
        skill=float(row["skill"]),
        state=ClaimState(row["state"]),
        requested_at=datetime.fromisoformat(row["requested_at"]),
    )
