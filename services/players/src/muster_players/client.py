"""Muster's HTTP API as a game client sees it: plain calls, bounded and repeated where a repeat is safe."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError

from muster_players.errors import AnswerRefused, AnswerUnusable, Unreachable

Pause = Callable[[float], Awaitable[None]]
M = TypeVar("M", bound=BaseModel)

_LATER: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which a repeat makes sense. A service that was killed and comes back looks like these for a moment."""
_TRIES: Final = 23
"""Nearly a minute in all: on a busy machine a service that was killed takes long to come back."""
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 3.0


class SignedIn(BaseModel):
    """The part of a guest's tokens that a player needs."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    user_id: str
    access_token: str


class Requested(BaseModel):
    """The answer to a request for a match."""

    model_config = ConfigDict(frozen=True)

    ticket_id: str


class Seat(BaseModel):
    """Where to play, and what opens the seat."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    ip_address: str | None = None
    dns_name: str | None = None
    port: int
    player_session_id: str


class Ticket(BaseModel):
    """A ticket, as far as a player needs it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    status: str
    reason: str | None = None
    match_id: str | None = None
    connection: Seat | None = None


class Achievement(BaseModel):
    """One achievement."""

    model_config = ConfigDict(frozen=True)

    achievement_id: str
    unlocked: bool


class Achievements(BaseModel):
    """All achievements of a player."""

    model_config = ConfigDict(frozen=True)

    achievements: tuple[Achievement, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with its head.

    Attributes:
        status: HTTP status.
        headers: of the answer.
        body: the JSON document; None when there is none.
    """

    status: int
    headers: Mapping[str, str]
    body: Any = field(repr=False)

    @property
    def retry_after_s(self) -> float | None:
        """What Retry-After says, 0 to 60 seconds; None when it says nothing usable."""
        text = self.headers.get("Retry-After", "")
        return min(60.0, float(text)) if text.isascii() and text.isdigit() else None


@dataclass(frozen=True, slots=True)
class Poll:
    """The answer to one look at a ticket.

    Attributes:
        ticket: None when it has not changed since the last look, or is not known yet.
        tag: to be sent with the next look.
        retry_after_s: how long the service wants to be left alone; None when it does not say.
    """

    ticket: Ticket | None
    tag: str
    retry_after_s: float | None


class MusterClient:
    """One player's way to Muster. Tokens go into headers and nowhere else."""

    def __init__(self, http: aiohttp.ClientSession, base_url: str, *, pause: Pause = asyncio.sleep) -> None:
        """Build a client.

        Args:
            http: makes the requests.
            base_url: of all services, without a trailing slash.
            pause: waits that many seconds between tries.
        """
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._pause = pause

    async def sign_in(self) -> SignedIn:
        """Sign in as a new guest.

        Raises:
            JourneyFailed: it did not work, also after repeats.
        """
        return _shaped(SignedIn, await self._call("POST", "/v1/guests"))

    async def request_match(self, token: str, *, latencies_ms: Mapping[str, int], key: str) -> Requested:
        """Ask for a match.

        Safe to repeat: requests with the same *key* are one request.

        Raises:
            JourneyFailed: it did not work, also after repeats.
        """
        reply = await self._call(
            "POST",
            "/v1/matchmaking/tickets",
            token=token,
            json={"latencies_ms": dict(latencies_ms)},
            headers={"Idempotency-Key": key},
        )
        return _shaped(Requested, reply)

    async def look(self, token: str, ticket_id: str, *, tag: str, wait_s: float) -> Poll:
        """Look at a ticket, waiting up to *wait_s* seconds for a change where the service offers that.

        Args:
            token: the player's access token.
            ticket_id: which.
            tag: of the last look; empty at the first.
            wait_s: 0 to 20.

        Raises:
            JourneyFailed: it did not work, also after repeats.
        """
        reply = await self._call(
            "GET",
            f"/v1/tickets/{ticket_id}",
            token=token,
            params={"wait_s": f"{wait_s:g}"},
            headers={"If-None-Match": tag} if tag else {},
            timeout_s=wait_s + 10.0,
            fine=(304, 404),
        )
        # The ticket's own service may learn of it a moment after we did.
        ticket = _shaped(Ticket, reply) if reply.status == 200 else None
        return Poll(ticket=ticket, tag=reply.headers.get("ETag", tag), retry_after_s=reply.retry_after_s)

    async def achievements(self, token: str) -> Achievements:
        """Return the player's achievements.

        Raises:
            JourneyFailed: it did not work, also after repeats.
        """
        return _shaped(Achievements, await self._call("GET", "/v1/achievements", token=token))

    async def _call(  # noqa: PLR0913 - a request has that many parts
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        json: object = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 10.0,
        fine: tuple[int, ...] = (),
    ) -> Reply:
        """Make a request, and make it again while that may help."""
        head = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        attempt = 0
        while True:
            attempt += 1
            wait_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (attempt - 1))
            try:
                async with self._http.request(
                    method,
                    self._base_url + path,
                    json=json,
                    params=params,
                    headers=head,
                    timeout=aiohttp.ClientTimeout(total=timeout_s),
                ) as answer:
                    reply = Reply(answer.status, answer.headers.copy(), await _document(answer))
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if attempt >= _TRIES:
                    raise Unreachable(f"{method} {path}: {type(error).__name__}") from None
            else:
                if reply.status < 300 or reply.status in fine:
                    return reply
                if reply.status not in _LATER or attempt >= _TRIES:
                    raise AnswerRefused(method, path, status=reply.status, code=_code_in(reply.body))
                wait_s = max(wait_s, reply.retry_after_s or 0.0)
            await self._pause(wait_s)


async def _document(answer: aiohttp.ClientResponse) -> Any:  # noqa: ANN401 - JSON as it comes
    if "json" not in answer.content_type:
        return None
    try:
        return await answer.json(content_type=None)
    except ValueError:
        return None


def _code_in(body: object) -> str:
    match body:
        case {"code": str(code)}:
            return code
        case _:
            return ""


def _shaped(model: type[M], reply: Reply) -> M:
    try:
        return model.model_validate(reply.body)
    except ValidationError as error:
        # Only the places: what stands there may be a token.
        places = ", ".join(".".join(map(str, problem["loc"])) or "body" for problem in error.errors())
        raise AnswerUnusable(f"{model.__name__}: {places}") from None
