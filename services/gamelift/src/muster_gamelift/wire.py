"""The API over HTTP: AWS JSON 1.1 on `POST /`, Smithy RPC v2 CBOR on `POST /service/GameLift/operation/{name}`.

Both name the operation, carry its input and answer its output or an error; AWS clients choose one of them, by language
and version. What an operation does is the same either way.

Source: AWS JSON 1.1 and RPC v2 CBOR protocols (Smithy 2.0); observed with boto3, aiobotocore and the AWS CLI.
"""

import asyncio
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeVar

import structlog
from aiohttp import hdrs, web

from muster_gamelift import cbor
from muster_gamelift.engine import Engine
from muster_gamelift.errors import Fault, UnknownOperation, UnreadableRequest
from muster_gamelift.validation import Model, gamelift_model
from muster_runtime.ids import Ids

log = structlog.get_logger()

B = TypeVar("B", bytes, bytearray)

TARGET: Final = "X-Amz-Target"
PREFIX: Final = "GameLift."
CBOR_PATH: Final = "/service/GameLift/operation/{operation}"
CBOR_PREFIX: Final = "/service/GameLift/operation/"
SMITHY_PROTOCOL: Final = "smithy-protocol"
NAMESPACE: Final = "com.amazonaws.gamelift#"
"""Stands before the names of modelled errors in CBOR; clients in Go compare the whole. Source: smithy-go, rpc2 cbor."""
MAX_BODY_BYTES: Final = 2 * 1024 * 1024
"""Room for the largest GameSessionData (262,144 characters) with every character escaped."""
MAX_ENDPOINT_CHARACTERS: Final = 128
"""Longest GameLiftServiceSdkEndpoint. Source: the service model."""

_GZIP: Final = 16 + zlib.MAX_WBITS
"""Tells zlib to expect the frame of gzip."""
_CREDENTIAL = re.compile(r"Credential=[^/\s,]+/\d{8}/([a-z]{2}(?:-[a-z]+)+-\d)/")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class _Wire(Protocol):
    """One protocol: where a request keeps its parts, and how an answer is written."""

    @property
    def media_types(self) -> frozenset[str]:
        """The types that a body may have."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of every answer."""

    def operation(self, request: web.Request) -> str:
        """Return the name of the operation that *request* asks for.

        Raises:
            UnknownOperation: the request is not one of this protocol.
        """

    def decode(self, body: bytes) -> object:
        """Return the input in *body*.

        Raises:
            UnreadableRequest: the body is not what the protocol says.
        """

    def encode(self, operation: str, answer: dict[str, Any]) -> bytes:
        """Return the body that carries the output of an operation."""

    def encode_fault(self, name: str, detail: str) -> bytes:
        """Return the body that carries an error."""


class Json:
    """AWS JSON 1.1."""

    media_types = frozenset({"application/x-amz-json-1.1", "application/x-amz-json-1.0", "application/json"})
    headers: Final[Mapping[str, str]] = {hdrs.CONTENT_TYPE: "application/x-amz-json-1.1"}

    def operation(self, request: web.Request) -> str:
        """Return what the target header names."""
        target = request.headers.get(TARGET, "")
        if not target.startswith(PREFIX):
            raise UnknownOperation(f"The header {TARGET} names no GameLift operation.")
        return target.removeprefix(PREFIX)

    def decode(self, body: bytes) -> object:
        """Return the JSON value in *body*."""
        return decode(body)

    def encode(self, _operation: str, answer: dict[str, Any]) -> bytes:
        """Return *answer* as JSON."""
        return encode(answer)

    def encode_fault(self, name: str, detail: str) -> bytes:
        """Return the error as JSON."""
        return encode({"__type": name, "Message": detail})


class Cbor:
    """Smithy RPC v2 CBOR."""

    media_types = frozenset({"application/cbor"})
    headers: Final[Mapping[str, str]] = {hdrs.CONTENT_TYPE: "application/cbor", SMITHY_PROTOCOL: "rpc-v2-cbor"}

    def __init__(self, model: Model) -> None:
        """Build the protocol for the operations of *model*, which says which members are times."""
        self._model = model

    def operation(self, request: web.Request) -> str:
        """Return what the path names."""
        if request.headers.get(SMITHY_PROTOCOL) != "rpc-v2-cbor":
            raise UnknownOperation(f"The header {SMITHY_PROTOCOL} must be rpc-v2-cbor.")
        return request.path.rpartition(CBOR_PREFIX)[2]

    def decode(self, body: bytes) -> object:
        """Return the CBOR value in *body*."""
        return cbor.decode(body)

    def encode(self, operation: str, answer: dict[str, Any]) -> bytes:
        """Return *answer* as CBOR."""
        return cbor.encode(answer, self._model.output_of(operation))

    def encode_fault(self, name: str, detail: str) -> bytes:
        """Return the error as CBOR, with the full name that the model gives it."""
        full = f"{NAMESPACE}{name}" if name in self._model.errors else name
        return cbor.encode({"__type": full, "Message": detail}, None)


class API:
    """Answers the POST routes."""

    def __init__(self, engine: Engine, *, ids: Ids, region: str, servers_url: str, body_deadline_s: float) -> None:
        """Build the routes' handlers.

        Args:
            engine: what they call.
            ids: gives request ids.
            region: for requests whose signature names none.
            servers_url: where game servers connect; empty means the address that the caller used.
            body_deadline_s: longest a client may take to send a body.
        """
        self._engine = engine
        self._ids = ids
        self._region = region
        self._servers_url = servers_url
        self._body_deadline_s = body_deadline_s
        self._json = Json()
        self._cbor = Cbor(gamelift_model())
        # Bound once: a module's logger is bound anew at each line.
        self._log = log.bind()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request of JSON 1.1 in AWS's words; never raises.

        Safe to repeat: as far as the operation is, as on AWS.
        """
        return await self._respond(request, self._json)

    async def handle_cbor(self, request: web.Request) -> web.StreamResponse:
        """Answer one request of RPC v2 CBOR in AWS's words; never raises.

        Safe to repeat: as far as the operation is, as on AWS.
        """
        return await self._respond(request, self._cbor)

    async def _respond(self, request: web.Request, wire: _Wire) -> web.StreamResponse:
        request_id, operation, status = self._ids.uuid(), "", 200
        try:
            operation = wire.operation(request)
            body = wire.encode(operation, await self._answer(request, wire, operation))
        except Fault as fault:
            body, status = wire.encode_fault(fault.aws_name, fault.detail), fault.status
            log.info("operation_refused", operation=operation[:64], error=fault.aws_name, aws_request_id=request_id)
        except Exception:
            log.exception("operation_failed", operation=operation[:64], aws_request_id=request_id)
            body, status = wire.encode_fault(Fault.aws_name, "An internal error occurred."), Fault.status
        else:
            self._log.debug("operation_answered", operation=operation, aws_request_id=request_id)
        return web.Response(body=body, status=status, headers={**wire.headers, "x-amzn-RequestId": request_id})

    async def _answer(self, request: web.Request, wire: _Wire, operation: str) -> dict[str, Any]:
        body = await self._body(request)
        if body and hdrs.CONTENT_TYPE in request.headers and request.content_type not in wire.media_types:
            raise UnreadableRequest(f"The Content-Type must be {wire.headers[hdrs.CONTENT_TYPE]}.")
        given = wire.decode(_unpacked(body, request))
        servers_url = self._servers_url or f"ws://{request.host}"[:MAX_ENDPOINT_CHARACTERS]
        try:
            return self._engine.call(self._region_of(request), operation, given, servers_url=servers_url)
        finally:
            # An error may rest on what others have just changed, so it waits as well.
            await self._engine.settled()

    async def _body(self, request: web.Request) -> bytes:
        if request.content.is_eof() and request.content.exception() is None:
            # Nearly all bodies have arrived with their head: there is nothing to wait for.
            return _small_enough(request.content.read_nowait())
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_deadline_s):
                async for piece in request.content.iter_any():
                    body += piece
                    _small_enough(body)
        except TimeoutError:
            raise UnreadableRequest("The body did not arrive in time.") from None
        except web.RequestPayloadError:
            raise UnreadableRequest("The body ended early.") from None
        return bytes(body)

    def _region_of(self, request: web.Request) -> str:
        found = _CREDENTIAL.search(request.headers.get(hdrs.AUTHORIZATION, ""))
        return found.group(1) if found else self._region


def _small_enough(body: B) -> B:
    if len(body) > MAX_BODY_BYTES:
        raise UnreadableRequest(f"The body is larger than {MAX_BODY_BYTES} bytes.")
    return body


def _unpacked(body: bytes, request: web.Request) -> bytes:
    """Return the body without its Content-Encoding; no AWS client needs one for GameLift, proxies may add gzip."""
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower()
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise UnreadableRequest("The Content-Encoding must be gzip, or none.")
    unpacking = zlib.decompressobj(_GZIP)
    try:
        unpacked = _small_enough(unpacking.decompress(body, MAX_BODY_BYTES + 1))
    except zlib.error:
        raise UnreadableRequest("The body is not what Content-Encoding says.") from None
    if not unpacking.eof:
        raise UnreadableRequest("The body ended early.")
    return unpacked


def decode(body: bytes) -> object:
    """Return the JSON value in *body*; an empty body is an empty structure.

    Raises:
        UnreadableRequest: it is not JSON in UTF-8, or nested too deep.
    """
    if not body:
        return {}
    try:
        value: object = _DECODER.decode(body.decode())
        if _SURROGATE.search(body):
            # Half of a surrogate pair can be escaped in JSON, and can never be sent on.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        # ValueError: not UTF-8, not JSON, or a number of thousands of digits.
        raise UnreadableRequest("The body is not JSON.") from None
    return value


def encode(answer: dict[str, Any]) -> bytes:
    """Return *answer* as JSON; None members are left out, times are numbers already."""
    return _ENCODER.encode(_present(answer)).encode()


def _present(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {
            name: _present(one) if isinstance(one, _HOLDERS) else one for name, one in value.items() if one is not None
        }
    return [_present(one) for one in value] if isinstance(value, list) else value


_HOLDERS: Final = (dict, list)


def _refuse_constant(name: str) -> object:
    raise UnreadableRequest(f"{name} is not JSON.")


# Made once: the json module's own functions make new ones for every call that has options.
_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False)
