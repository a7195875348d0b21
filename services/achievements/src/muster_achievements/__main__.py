"""`python -m muster_achievements`."""

from muster_achievements.app import build
from muster_achievements.settings import Settings
from muster_runtime.main import main

main("achievements", Settings, build)
