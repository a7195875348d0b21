"""Server processes as the service sees them over their WebSocket."""

from dataclasses import dataclass, replace
from enum import StrEnum

HEARTBEAT_S = 60.0
"""Server SDKs report health once a minute, give or take ten seconds. Source: Server SDK 5, HEALTHCHECK_INTERVAL."""
MISSED_HEARTBEATS = 3
"""So many missing or bad reports in a row end a process. Source: GameLift guide, server process health."""


class ProcessStatus(StrEnum):
    """Our own names; AWS shows processes only through fleet counts."""

    CONNECTED = "CONNECTED"
    """Linked, but ProcessReady was not called."""
    ACTIVATED = "ACTIVATED"
    """ActivateServerProcess came; the first heartbeat did not."""
    READY = "READY"
    """May be given a game session, when healthy, linked and without one."""
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """One process of a game server.

    Attributes:
        process_id: the SDK's pID.
        token_digest: of the token it came with last, so that a reconnect after the token's expiry is let in.
        linked: whether its WebSocket is open.
        unlinked_at_s: since when it is not.
        heard_at_s: the last heartbeat, or the activation.
        bad_reports: consecutive heartbeats with HealthStatus false.
        session_arn: its game session; a process runs at most one in its life.
        end_by_s: when a process that was asked to end is given up.
        endpoint: the address that it reached us at, to tell it again.
        renew_at_s: when it is asked to come with a new token; None for one that signs instead.
        renewals: how often it was asked since it came.
        built_in: runs inside this service for tests, and needs neither WebSocket nor heartbeats.
    """

    process_id: str
    fleet_id: str
    compute_name: str
    location: str
    token_digest: str
    heard_at_s: float
    status: ProcessStatus = ProcessStatus.CONNECTED
    linked: bool = True
    unlinked_at_s: float | None = None
    port: int = 0
    bad_reports: int = 0
    session_arn: str | None = None
    end_by_s: float | None = None
    endpoint: str = ""
    renew_at_s: float | None = None
    renewals: int = 0
    built_in: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the process has not ended."""
        return self.status is not ProcessStatus.ENDED

    @property
    def is_free(self) -> bool:
        """Whether it can be given a game session now.

        Only after a first heartbeat: the Go SDK drops a CreateGameSession that arrives before ProcessReady returned.
        Source: observed with Go SDK 5.6.0.
        """
        return (
            self.status is ProcessStatus.READY
            and self.linked
            and self.bad_reports == 0
            and self.session_arn is None
            and self.end_by_s is None
        )

    def relinked(self, token_digest: str, endpoint: str, renew_at_s: float | None) -> "ServerProcess":
        """Return the process with a new WebSocket; everything else is kept."""
        return replace(
            self,
            linked=True,
            unlinked_at_s=None,
            token_digest=token_digest,
            endpoint=endpoint,
            renew_at_s=renew_at_s,
            renewals=0,
        )

    def asked_to_renew(self, next_s: float | None) -> "ServerProcess":
        """Return the process after RefreshConnection was pushed to it; it is asked again at *next_s*, if at all."""
        return replace(self, renew_at_s=next_s, renewals=self.renewals + 1)

    def unlinked(self, at_s: float) -> "ServerProcess":
        """Return the process without its WebSocket; it has a grace to come back."""
        return replace(self, linked=False, unlinked_at_s=at_s)

    def orphaned(self, at_s: float) -> "ServerProcess":
        """Return the process after a restart of the service, which could not hear it: its times begin anew."""
        return replace(self, linked=False, unlinked_at_s=at_s, heard_at_s=at_s)

    def activated(self, port: int, at_s: float) -> "ServerProcess":
        """Return the process after ActivateServerProcess; a repeat after a reconnect keeps it ready."""
        status = ProcessStatus.ACTIVATED if self.status is ProcessStatus.CONNECTED else self.status
        return replace(self, status=status, port=port, heard_at_s=at_s)

    def heard(self, at_s: float, *, healthy: bool) -> "ServerProcess":
        """Return the process after a heartbeat."""
        status = ProcessStatus.READY if self.status is ProcessStatus.ACTIVATED else self.status
        bad = 0 if healthy else self.bad_reports + 1
        return replace(self, status=status, heard_at_s=at_s, bad_reports=bad)

    def given(self, session_arn: str) -> "ServerProcess":
        """Return the process with a game session to run."""
        return replace(self, session_arn=session_arn)

    def asked_to_end(self, by_s: float) -> "ServerProcess":
        """Return the process after TerminateProcess was pushed to it."""
        return replace(self, end_by_s=by_s)

    def ended(self) -> "ServerProcess":
        """Return the process at its end."""
        return replace(self, status=ProcessStatus.ENDED, linked=False)

    def is_lost(self, now_s: float, *, grace_s: float) -> bool:
        """Tell whether the process must be given up.

        Args:
            now_s: seconds since the epoch.
            grace_s: how long a process without a WebSocket is waited for.
        """
        if not self.linked and now_s - (self.unlinked_at_s or now_s) >= grace_s:
            return True
        if self.end_by_s is not None and now_s >= self.end_by_s:
            return True
        if self.built_in or self.status is ProcessStatus.CONNECTED:
            return False
        # Half a period of slack: the SDK spreads its reports by ten seconds.
        silent = now_s - self.heard_at_s > (MISSED_HEARTBEATS + 0.5) * HEARTBEAT_S
        return silent or self.bad_reports >= MISSED_HEARTBEATS
