"""`python -m muster_identity`."""

from muster_identity.app import build
from muster_identity.settings import Settings
from muster_runtime.main import main

main("identity", Settings, build)
