"""The sample game: set up in GameLift, served by the arena, and both again whenever the local GameLift forgot it."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from muster_deploy.environment import Facts
from muster_deploy.gamelift_setup import set_up
from muster_deploy.problems import CannotStart
from muster_deploy.readiness import wait_until_ready
from muster_deploy.settings import Settings
from muster_deploy.supervise import Kept, Supervisor, Unit
from muster_deploy.topology import Topology
from muster_runtime.aws import client_context

GAMELIFT = "gamelift"
_RETRY_S = 2.0


class Game:
    """Keeps the sample game playable."""

    def __init__(  # noqa: PLR0913 - one collaborator each
        self,
        settings: Settings,
        topology: Topology,
        supervisor: Supervisor,
        *,
        server: Callable[[Facts], Unit],
        layer: int,
        say: Callable[[str], None],
    ) -> None:
        """Describe it.

        Args:
            settings: how long things may take.
            topology: where GameLift and the arena are.
            supervisor: runs the arena, and the local GameLift.
            server: makes the arena's unit for the fleet that the facts name.
            layer: of the arena.
            say: tells a person what happened.
        """
        self._settings = settings
        self._topology = topology
        self._supervisor = supervisor
        self._server = server
        self._layer = layer
        self._say = say

    async def start(self, facts: Facts) -> Facts:
        """Set the game up and start its server; return the facts with the fleet.

        Raises:
            CannotStart: GameLift does not get ready, or refuses.
        """
        if self._topology.gamelift_endpoint is not None:
            kept = self._supervisor.kept(GAMELIFT)
            await self._ready(kept)
            # What happened before this moment is made good by the set-up that follows.
            kept.crashed.clear()
        facts = await self._set_up(facts)
        self._supervisor.start(self._server(facts), layer=self._layer)
        return facts

    async def keep(self, facts: Facts, changed: Callable[[Facts], object]) -> None:
        """Set the game up again after each crash of the local GameLift, which keeps everything in memory.

        Args:
            facts: what `start` returned.
            changed: gets the new facts when the fleet is another one, once its server is started.
        """
        kept = self._supervisor.kept(GAMELIFT)
        while True:
            await kept.crashed.wait()
            kept.crashed.clear()
            try:
                await self._ready(kept)
                again = await self._set_up(facts)
            except CannotStart as error:
                self._say(f"the sample game is not set up again yet: {error}")
                kept.crashed.set()
                await asyncio.sleep(_RETRY_S)
                continue
            if again.fleet_id != facts.fleet_id:
                await self._supervisor.replace(self._server(again), grace_s=self._settings.stop_grace_s)
                facts = again
                changed(facts)
            self._say("gamelift is back, and the sample game is set up again")

    async def _ready(self, kept: Kept) -> None:
        url = self._topology.url(GAMELIFT)
        await wait_until_ready(kept, url, timeout_s=self._settings.start_timeout_s)

    async def _set_up(self, facts: Facts) -> Facts:
        topics: Mapping[str, str] = facts.outputs
        try:
            async with client_context("gamelift", self._settings) as gamelift:
                arena = await set_up(
                    gamelift,
                    matchmaking_topic=topics["MatchmakingNoticesTopic"],
                    placement_topic=topics["PlacementNoticesTopic"],
                )
        except (BotoCoreError, ClientError) as error:
            raise CannotStart(
                f"GameLift does not take the sample game ({type(error).__name__}).", str(error)
            ) from error
        return replace(facts, fleet_id=arena.fleet_id)
