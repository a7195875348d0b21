"""Run the service: `python -m muster_players`."""

from muster_players.app import build
from muster_players.settings import Settings
from muster_runtime.main import main

main("players", Settings, build)
