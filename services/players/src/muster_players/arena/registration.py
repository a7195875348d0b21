"""Makes this machine a compute of the fleet, and gets the right to connect as one."""

import asyncio
from typing import Any

import structlog
from botocore.exceptions import ClientError

from muster_gameserver import Credentials, GameServerError
from muster_runtime.aws import calling, code_of
from muster_runtime.clock import Clock
from muster_runtime.errors import MusterError

_log = structlog.get_logger()
_FRESH_S = 5.0
"""Many server processes start at once, and GetComputeAuthToken allows five calls a second: they share an answer.

Source: GameLift service quotas, as listed in the project's notes."""
_CALL_S = 20.0


class NotRegistered(GameServerError):
    """GameLift did not take this machine as a compute (yet).

    Attributes:
        code: the AWS error code, or the name of what went wrong on the way.
    """

    def __init__(self, code: str) -> None:
        """Build the error; *code* as above."""
        super().__init__(f"the compute is not registered: {code}")
        self.code = code


class Registration:
    """The compute of this process, registered as often as needed."""

    def __init__(  # noqa: PLR0913 - a compute has that many facts
        self,
        gamelift: Any,  # noqa: ANN401 - an AWS client
        *,
        fleet_id: str,
        compute: str,
        address: str,
        location: str,
        clock: Clock,
    ) -> None:
        """Build it; nothing is registered yet.

        Args:
            gamelift: the AWS client.
            fleet_id: an ANYWHERE fleet.
            compute: name of this machine in it.
            address: IP address that players connect to.
            location: custom location of the fleet.
            clock: tells the age of the token.
        """
        self._gamelift = gamelift
        self._fleet_id = fleet_id
        self._compute = compute
        self._address = address
        self._location = location
        self._clock = clock
        self._asking = asyncio.Lock()
        self._credentials: Credentials | None = None
        self._got_at_s = 0.0

    async def credentials(self) -> Credentials:
        """Return where to connect and a fresh token, registering the compute first.

        Safe to repeat: a compute that is registered already stays so.

        Raises:
            NotRegistered: GameLift refused, or does not answer; try again later.
        """
        async with self._asking:
            if self._credentials is None or self._clock.monotonic_s() - self._got_at_s > _FRESH_S:
                self._credentials = await self._ask()
                self._got_at_s = self._clock.monotonic_s()
            return self._credentials

    async def _ask(self) -> Credentials:
        who = {"FleetId": self._fleet_id, "ComputeName": self._compute}
        try:
            compute = await self._register(who)
            async with calling(timeout_s=_CALL_S):
                token = await self._gamelift.get_compute_auth_token(**who)
            return Credentials(compute["GameLiftServiceSdkEndpoint"], token["AuthToken"])
        except ClientError as error:
            raise NotRegistered(code_of(error)) from error
        except MusterError as error:
            raise NotRegistered(error.code) from error
        except KeyError as error:
            raise NotRegistered(f"no {error.args[0]} in the answer") from error

    async def _register(self, who: dict[str, str]) -> Any:  # noqa: ANN401 - JSON as it comes
        try:
            async with calling(timeout_s=_CALL_S):
                answer = await self._gamelift.register_compute(**who, IpAddress=self._address, Location=self._location)
        except ClientError as error:
            if code_of(error) != "ConflictException":
                raise
            async with calling(timeout_s=_CALL_S):
                answer = await self._gamelift.describe_compute(**who)
        else:
            _log.info("compute_registered", fleet_id=self._fleet_id, compute=self._compute)
        return answer["Compute"]
