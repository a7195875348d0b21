"""What the engine needs from outside: somebody to take notices, a way to server processes, and perhaps a memory."""

from collections.abc import Callable, Sequence
from typing import Protocol

from muster_gamelift.state.world import Notice, Push, World


class NoticeSink(Protocol):
    """Takes notices over. The one place they leave by, whoever listens behind it."""

    def hand_over(self, notice: Notice) -> None:
        """Take *notice*; called in the order in which things happened, and never waits."""


class ServerLinks(Protocol):
    """The connections of server processes."""

    def push(self, push: Push) -> None:
        """Send a message to a process, if it is connected; never waits."""


class Keeper(Protocol):
    """Remembers changes beyond the life of this process."""

    def keep(self, world: World, notices: Sequence[Notice], then: Callable[[], None]) -> None:
        """Take a finished change over; never waits.

        Args:
            world: its journal lists the rows that the change touched.
            notices: what is to be published.
            then: called once the change cannot be lost any more, in the order of the changes; tells the outside.
        """

    async def settled(self) -> None:
        """Wait until everything kept so far cannot be lost any more.

        Raises:
            MusterError: it cannot be kept; nothing of it may be told.
        """


class KeepsNothing:
    """A `Keeper` for a state that lives and dies with the process."""

    def keep(self, _world: World, _notices: Sequence[Notice], then: Callable[[], None]) -> None:
        """Call *then* at once."""
        then()

    async def settled(self) -> None:
        """Return at once."""


class Gate(Protocol):
    """Stands before the operations of the API."""

    def admit(self, region: str, operation: str, now_s: float) -> None:
        """Let a call through; never waits.

        Args:
            region: whose resources are named.
            operation: whatever the request calls it; the API may have no such operation.
            now_s: seconds since the epoch.

        Raises:
            Fault: the call is refused with this error.
        """

    def forget(self) -> None:
        """Begin anew, as after a start."""


class AdmitsAll:
    """A `Gate` that refuses nothing."""

    def admit(self, _region: str, _operation: str, _now_s: float) -> None:
        """Return at once."""

    def forget(self) -> None:
        """Return at once: nothing is remembered."""
