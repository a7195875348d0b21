"""`python -m muster_tickets`."""

from muster_runtime.main import main
from muster_tickets.app import build
from muster_tickets.settings import Settings

main("tickets", Settings, build)
