"""The services of Muster: what `up` starts, and in which order."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One service as the supervisor sees it.

    Attributes:
        name: such as `tickets`; its environment prefix is the same in upper case.
        module: import name of its package.
        title: what it does, a few words for the table of URLs.
        edge: whether clients reach it through the one base URL.
    """

    name: str
    module: str
    title: str
    edge: bool = True

    @property
    def prefix(self) -> str:
        """Begins each of its environment variables, such as `TICKETS_`."""
        return f"{self.name.upper()}_"

    def build(self) -> Any:  # noqa: ANN401 - each service's build takes its own settings class
        """Import and return its `build(settings, scope) -> Service`."""
        return importlib.import_module(f"{self.module}.app").build

    def settings(self) -> Any:  # noqa: ANN401 - each service has its own settings class
        """Import and return its settings class."""
        return importlib.import_module(f"{self.module}.settings").Settings

    def load(self) -> None:
        """Import everything that running it in this process needs."""
        self.build()
        self.settings()


SERVICES: Sequence[Entry] = (
    Entry("gamelift", "muster_gamelift", "local GameLift and FlexMatch", edge=False),
    Entry("identity", "muster_identity", "guests, tokens, signing keys"),
    Entry("matchmaking", "muster_matchmaking", "requests and cancels tickets"),
    Entry("tickets", "muster_tickets", "the ticket a client polls"),
    Entry("achievements", "muster_achievements", "progress and unlocks"),
    Entry("listener", "muster_listener", "game sessions and placements"),
    Entry("players", "muster_players", "virtual players"),
)
"""In the order of import and start, the local GameLift first because the sample game waits for it."""

PROVIDERS = Entry("providers", "muster_identity.testing", "pretend Steam, Apple, Google and others", edge=False)
"""Stand-ins for those whom identity asks about players; run beside the services where AWS is local too."""

ARENA_MODULE = "muster_players.arena"
"""The sample game server: always a process of its own, as on a real fleet."""


def by_name(entries: Sequence[Entry] = SERVICES) -> Mapping[str, Entry]:
    """Return the services by name."""
    return {entry.name: entry for entry in entries}
