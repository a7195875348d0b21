"""Simulates rule sets in virtual time: who waits how long, who plays with whom, who gives up."""

from muster_flexmatch.simulate.arrivals import Arrival, arrivals, complete, recorded
from muster_flexmatch.simulate.options import Options
from muster_flexmatch.simulate.population import Population, PopulationInvalid, population_of
from muster_flexmatch.simulate.result import Result, Spread, rows
from muster_flexmatch.simulate.run import simulate

__all__ = [
    "Arrival",
    "Options",
    "Population",
    "PopulationInvalid",
    "Result",
    "Spread",
    "arrivals",
    "complete",
    "population_of",
    "recorded",
    "rows",
    "simulate",
]
