"""`POST /v1/oauth/token`: RFC 6749 on the wire, which the route table cannot give (form bodies, its own errors)."""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web

from muster_identity.api.guests import OAuthError, OAuthToken
from muster_identity.domain.clients import Grant
from muster_identity.errors import ClientRefused, GrantIncomplete
from muster_identity.handlers.machines import MachineHandlers
from muster_runtime.errors import MusterError, Unavailable
from muster_runtime.http import strictjson
from muster_runtime.http.answers import DEFAULT_HEADERS
from muster_runtime.http.edge_errors import BodyBroken, BodyTooLarge, BodyTooSlow, MediaUnsupported
from muster_runtime.http.problems import status_of
from muster_runtime.http.raw import RawRoute

MAX_BODY_BYTES = 8192
"""Four short parameters fit many times over."""
MAX_FIELDS = 20
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
PARAMETERS = ("grant_type", "client_id", "client_secret", "scope")

RFC_CODES = frozenset(
    {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    }
)
"""Source: RFC 6749 section 5.2."""


def oauth_routes(machines: MachineHandlers, *, body_deadline_s: float) -> tuple[RawRoute, ...]:
    """Return the token endpoint; a body may take *body_deadline_s* seconds to arrive."""
    endpoint = TokenEndpoint(machines, body_deadline_s)
    return (RawRoute("POST", "/v1/oauth/token", endpoint.answer),)


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """The token endpoint for machines."""

    machines: MachineHandlers
    body_deadline_s: float

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Give a client its token, or say why not as RFC 6749 section 5.2 has it."""
        try:
            parameters = _parameters(request.content_type, await self._body(request))
            basic = _basic(request.headers.get("Authorization", ""))
            token = self.machines.token(_grant(parameters, basic))
        except MusterError as error:
            return _refusal(error, challenge="Authorization" in request.headers)
        return _response(OAuthToken.of(token).model_dump_json(), status=200)

    async def _body(self, request: web.Request) -> bytes:
        """Return the body, read within size and time."""
        raw = bytearray()
        try:
            async with asyncio.timeout(self.body_deadline_s):
                while chunk := await request.content.readany():
                    raw += chunk
                    if len(raw) > MAX_BODY_BYTES:
                        raise BodyTooLarge
        except TimeoutError:
            raise BodyTooSlow from None
        except (web.RequestPayloadError, ConnectionError):
            raise BodyBroken from None
        return bytes(raw)


def _parameters(content_type: str, raw: bytes) -> Mapping[str, str]:
    """Return the parameters of a form, or of a JSON object with texts.

    Raises:
        MediaUnsupported: the body is neither.
        GrantIncomplete: it cannot be read, or repeats a parameter.
    """
    match content_type.lower():
        case media if media == FORM:
            pairs = _form(raw)
        case media if media == JSON:
            pairs = _object(raw)
        case _:
            raise MediaUnsupported(f"Send {FORM} or {JSON}.")
    found = dict(pairs)
    if len(found) != len(pairs):
        raise GrantIncomplete("A parameter is given twice.")
    return {name: found.get(name, "") for name in PARAMETERS}


def _form(raw: bytes) -> list[tuple[str, str]]:
    try:
        text = raw.decode("utf-8")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        # UnicodeDecodeError is a kind of ValueError, and so is "too many fields".
        raise GrantIncomplete("The body is not a form.") from None


def _object(raw: bytes) -> list[tuple[str, str]]:
    document = strictjson.loads(raw)
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise GrantIncomplete("The body is not an object of texts.")
    return list(document.items())


def _basic(authorization: str) -> tuple[str, str] | None:
    """Return id and secret of an HTTP Basic header; None when there is no such header.

    Raises:
        ClientRefused: the header is something else.

    Source: RFC 6749 section 2.3.1: both are form-encoded before they are joined.
    """
    if not authorization:
        return None
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise ClientRefused
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise ClientRefused from None
    client_id, separator, client_secret = text.partition(":")
    if not separator:
        raise ClientRefused
    return unquote_plus(client_id), unquote_plus(client_secret)


def _grant(parameters: Mapping[str, str], basic: tuple[str, str] | None) -> Grant:
    """Join what body and header say.

    Raises:
        GrantIncomplete: the client proves itself in both ways, which RFC 6749 section 2.3 forbids.
    """
    if basic is not None and parameters["client_secret"]:
        raise GrantIncomplete("Prove the client in one way, not in two.")
    client_id, client_secret = basic or (parameters["client_id"], parameters["client_secret"])
    return Grant(parameters["grant_type"], client_id, client_secret, parameters["scope"])


def _refusal(error: MusterError, *, challenge: bool) -> web.Response:
    """Return the answer to a request that cannot be granted."""
    code = error.code if error.code in RFC_CODES else "invalid_request"
    headers = {"X-Error-Code": error.code}
    if isinstance(error, Unavailable):
        code = "temporarily_unavailable"
        headers["Retry-After"] = "2"
    if isinstance(error, ClientRefused) and challenge:
        headers["WWW-Authenticate"] = 'Basic realm="muster"'
    body = OAuthError(error=code, error_description=error.detail).model_dump_json()
    response = _response(body, status=status_of(error), headers=headers)
    if isinstance(error, BodyTooSlow | BodyBroken | BodyTooLarge):
        response.force_close()
    return response


def _response(body: str, *, status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    every = {**DEFAULT_HEADERS, "Pragma": "no-cache", "Content-Type": JSON, **(headers or {})}
    return web.Response(text=body, status=status, headers=every)
