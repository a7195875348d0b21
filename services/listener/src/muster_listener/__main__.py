"""`python -m muster_listener`."""

from muster_listener.app import build
from muster_listener.settings import Settings
from muster_runtime.main import main

main("listener", Settings, build)
