"""The desk of the pretend providers: a page that explains them, credentials to paste, and the switches."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from muster_identity.testing.discord import REDIRECT_URI
from muster_identity.testing.facebook import user_id
from muster_identity.testing.faults import Fault, Mood
from muster_identity.testing.providers import Providers
from muster_runtime.http.raw import RawHandler, RawRoute

PLAYER: Final = "ann"

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Pretend providers</title>
<style>body{{font:15px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}}
code{{background:#8881;padding:.1em .3em}}td{{padding:.2em 1em .2em 0;vertical-align:top}}</style></head>
<body><h1>Pretend providers</h1>
<p>Each of these gives a credential to paste into a sign-in. The same player gets the same account.</p>
<table>{rows}</table>
<h2>Switches</h2>
<p><code>curl {url}/faults -d '{{"provider": "steam", "fault": "hang"}}'</code>; faults: {faults}.
More: <code>"latency_s": 2</code>, <code>"times": 3</code>. <code>curl -X DELETE {url}/faults</code> makes all well.</p>
<p><code>curl {url}/rotate -d '{{"provider": "apple", "keep": false}}'</code> lets an issuer sign with a new key.</p>
</body></html>
"""


class Switch(BaseModel):
    """Body of `POST /faults`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Annotated[str, Field(pattern="^(steam|apple|google|facebook|epic|discord|oidc|cognito)$")]
    fault: Fault = Fault.NONE
    latency_s: Annotated[float, Field(ge=0, le=60)] = 0.0
    times: Annotated[int, Field(ge=1)] | None = None


class Rotation(BaseModel):
    """Body of `POST /rotate`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Annotated[str, Field(pattern="^(apple|facebook|epic|oidc|cognito)$")]
    keep: bool = True


@dataclass(frozen=True, slots=True)
class Desk:
    """What a developer asks the pretend providers for; never out of order.

    Attributes:
        providers: behind it.
    """

    providers: Providers

    def routes(self) -> Sequence[RawRoute]:
        """Return the routes for people."""
        credentials = [RawRoute("GET", path, handler) for path, handler in self._credentials().items()]
        return [
            RawRoute("GET", "/", self.page),
            *credentials,
            RawRoute("GET", "/faults", self.faults),
            RawRoute("POST", "/faults", self.switch),
            RawRoute("DELETE", "/faults", self.clear),
            RawRoute("POST", "/rotate", self.rotate),
        ]

    def _credentials(self) -> Mapping[str, RawHandler]:
        return {
            "/steam/ticket": self.steam,
            "/apple/identity-token": self.apple,
            "/google/code": self.google,
            "/facebook/access-token": self.facebook,
            "/facebook/limited-token": self.limited,
            "/epic/id-token": self.epic,
            "/discord/code": self.discord,
            "/oidc/id-token": self.oidc,
            "/cognito/mail": self.mail,
        }

    async def page(self, _request: web.Request) -> web.StreamResponse:
        """Explain."""
        url = escape(self.providers.url)
        rows = "".join(
            f'<tr><td><a href="{path}?player=ann">{path}</a></td><td>{escape(handler.__doc__ or "")}</td></tr>'
            for path, handler in self._credentials().items()
        )
        return web.Response(
            text=_PAGE.format(rows=rows, url=url, faults=", ".join(Fault)), content_type="text/html", charset="utf-8"
        )

    async def steam(self, request: web.Request) -> web.StreamResponse:
        """Give a Steam ticket; `owner=bob` borrows the game, `vac_banned=1` and `publisher_banned=1` are banned."""
        query = request.query
        ticket = self.providers.steam.ticket(
            query.get("player", PLAYER),
            query.get("owner", ""),
            vac_banned="vac_banned" in query,
            publisher_banned="publisher_banned" in query,
        )
        return _credential({"ticket": ticket})

    async def apple(self, request: web.Request) -> web.StreamResponse:
        """Give an identity token of Apple and its authorization code; `nonce=TEXT` puts one in."""
        token, code = self.providers.apple.sign_in(request.query.get("player", PLAYER), **_nonce(request))
        return _credential({"identity_token": token, "authorization_code": code, **_nonce(request)})

    async def google(self, request: web.Request) -> web.StreamResponse:
        """Give a server auth code of Play Games; `first_id=TEXT` is the id that the player had before."""
        code = self.providers.google.code(
            request.query.get("player", PLAYER), first_id=request.query.get("first_id", "")
        )
        return _credential({"server_auth_code": code})

    async def facebook(self, request: web.Request) -> web.StreamResponse:
        """Give an access token of Facebook."""
        player = request.query.get("player", PLAYER)
        return _credential({"access_token": self.providers.facebook.access_token(player), "user_id": user_id(player)})

    async def limited(self, request: web.Request) -> web.StreamResponse:
        """Give an id token of Facebook's Limited Login."""
        return _credential({"access_token": self.providers.facebook.limited_token(request.query.get("player", PLAYER))})

    async def epic(self, request: web.Request) -> web.StreamResponse:
        """Give an id token of Epic; `nonce=TEXT` puts one in."""
        token = self.providers.epic.id_token(request.query.get("player", PLAYER), **_nonce(request))
        return _credential({"id_token": token, **_nonce(request)})

    async def discord(self, request: web.Request) -> web.StreamResponse:
        """Give an authorization code of Discord; `redirect_uri=URL` is where it goes."""
        redirect_uri = request.query.get("redirect_uri", REDIRECT_URI)
        code = self.providers.discord.code(request.query.get("player", PLAYER), redirect_uri=redirect_uri)
        return _credential({"code": code, "redirect_uri": redirect_uri})

    async def oidc(self, request: web.Request) -> web.StreamResponse:
        """Give an id token of the OpenID issuer; `nonce=TEXT` puts one in."""
        token = self.providers.oidc.id_token(request.query.get("player", PLAYER), **_nonce(request))
        return _credential({"id_token": token, **_nonce(request)})

    async def mail(self, request: web.Request) -> web.StreamResponse:
        """Show the last code that the user pool sent to a user of that name."""
        code = self.providers.pool.mailbox.get(request.query.get("player", PLAYER))
        return _credential({"code": code}) if code else web.json_response({"error": "no mail"}, status=404)

    async def faults(self, _request: web.Request) -> web.StreamResponse:
        """Tell who is not well."""
        moods = self.providers.switchboard.moods().items()
        return web.json_response(
            {name: {"fault": mood.fault, "latency_s": mood.latency_s, "times": mood.times} for name, mood in moods}
        )

    async def switch(self, request: web.Request) -> web.StreamResponse:
        """Make a provider slow, down, or lying."""
        try:
            wanted = Switch.model_validate_json(await request.read())
        except ValidationError as error:
            return _misused(error)
        self.providers.switchboard.set(wanted.provider, Mood(wanted.fault, wanted.latency_s, wanted.times))
        return await self.faults(request)

    async def clear(self, request: web.Request) -> web.StreamResponse:
        """Make all providers well."""
        self.providers.switchboard.clear()
        return await self.faults(request)

    async def rotate(self, request: web.Request) -> web.StreamResponse:
        """Let an issuer sign with a new key."""
        try:
            wanted = Rotation.model_validate_json(await request.read())
        except ValidationError as error:
            return _misused(error)
        mint = self.providers.mints[wanted.provider]
        mint.rotate(keep=wanted.keep)
        return web.json_response({"provider": wanted.provider, "signs_with": mint.key_id})


def _nonce(request: web.Request) -> dict[str, str]:
    return {"nonce": request.query["nonce"]} if "nonce" in request.query else {}


def _credential(fields: Mapping[str, str]) -> web.Response:
    return web.json_response(dict(fields), dumps=lambda value: json.dumps(value, indent=2) + "\n")


def _misused(error: ValidationError) -> web.Response:
    problems = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
    return web.json_response({"problems": problems}, status=422)
