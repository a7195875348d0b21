"""`python -m muster_matchmaking`."""

from muster_matchmaking.app import build
from muster_matchmaking.settings import Settings
from muster_runtime.main import main

main("matchmaking", Settings, build)
