"""How long the SDK waits, and what it takes from outside."""

import asyncio
import random
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import time  # noqa: TID251 - the default of what a test may replace

from muster_gameserver.parameters import Credentials
from muster_gameserver.wire import Dial

Renew = Callable[[], Awaitable[Credentials]]
"""Gives the right to connect, asked before every attempt. May raise GameServerError: the attempt has failed then."""


@dataclass(frozen=True, slots=True)
class Timings:
    """How long the client waits for what.

    Attributes:
        request_s: for the answer to one request, including the wait for a connection.
        dial_waits_s: pauses between attempts to connect; one more attempt than pauses, then the link is lost.
        heartbeat_s: from one heartbeat to the next.
        heartbeat_spread_s: each of these waits is drawn from up to this much either way.
        health_s: for the health check; after that the process counts as unhealthy.

    Source: the SDKs' own numbers: 20 s, seven attempts, 60 s with up to 10 s either way, 50 s.
    """

    request_s: float = 20.0
    dial_waits_s: Sequence[float] = (4.0, 8.0, 16.0, 32.0, 32.0, 32.0)
    heartbeat_s: float = 60.0
    heartbeat_spread_s: float = 10.0
    health_s: float = 50.0


def _new_id() -> str:
    return str(uuid.uuid4())  # noqa: TID251 - the default of what a test may replace


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the SDK takes from outside; for tests, and for programs that have their own.

    Attributes:
        dial: makes connections; over WebSocket when None.
        pause: waits between attempts to connect.
        new_id: draws request ids and idempotency tokens.
        epoch_s: tells seconds since the epoch.
        rng: draws the spread of heartbeats.
    """

    dial: Dial | None = None
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    new_id: Callable[[], str] = _new_id
    epoch_s: Callable[[], float] = time
    rng: random.Random = field(default_factory=random.SystemRandom)
