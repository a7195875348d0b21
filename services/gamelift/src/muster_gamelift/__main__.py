"""`python -m muster_gamelift`."""

from muster_gamelift.app import build
from muster_gamelift.settings import Settings
from muster_runtime.main import main

main("gamelift", Settings, build, options=("host", "port", "control"))
