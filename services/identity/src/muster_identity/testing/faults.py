"""Making a pretend provider slow, down, or lying."""

import asyncio
import gzip
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiohttp import web

from muster_runtime.http.raw import RawHandler

OVERSIZED_BYTES: Final = 2 * 1024 * 1024
"""More than anybody accepts as the answer to a sign-in."""
LONGEST_HANG_S: Final = 30.0


class Fault(StrEnum):
    """What a provider does in place of answering."""

    NONE = "none"
    HANG = "hang"
    DOWN = "error_500"
    BUSY = "error_503"
    RATE_LIMITED = "error_429"
    BREAKS_OFF = "breaks_off"
    MALFORMED = "malformed"
    NOT_JSON = "not_json"
    ERROR_WITH_200 = "error_with_200"
    WRONG_TYPE = "wrong_type"
    REDIRECT = "redirect"
    OVERSIZED = "oversized"
    COMPRESSED = "compressed"


@dataclass(frozen=True, slots=True)
class Mood:
    """How a provider behaves from now on.

    Attributes:
        fault: what it does in place of answering.
        latency_s: how long it waits before.
        times: how many requests are treated so; None for all.
    """

    fault: Fault = Fault.NONE
    latency_s: float = 0.0
    times: int | None = None


class Switchboard:
    """The present mood of each provider, and how often each was asked."""

    def __init__(self) -> None:
        """Build it with everybody well."""
        self.asked: Counter[str] = Counter()
        self._moods: dict[str, Mood] = {}
        self._changed = asyncio.Event()

    def set(self, provider: str, mood: Mood) -> None:
        """Let *provider* behave so; whoever hangs there is let go."""
        self._moods[provider] = mood
        self._release()

    def clear(self) -> None:
        """Let everybody be well again; whoever hangs is let go."""
        self._moods.clear()
        self._release()

    def moods(self) -> dict[str, Mood]:
        """Return the providers that are not well."""
        return dict(self._moods)

    def through(self, provider: str, handler: RawHandler) -> RawHandler:
        """Return *handler* as *provider*'s mood has it."""

        async def moody(request: web.Request) -> web.StreamResponse:
            self.asked[provider] += 1
            mood = self._next(provider)
            if mood.latency_s > 0:
                await asyncio.sleep(mood.latency_s)
            if mood.fault is Fault.HANG:
                await self._hang()
            if mood.fault in _ANSWERS:
                return _faulty(request, mood.fault)
            return _spoilt(await handler(request), mood.fault)

        return moody

    def _next(self, provider: str) -> Mood:
        mood = self._moods.get(provider, Mood())
        if mood.times is not None:
            left = mood.times - 1
            self._moods[provider] = Mood(mood.fault, mood.latency_s, left) if left > 0 else Mood()
        return mood

    async def _hang(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_HANG_S):
                await self._changed.wait()
        except TimeoutError:
            return

    def _release(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _faulty(request: web.Request, fault: Fault) -> web.StreamResponse:
    """Answer without the truth."""
    if fault is Fault.BREAKS_OFF and request.transport is not None:
        request.transport.abort()
    status, body, headers = _ANSWERS[fault]
    if fault is Fault.REDIRECT:
        headers = {"Location": str(request.rel_url)}
    return web.Response(status=status, body=body, headers=headers)


def _spoilt(answer: web.StreamResponse, fault: Fault) -> web.StreamResponse:
    """Return the true *answer*, good in all but one thing."""
    truth = answer.body if isinstance(answer, web.Response) else None
    if not isinstance(truth, bytes):
        return answer
    match fault:
        case Fault.WRONG_TYPE:
            return web.Response(status=answer.status, body=truth, content_type="text/html")
        case Fault.OVERSIZED:
            return web.Response(status=answer.status, body=truth + b" " * OVERSIZED_BYTES, headers=_JSON)
        case Fault.COMPRESSED:
            packed = gzip.compress(truth + b" " * OVERSIZED_BYTES, mtime=0)
            return web.Response(status=answer.status, body=packed, headers={**_JSON, "Content-Encoding": "gzip"})
        case _:
            return answer


_JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html"}

_ANSWERS: Final[Mapping[Fault, tuple[int, bytes, Mapping[str, str]]]] = {
    Fault.DOWN: (500, b"<h1>Internal Server Error</h1>", _HTML),
    Fault.BUSY: (503, b"", {"Retry-After": "7"}),
    Fault.RATE_LIMITED: (429, b'{"error": "rate_limited"}', {**_JSON, "Retry-After": "9"}),
    Fault.BREAKS_OFF: (500, b"", {}),
    Fault.MALFORMED: (200, b'{"response": {"params": {"result": "OK", ', _JSON),
    Fault.NOT_JSON: (200, b"<html><body>Welcome</body></html>", _HTML),
    Fault.ERROR_WITH_200: (200, b'{"error": {"code": 2, "message": "Service temporarily unavailable"}}', _JSON),
    Fault.REDIRECT: (302, b"", {}),
}
"""What is answered in place of the truth: status, body and headers."""
