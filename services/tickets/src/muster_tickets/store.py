"""The ticket table in DynamoDB.

One row a ticket. Rows that need a look now and then, because the ticket is open or has something left to announce,
also carry `open_lane` and `check_at`, the keys of the sparse index `open`; all others are not in it. Lanes spread the
index over several partitions.
"""

import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from muster_runtime.clock import Clock
from muster_runtime.dynamo import ConditionFailed, Table
from muster_tickets.domain import (
    MatchId,
    PlayerId,
    Seat,
    SessionAddress,
    Standing,
    Status,
    Ticket,
    TicketId,
)
from muster_tickets.errors import TicketChanged
from muster_tickets.ports import Check

LANES: Final = 4
OPEN_INDEX: Final = "open"


class DynamoTicketStore:
    """Keeps tickets in one DynamoDB table; implements `muster_tickets.ports.TicketStore`."""

    def __init__(self, table: Table, *, clock: Clock, quiet_s: float, keep_open_s: float, keep_ended_s: float) -> None:
        """Build the store.

        Args:
            table: the ticket table, partition key `ticket_id`.
            clock: decides what is due and what has expired.
            quiet_s: seconds without news after which a ticket is due for a look.
            keep_open_s: seconds that an open ticket is kept after its last change.
            keep_ended_s: seconds that an ended ticket is kept.
        """
        self._table = table
        self._clock = clock
        self._quiet_s = quiet_s
        self._keep_open_s = keep_open_s
        self._keep_ended_s = keep_ended_s

    async def load(self, ticket_id: TicketId) -> Ticket | None:
        """Return the stored ticket, or None when it was never stored or has expired.

        Source: DynamoDB deletes expired rows late, within days, so a reader has to look at the time itself.
        """
        row = await self._table.get({"ticket_id": ticket_id}, consistent=True)
        if row is None or row["expires_at"] <= self._clock.epoch_s():
            return None
        return ticket_from(row)

    async def save(self, ticket: Ticket, *, expected: int) -> None:
        """Store *ticket* if the stored sequence is still *expected*; an expired row counts as not stored.

        Raises:
            TicketChanged: another writer got there first.
        """
        now_s = self._clock.epoch_s()
        keep_s = self._keep_open_s if ticket.is_open else self._keep_ended_s
        row = {**row_from(ticket), "expires_at": int(now_s + keep_s)}
        if ticket.is_open or ticket.is_untold:
            row |= {"open_lane": lane_of(ticket.ticket_id), "check_at": now_s + self._quiet_s}
        try:
            if expected:
                await self._table.put(
                    row,
                    condition="#sequence = :expected AND expires_at > :now",
                    names={"#sequence": "sequence"},
                    values={":expected": expected, ":now": now_s},
                )
            else:
                await self._table.put(
                    row,
                    condition="attribute_not_exists(ticket_id) OR expires_at <= :now",
                    values={":now": now_s},
                )
        except ConditionFailed as error:
            raise TicketChanged from error

    async def mark_announced(self, ticket: Ticket) -> None:
        """Record that this sequence was announced; an ended ticket is then never due again."""
        leave_index = "" if ticket.is_open else " REMOVE open_lane, check_at"
        try:
            await self._table.update(
                {"ticket_id": ticket.ticket_id},
                update=f"SET announced = :sequence{leave_index}",
                condition="#sequence = :sequence",
                names={"#sequence": "sequence"},
                values={":sequence": ticket.sequence},
            )
        except ConditionFailed:
            # The ticket has moved on. Whoever moved it announces it.
            return

    async def due(self, *, limit: int) -> tuple[Check, ...]:
        """Return up to *limit* checks whose time has come, the longest overdue first."""
        checks: list[Check] = []
        for lane in range(LANES):
            page = await self._table.query(
                index=OPEN_INDEX,
                key_condition="open_lane = :lane AND check_at <= :now",
                values={":lane": str(lane), ":now": self._clock.epoch_s()},
                limit=limit,
            )
            checks += (Check(ticket_id=TicketId(row["ticket_id"]), due_at_s=row["check_at"]) for row in page.items)
        return tuple(sorted(checks, key=lambda check: check.due_at_s)[:limit])

    async def take(self, check: Check, *, again_in_s: float) -> bool:
        """Make *check* due again later, unless its due time has been moved meanwhile."""
        try:
            await self._table.update(
                {"ticket_id": check.ticket_id},
                update="SET check_at = :later",
                condition="check_at = :seen",
                values={":later": self._clock.epoch_s() + again_in_s, ":seen": check.due_at_s},
            )
        except ConditionFailed:
            return False
        return True

    async def ping(self) -> None:
        """Ask the table whether it answers.

        Raises:
            Unavailable: it does not.
        """
        await self._table.ping()


def lane_of(ticket_id: TicketId) -> str:
    """Return the lane of the index that a ticket is in, always the same one."""
    return str(zlib.crc32(ticket_id.encode()) % LANES)


def row_from(ticket: Ticket) -> dict[str, Any]:
    """Return the row that holds *ticket*, without the times that depend on when it is saved."""
    standing, session = ticket.standing, ticket.standing.session
    return {
        "ticket_id": ticket.ticket_id,
        "player_ids": list(ticket.player_ids),
        "configuration": ticket.configuration,
        "requested_at": ticket.requested_at and ticket.requested_at.isoformat(),
        "sequence": ticket.sequence,
        "announced": ticket.announced,
        "status": standing.status.value,
        "status_at": standing.at.isoformat(),
        "notice_id": standing.notice_id,
        "match_id": standing.match_id,
        "session": session
        and {
            "game_session_arn": session.game_session_arn,
            "ip_address": session.ip_address,
            "dns_name": session.dns_name,
            "port": session.port,
        },
        "seats": {seat.player_id: seat.player_session_id for seat in standing.seats},
        "reason": standing.reason,
    }


def ticket_from(row: Mapping[str, Any]) -> Ticket:
    """Return the ticket that *row* holds."""
    return Ticket(
        ticket_id=TicketId(row["ticket_id"]),
        standing=Standing(
            status=Status(row["status"]),
            at=datetime.fromisoformat(row["status_at"]),
            notice_id=row["notice_id"],
            match_id=row["match_id"] and MatchId(row["match_id"]),
            session=row["session"] and SessionAddress(**row["session"]),
            seats=tuple(
                Seat(player_id=PlayerId(player_id), player_session_id=player_session_id)
                for player_id, player_session_id in sorted(row["seats"].items())
            ),
            reason=row["reason"],
        ),
        player_ids=tuple(PlayerId(player_id) for player_id in row["player_ids"]),
        configuration=row["configuration"],
        requested_at=row["requested_at"] and datetime.fromisoformat(row["requested_at"]),
        sequence=row["sequence"],
        announced=row["announced"],
    )
