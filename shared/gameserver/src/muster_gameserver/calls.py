"""What a game server may ask GameLift once it is ready."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from muster_gameserver.errors import InvalidParameters, NoGameSession, NotConnected, NotManaged, ProcessNotReady
from muster_gameserver.life import Life
from muster_gameserver.link import Link
from muster_gameserver.parameters import ServerParameters
from muster_gameserver.protocol import player_sessions, players_out, role_credentials
from muster_gameserver.surroundings import Surroundings
from muster_gameserver.values import (
    ComputeCertificate,
    FleetRoleCredentials,
    Player,
    PlayerSession,
    PlayerSessionCreationPolicy,
    PlayerSessionPage,
    PlayerSessionStatus,
)

_ROLE_FRESH_S = 15 * 60.0
"""Role credentials are used again while they are good for longer than this. Source: Go SDK 5.6.0."""
_ROLE_SESSION_NAME = 64


class Calls:
    """The calls of GameServer about its session, its players and its machine.

    All raise GameServerError: ProcessNotReady or NoGameSession when they come too early, a Refused when GameLift says
    no, TimedOut or NotConnected when it says nothing.
    """

    def __init__(self, parameters: ServerParameters, around: Surroundings) -> None:
        """Build it.

        Args:
            parameters: which process.
            around: tells the time.
        """
        self.parameters = parameters
        self._around = around
        self._roles: dict[str, FleetRoleCredentials] = {}
        self._is_managed = True
        self._link: Link | None = None
        self._life: Life | None = None

    # Session -------------------------------------------------------------------------------------------------------

    async def activate_game_session(self) -> None:
        """Say that the session takes players now."""
        await self._ready().ask("ActivateGameSession", GameSessionId=self._session_id())

    async def update_player_session_creation_policy(self, policy: PlayerSessionCreationPolicy | str) -> None:
        """Open or close the session to new players: ACCEPT_ALL or DENY_ALL.

        Raises:
            InvalidParameters: the policy is neither.
        """
        if policy not in set(PlayerSessionCreationPolicy):
            raise InvalidParameters("the policy must be ACCEPT_ALL or DENY_ALL")
        fields = {"GameSessionId": self._session_id(), "PlayerSessionPolicy": str(policy)}
        await self._ready().ask("UpdatePlayerSessionCreationPolicy", **fields)

    # Players -------------------------------------------------------------------------------------------------------

    async def accept_player_session(self, player_session_id: str) -> None:
        """Let the player of this seat in: RESERVED becomes ACTIVE.

        Raises:
            Refused: no such seat in this session, or it was taken or has run out.
        """
        fields = {"GameSessionId": self._session_id(), "PlayerSessionId": player_session_id}
        await self._ready().ask("AcceptPlayerSession", **fields)

    async def remove_player_session(self, player_session_id: str) -> None:
        """Say that the player of this seat is gone: ACTIVE becomes COMPLETED.

        Raises:
            Refused: there is no such seat in this session, or it is free already.
        """
        fields = {"GameSessionId": self._session_id(), "PlayerSessionId": player_session_id}
        await self._ready().ask("RemovePlayerSession", **fields)

    async def describe_player_sessions(  # noqa: PLR0913 - each is a filter of the protocol, and named
        self,
        *,
        game_session_id: str = "",
        player_id: str = "",
        player_session_id: str = "",
        status: PlayerSessionStatus | str = "",
        limit: int | None = None,
        next_token: str | None = None,
    ) -> PlayerSessionPage:
        """Return one page of player sessions.

        Args:
            game_session_id: of this session; the one this process hosts when no filter is given.
            player_id: of this player.
            player_session_id: this one.
            status: in this state; heeded for a game session only.
            limit: at most so many, 1 or more; GameLift's own choice when left out.
            next_token: from the page before.

        Raises:
            InvalidParameters: more than one filter, or a limit below 1.
        """
        wanted = {"GameSessionId": game_session_id, "PlayerId": player_id, "PlayerSessionId": player_session_id}
        fields: dict[str, Any] = {name: value for name, value in wanted.items() if value}
        if len(fields) > 1 or (limit is not None and limit < 1):
            raise InvalidParameters("give one of game_session_id, player_id, player_session_id, and a limit above 0")
        link = self._ready()
        fields = fields or {"GameSessionId": self._session_id()}
        more = {"PlayerSessionStatusFilter": str(status), "Limit": limit, "NextToken": next_token}
        fields |= {name: value for name, value in more.items() if value}
        return player_sessions(await link.ask("DescribePlayerSessions", **fields))

    async def player_sessions(self, *, status: PlayerSessionStatus | str = "") -> AsyncIterator[PlayerSession]:
        """Go through all player sessions of the hosted session, page by page.

        Args:
            status: in this state only.
        """
        token: str | None = None
        while True:
            page = await self.describe_player_sessions(status=status, next_token=token)
            for seat in page.player_sessions:
                yield seat
            token = page.next_token
            if token is None:
                return

    # Backfill ------------------------------------------------------------------------------------------------------

    async def start_match_backfill(
        self, *, configuration_arn: str, players: Sequence[Player], ticket_id: str = ""
    ) -> str:
        """Ask FlexMatch for players to fill the session up; return the ticket's id.

        What comes of it is told to `on_update_game_session`.

        Args:
            configuration_arn: MatchmakerData.configuration_arn.
            players: everybody who is in the session now, each with their team.
            ticket_id: up to 128 letters, digits, dots and hyphens; drawn by GameLift when empty.

        Raises:
            InvalidParameters: an attribute is of no type that FlexMatch knows.
        """
        answer = await self._ready().ask(
            "StartMatchBackfill",
            GameSessionArn=self._session_id(),
            MatchmakingConfigurationArn=configuration_arn,
            TicketId=ticket_id,
            Players=players_out(players),
        )
        return str(answer.get("TicketId") or ticket_id)

    async def stop_match_backfill(self, *, configuration_arn: str, ticket_id: str) -> None:
        """Stop asking for players; arguments as for `start_match_backfill`."""
        await self._ready().ask(
            "StopMatchBackfill",
            GameSessionArn=self._session_id(),
            MatchmakingConfigurationArn=configuration_arn,
            TicketId=ticket_id,
        )

    # Compute -------------------------------------------------------------------------------------------------------

    async def get_compute_certificate(self) -> ComputeCertificate:
        """Return where the compute's TLS certificate lies."""
        answer = await self._ready().ask("GetComputeCertificate")
        return ComputeCertificate(str(answer.get("CertificatePath") or ""), str(answer.get("ComputeName") or ""))

    async def get_fleet_role_credentials(self, role_arn: str, role_session_name: str = "") -> FleetRoleCredentials:
        """Return temporary credentials of a managed fleet's role; those that are still good are used again.

        Args:
            role_arn: the role.
            role_session_name: shown in AWS's logs; fleet and host when empty.

        Raises:
            NotManaged: an Anywhere fleet has no role.
        """
        if not self._is_managed:
            raise NotManaged("fleet roles exist on managed fleets only")
        known = self._roles.get(role_arn)
        if known and known.expires_at_s - self._around.epoch_s() > _ROLE_FRESH_S:
            return known
        usual = f"{self.parameters.fleet_id}-{self.parameters.host_id}"
        name = role_session_name or usual[:_ROLE_SESSION_NAME]
        answer = await self._ready().ask("GetFleetRoleCredentials", RoleArn=role_arn, RoleSessionName=name)
        credentials = role_credentials(answer)
        if credentials is None:
            self._is_managed = False
            raise NotManaged("fleet roles exist on managed fleets only")
        self._roles[role_arn] = credentials
        return credentials

    # Inside --------------------------------------------------------------------------------------------------------

    def _ready(self) -> Link:
        if not self._living().is_ready:
            raise ProcessNotReady("call process_ready first")
        return self._connection()

    def _session_id(self) -> str:
        self._ready()
        session = self._living().session
        if session is None:
            raise NoGameSession("wait for on_start_game_session")
        return session.game_session_id

    def _connection(self) -> Link:
        if self._link is None:
            raise NotConnected("enter the block first: async with GameServer(...)")
        return self._link

    def _living(self) -> Life:
        if self._life is None:
            raise NotConnected("enter the block first: async with GameServer(...)")
        return self._life
