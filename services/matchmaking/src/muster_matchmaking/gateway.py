"""GameLift FlexMatch over the AWS protocol."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from muster_matchmaking.domain import Claim, TicketId
from muster_matchmaking.errors import GameLiftDown, GameLiftThrottled, RefusedByGameLift, TooLateToCancel
from muster_runtime.aws import calling, code_of
from muster_runtime.errors import Busy, Unavailable

THROTTLED = {"LimitExceededException"}
"""What GameLift says beside the codes that all of AWS has for it."""
REFUSED = {
    "InvalidRequestException",
    "NotFoundException",
    "UnsupportedRegionException",
    "ValidationException",
}


class GameLiftFlexMatch:
    """`FlexMatch` through an aiobotocore GameLift client."""

    def __init__(self, client: Any, *, timeout_s: float) -> None:  # noqa: ANN401 - aiobotocore clients are untyped
        """Call through *client*, giving each call at most *timeout_s* seconds with its retries."""
        self._client = client
        self._timeout_s = timeout_s

    async def submit(self, claim: Claim) -> str:
        """Start matchmaking for *claim*; return the configuration's ARN.

        Safe to repeat: GameLift refuses a ticket id it already has, and that answer counts as submitted.

        Raises:
            RefusedByGameLift: GameLift will never take it.
            GameLiftThrottled: it may, later.
            GameLiftDown: it did not answer.
        """
        player = {
            "PlayerId": claim.player_id,
            "PlayerAttributes": {"skill": {"N": claim.skill}},
            "LatencyInMs": dict(claim.latencies_ms),
        }
        try:
            async with self._calling():
                answer = await self._client.start_matchmaking(
                    TicketId=claim.ticket_id, ConfigurationName=claim.configuration, Players=[player]
                )
        except ClientError as error:
            code = code_of(error)
            if code == "InvalidRequestException" and (known := await self._known(claim.ticket_id)) is not None:
                return known
            if code in REFUSED:
                raise RefusedByGameLift(_message(error)) from error
            raise GameLiftDown from error
        return str(answer["MatchmakingTicket"].get("ConfigurationArn", ""))

    async def stop(self, ticket_id: TicketId) -> bool:
        """Ask GameLift to cancel the ticket; False when GameLift does not know it.

        Raises:
            TooLateToCancel: the ticket is being placed, or has ended.
            GameLiftThrottled: ask again later.
            GameLiftDown: it did not answer.
        """
        try:
            async with self._calling():
                await self._client.stop_matchmaking(TicketId=ticket_id)
        except ClientError as error:
            match code_of(error):
                case "NotFoundException":
                    return False
                case "InvalidRequestException":
                    raise TooLateToCancel from error
                case _:
                    raise GameLiftDown from error
        return True

    async def ping(self) -> None:
        """Ask GameLift whether it answers."""
        async with self._calling():
            await self._client.describe_matchmaking_configurations(Limit=1)

    async def _known(self, ticket_id: TicketId) -> str | None:
        """Return the configuration ARN of a ticket that GameLift already has; None when it has none.

        GameLift tells a reused ticket id and a wrong request apart only in words (both are
        InvalidRequestException), so we ask instead of reading the words.
        """
        try:
            async with self._calling():
                answer = await self._client.describe_matchmaking(TicketIds=[ticket_id])
        except ClientError as error:
            raise GameLiftDown from error
        tickets = answer.get("TicketList", [])
        return str(tickets[0].get("ConfigurationArn", "")) if tickets else None

    @asynccontextmanager
    async def _calling(self) -> AsyncIterator[None]:
        """Bound one call, and name its failure; what GameLift refuses for another reason comes out as it is."""
        try:
            async with calling(timeout_s=self._timeout_s):
                yield
        except Busy as error:
            raise GameLiftThrottled(retry_after_s=1) from error
        except (Unavailable, BotoCoreError) as error:
            raise GameLiftDown from error
        except ClientError as error:
            if code_of(error) in THROTTLED:
                raise GameLiftThrottled(retry_after_s=1) from error
            raise


def _message(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", ""))[:1024]
