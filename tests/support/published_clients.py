"""The Unity, Unreal and Godot clients of AWS's published game backend, as a server sees them.

Requests are byte for byte what each sends; answers are read as each reads them, with the types that each insists on.
Source: github.com/aws-solutions-library-samples/guidance-for-custom-game-backend-hosting-on-aws, UnitySample,
UnrealSample and GodotSample, the files AWSGameSDK* and AmazonGameLiftIntegration*, read 2026-11.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

import aiohttp
from yarl import URL

DOORS = {
    "steam": ("login-with-steam", ("steam_auth_token",), "steam_id"),
    "apple": ("login-with-apple-id", ("apple_auth_token",), "apple_id"),
    "google_play": ("login-with-google-play", ("google_play_auth_token",), "google_play_id"),
    "facebook": ("login-with-facebook", ("facebook_access_token", "facebook_user_id"), "facebook_id"),
}
TEXTS = ("user_id", "guest_secret", "auth_token", "refresh_token", *(door[2] for door in DOORS.values()))
NUMBERS = ("auth_token_expires_in", "refresh_token_expires_in")
GOES_ON = ("MatchmakingQueued", "MatchmakingSearching", "PotentialMatchCreated")


class NotMine(Exception):
    """An answer that the client's parser cannot read."""


class NoCallback(Exception):
    """An answer after which the client calls nobody."""


def members(text: str) -> dict[str, Any]:
    """Read a JSON object, as all three do."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NotMine(text) from error
    if not isinstance(document, dict):
        raise NotMine(text)
    return document


def typed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the clients declare; anything of another type is something that one of them drops."""
    for name in TEXTS:
        if not isinstance(document.get(name, ""), str):
            raise NotMine(name)
    for name in NUMBERS:
        if type(document.get(name, 0)) is not int:
            raise NotMine(name)
    return {name: document[name] for name in (*TEXTS, *NUMBERS) if name in document}


@dataclass
class PublishedClient(ABC):
    """One game client.

    Attributes:
        http: what its engine sends with.
        endpoint: the sign-in endpoint as set in the engine, slash at the end included.
        backend: where the other services are.
        user: what it knows about its player.
        signed_in: how often its game was told of a sign-in.
        errors: what its error callback was told.
        silences: how often neither callback was called.
        sent: the target of every request, from the path on.
    """

    http: aiohttp.ClientSession
    endpoint: str
    backend: str
    user: dict[str, Any] = field(default_factory=dict)
    signed_in: int = 0
    errors: list[str] = field(default_factory=list)
    silences: int = 0
    sent: list[str] = field(default_factory=list)

    login_start: ClassVar[str] = "?&"
    """How a query of the sign-in routes begins."""
    link_order: ClassVar[tuple[str, ...]] = ("credential", "auth_token")
    """What comes first in a request to link."""
    early_s: ClassVar[int] = 5
    """How long before the end it refreshes, seconds."""

    async def new_guest(self) -> None:
        await self._login("login-as-guest", {})

    async def guest(self, user_id: str, secret: str) -> None:
        await self._login("login-as-guest", {"user_id": user_id, "guest_secret": secret})

    async def refresh(self) -> None:
        """What the client does by itself when its time has come."""
        await self._login("refresh-access-token", {"refresh_token": self.user["refresh_token"]}, refreshes=True)

    async def sign_in(self, door: str, *credential: str, link: bool = False) -> None:
        path, names, _ = DOORS[door]
        parts = {"credential": dict(zip(names, credential, strict=True))}
        if link:
            parts["auth_token"] = {"auth_token": self.user["auth_token"]}
        pairs = {name: value for part in self.link_order if part in parts for name, value in parts[part].items()}
        await self._login(path, pairs | ({"link_to_existing_user": "Yes"} if link else {}))

    async def request_match(self, latencies_ms: Mapping[str, int]) -> str:
        """Ask for a match; return the ticket's id."""
        _, text = await self._send(
            "POST", self.backend_url("request-matchmaking"), body=json.dumps({"latencyInMs": dict(latencies_ms)})
        )
        ticket_id = members(text)["TicketId"]
        assert isinstance(ticket_id, str)
        return ticket_id

    async def match(self, ticket_id: str) -> tuple[str, str, int, str] | None:
        """Look once: word, address, port and player session id when it is over, None to look again."""
        url = self.backend_url("get-match-status") + self.query("?&", {"ticketId": ticket_id})
        _, text = await self._send("GET", url)
        try:
            document = members(text)
        except NotMine:
            return None
        word = document.get("MatchmakingStatus")
        if word is None or word == "" or word in GOES_ON:
            return None
        if word != "MatchmakingSucceeded":
            return word, "", 0, ""
        address, port, seat = document["IpAddress"], document["Port"], document["PlayerSessionId"]
        # Godot joins the port to a text and stops at anything else; Unity and Unreal make a number of it.
        assert isinstance(port, str)
        assert isinstance(address, str)
        assert isinstance(seat, str)
        return word, address, int(port), seat

    async def _login(self, path: str, pairs: Mapping[str, str], *, refreshes: bool = False) -> None:
        url = self.login_url(path) + (self.query(self.login_start, pairs) if pairs else "")
        status, text = await self._send("GET", url, signed=False)
        try:
            self.take(status, text, refreshes=refreshes)
        except NotMine as error:
            self.errors.append(str(error))
        except NoCallback:
            self.silences += 1
        else:
            self.signed_in += 1

    async def _send(self, method: str, url: str, *, body: str | None = None, signed: bool = True) -> tuple[int, str]:
        headers = {"Authorization": self.user["auth_token"]} if signed else {}
        if body is not None:
            headers["Content-Type"] = "application/json"
        target = URL(url, encoded=True)
        self.sent.append(target.raw_path_qs)
        async with self.http.request(method, target, headers=headers, data=body) as answer:
            return answer.status, await answer.text()

    def query(self, start: str, pairs: Mapping[str, str]) -> str:
        """Return a query; `quote` leaves alone what the encoders of Unreal and Godot leave alone."""
        return start + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())

    @abstractmethod
    def login_url(self, path: str) -> str:
        """Return the address of a sign-in route."""

    @abstractmethod
    def backend_url(self, path: str) -> str:
        """Return the address of another service's route."""

    @abstractmethod
    def take(self, status: int, text: str, *, refreshes: bool) -> None:
        """Read the answer of a sign-in route into `user`, or raise `NotMine` for the error callback."""


def _with_slash(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


class Unity(PublishedClient):
    """Adds slashes, encodes nothing, never looks at the status, wants every field that it needs."""

    link_order = ("auth_token", "credential")

    def query(self, start: str, pairs: Mapping[str, str]) -> str:
        # The URI class behind makes %20 of spaces; all else goes out raw.
        return start + "&".join(f"{name}={value}".replace(" ", "%20") for name, value in pairs.items())

    def login_url(self, path: str) -> str:
        return _with_slash(self.endpoint) + path

    def backend_url(self, path: str) -> str:
        return _with_slash(self.backend) + path

    def take(self, status: int, text: str, *, refreshes: bool) -> None:
        answer = typed(members(text))
        needed = ("user_id", "auth_token", "refresh_token", *NUMBERS)
        if not all(answer.get(name) for name in needed):
            raise NotMine("Error parsing login response, user credentials not set")
        if refreshes:
            self.user |= {name: answer[name] for name in needed if name != "user_id"}
        else:
            self.user = answer


class Unreal(PublishedClient):
    """Joins as configured, never looks at the status, lays any JSON object over what it knew."""

    early_s = 10

    def login_url(self, path: str) -> str:
        return self.endpoint + path

    def backend_url(self, path: str) -> str:
        return _with_slash(self.backend) + path

    def take(self, status: int, text: str, *, refreshes: bool) -> None:
        merged = self.user | typed(members(text))
        if not merged.get("user_id"):
            raise NoCallback
        self.user = merged
        if min(merged[name] for name in NUMBERS) < 30:
            self.errors.append("Access token lasts less than 30 seconds, will not refresh")


class Godot(PublishedClient):
    """Adds a slash to the slash, encodes, and looks at the status first."""

    login_start = "?"

    def login_url(self, path: str) -> str:
        return f"{self.endpoint}/{path}"

    def backend_url(self, path: str) -> str:
        return f"{self.backend}/{path}"

    def take(self, status: int, text: str, *, refreshes: bool) -> None:
        if status >= 400:
            raise NotMine(text)
        answer = typed(members(text))
        if "user_id" not in answer:
            raise NotMine(text)
        self.user |= answer


ENGINES: tuple[type[PublishedClient], ...] = (Unity, Unreal, Godot)
