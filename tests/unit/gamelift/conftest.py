"""The local GameLift without protocols."""

import pytest
from gamelift_bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
