"""Run the sample game server: `python -m muster_players.arena`."""

from muster_players.arena.app import build
from muster_players.arena.settings import ArenaSettings
from muster_runtime.main import main

main("arena", ArenaSettings, build)
