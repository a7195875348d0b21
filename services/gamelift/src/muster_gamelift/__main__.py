"""`python -m muster_gamelift`."""

import gc

from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.main import main

# Tens of thousands of tickets live long and form no cycles: walking all of them again and again would cost a tenth of
# the time. What was loaded so far is never walked.
gc.freeze()
gc.set_threshold(20_000, 20, 100)
main("gamelift", Settings, build, options=("host", "port", "control"))
