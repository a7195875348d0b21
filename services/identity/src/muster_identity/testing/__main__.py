"""`python -m muster_identity.testing`."""

from muster_identity.testing.app import build
from muster_identity.testing.settings import Settings
from muster_runtime.main import main

main("providers", Settings, build)
