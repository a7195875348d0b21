"""GameLift, asked directly: DescribeMatchmaking."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from muster_runtime.aws import calling, code_of
from muster_runtime.clock import Clock
from muster_runtime.errors import Busy, Unavailable
from muster_tickets.domain import Notice, PlayerId, Seat, SessionAddress, Standing, Status, TicketId
from muster_tickets.errors import MatchmakerBusy, MatchmakerUnavailable

_SPOKEN: Final = {status.value: status for status in Status if status not in {Status.REQUESTED, Status.REFUSED}}
"""GameLift's own words for a status."""
_SAID_WITHOUT_TIME: Final = frozenset({Status.SEARCHING, Status.REQUIRES_ACCEPTANCE, Status.PLACING})
"""Statuses of which DescribeMatchmaking does not tell since when."""
_TICKET_ID: Final = re.compile(r"[a-zA-Z0-9.-]{1,128}")
"""Source: MatchmakingIdStringModel in the GameLift API reference."""


class GameLift:
    """Asks GameLift about tickets; implements `muster_tickets.ports.Matchmaker`."""

    def __init__(self, client: Any, *, clock: Clock, timeout_s: float) -> None:  # noqa: ANN401 - no static type
        """Build the gateway.

        Args:
            client: an aiobotocore client for `gamelift`.
            clock: tells when GameLift was asked.
            timeout_s: longest one question may take, repeats included.
        """
        self._client = client
        self._clock = clock
        self._timeout_s = timeout_s

    async def describe(self, ticket_ids: Sequence[TicketId]) -> tuple[Notice, ...]:
        """Return what GameLift says of these tickets now; those it does not know are left out.

        Raises:
            MatchmakerBusy: GameLift throttles us.
            MatchmakerUnavailable: GameLift does not answer, or answers with an error.

        Source: DescribeMatchmaking in the GameLift API reference; that unknown tickets are left out was observed.
        """
        # One id that cannot be GameLift's would make it refuse the question about all of them.
        possible = [ticket_id for ticket_id in ticket_ids if _TICKET_ID.fullmatch(ticket_id)]
        if not possible:
            return ()
        # Before the question and not after it: whatever happens while it is under way is later news.
        asked_at = self._clock.now()
        try:
            async with calling(timeout_s=self._timeout_s):
                answer = await self._client.describe_matchmaking(TicketIds=possible)
        except Busy as error:
            raise MatchmakerBusy(error.detail) from error
        except Unavailable as error:
            raise MatchmakerUnavailable(error.detail) from error
        except ClientError as error:
            raise MatchmakerUnavailable(f"GameLift refused to describe tickets ({code_of(error)}).") from error
        return tuple(
            notice
            for described in answer.get("TicketList", ())
            if (notice := notice_from(described, asked_at)) is not None
        )


def notice_from(described: Mapping[str, Any], asked_at: datetime) -> Notice | None:
    """Return what a MatchmakingTicket says; None for a status that GameLift did not have when this was written.

    An open ticket is taken to stand so since it was asked about, except while it is queued: that is always the first
    thing a ticket is, so whatever else was heard of it came later.
    """
    status = _SPOKEN.get(described.get("Status", ""))
    if status is None:
        return None
    started_at, ended_at = _utc(described.get("StartTime")), _utc(described.get("EndTime"))
    since = {Status.QUEUED: started_at, **dict.fromkeys(_SAID_WITHOUT_TIME, asked_at)}.get(status, ended_at)
    player_ids = tuple(PlayerId(player["PlayerId"]) for player in described.get("Players", ()))
    won = status is Status.COMPLETED
    info = described.get("GameSessionConnectionInfo") or {}
    return Notice(
        ticket_id=TicketId(described["TicketId"]),
        standing=Standing(
            status=status,
            at=since or asked_at,
            notice_id=f"described:{described['TicketId']}",
            session=_session_from(info) if won else None,
            seats=tuple(_seats_from(info, player_ids)) if won else (),
            reason=described.get("StatusReason", "") if status.is_final and not won else "",
        ),
        player_ids=player_ids,
        configuration=described.get("ConfigurationName", ""),
        requested_at=started_at,
        is_answer=True,
    )


def _session_from(info: Mapping[str, Any]) -> SessionAddress | None:
    if "GameSessionArn" not in info:
        return None
    return SessionAddress(
        game_session_arn=info["GameSessionArn"],
        ip_address=info.get("IpAddress"),
        dns_name=info.get("DnsName"),
        port=info.get("Port"),
    )


def _seats_from(info: Mapping[str, Any], player_ids: Sequence[PlayerId]) -> Iterator[Seat]:
    """Yield the seats of the ticket's own players, ordered by player."""
    matched = {each["PlayerId"]: each.get("PlayerSessionId") for each in info.get("MatchedPlayerSessions", ())}
    for player_id in sorted(player_ids):
        if matched.get(player_id):
            yield Seat(player_id=player_id, player_session_id=matched[player_id])


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None
