"""How a simulation is run."""

from dataclasses import dataclass

from muster_flexmatch.simulate.population import Returns


@dataclass(frozen=True, slots=True)
class Options:
    """How a simulation is run.

    Attributes:
        seed: decides everything that is left to chance.
        tick_s: seconds between two looks at the pool.
        explained: of how many who left it is told why.
        returns: who queues again after a match.
        population: its name, for the result.
        seconds: how long people arrive; None for as long as arrivals come.
        timeout_s: request timeout; who leaves earlier has given up.
    """

    seed: int = 0
    tick_s: float = 1.0
    explained: int = 8
    returns: Returns | None = None
    population: str = ""
    seconds: float | None = None
    timeout_s: float = 600.0
