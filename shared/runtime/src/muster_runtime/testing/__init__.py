"""The public test kit: fakes, fault injection, a running service, the local AWS. `docs/testing.md` shows its use.

Names are loaded at first use, because pytest imports this package long before coverage measurement starts.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from muster_runtime.testing.clock import FakeClock
    from muster_runtime.testing.events import FakeEvents, RecordingPublisher
    from muster_runtime.testing.faults import Faulty, client_error
    from muster_runtime.testing.ids import SequentialIds
    from muster_runtime.testing.local_aws import LocalAWS
    from muster_runtime.testing.sandbox import QueuePair, Sandbox
    from muster_runtime.testing.services import running
    from muster_runtime.testing.sqs import FakeSQS
    from muster_runtime.testing.tokens import TokenMint
    from muster_runtime.testing.waiting import eventually

__all__ = [
    "FakeClock",
    "FakeEvents",
    "FakeSQS",
    "Faulty",
    "LocalAWS",
    "QueuePair",
    "RecordingPublisher",
    "Sandbox",
    "SequentialIds",
    "TokenMint",
    "client_error",
    "eventually",
    "running",
]

_HOMES: Final = {
    "FakeClock": "clock",
    "FakeEvents": "events",
    "FakeSQS": "sqs",
    "Faulty": "faults",
    "LocalAWS": "local_aws",
    "QueuePair": "sandbox",
    "RecordingPublisher": "events",
    "Sandbox": "sandbox",
    "SequentialIds": "ids",
    "TokenMint": "tokens",
    "client_error": "faults",
    "eventually": "waiting",
    "running": "services",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    """Load one of the kit's names from its module."""
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
