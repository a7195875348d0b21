"""Virtual players for real: they go out over HTTP and TCP."""

from dataclasses import dataclass

import aiohttp

from muster_players.domain import JourneyReport, RunPlan
from muster_players.journey import play_together
from muster_runtime.clock import Clock
from muster_runtime.ids import Ids


@dataclass(frozen=True, slots=True)
class HTTPPlayers:
    """Players who play on the Muster at one address.

    Attributes:
        base_url: of all services.
        http: makes the requests.
        clock: measures the steps.
        ids: draws request keys.
    """

    base_url: str
    http: aiohttp.ClientSession
    clock: Clock
    ids: Ids

    async def play(self, plan: RunPlan) -> tuple[JourneyReport, ...]:
        """Send the players of *plan* on their way; see Players."""
        return await play_together(
            self.base_url,
            plan.players,
            http=self.http,
            clock=self.clock,
            timeout_s=plan.timeout_s,
            latencies_ms=dict(plan.latencies_ms),
            ids=self.ids,
        )
