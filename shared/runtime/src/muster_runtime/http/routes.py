"""The HTTP edge as data: a service's `routes.py` is a table of these."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from muster_runtime.auth.principal import Principal
from muster_runtime.errors import MusterError, Unauthenticated


@dataclass(frozen=True, slots=True)
class Call:
    """One request, already checked: the token verified, query and body parsed into the route's models.

    Attributes:
        path: values of the `{names}` in the route's path, percent-decoded.
        query: an instance of the route's query model; None when the route has none.
        body: an instance of the route's body model; None when the route has none.
        headers: request headers, names in lower case; `authorization` and `cookie` are left out.
        principal: the verified caller; None on public routes.
        request_id: ours, or the caller's `X-Request-Id` when it is well-formed.
        client: the peer's address as the proxy in front tells it.
    """

    path: Mapping[str, str]
    query: Any = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    principal: Principal | None = None
    request_id: str = ""
    client: str = ""

    @property
    def caller(self) -> Principal:
        """The verified caller of a protected route.

        Raises:
            Unauthenticated: the route is public, so nobody was asked for a token.
        """
        if self.principal is None:
            raise Unauthenticated
        return self.principal


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler gives back.

    Attributes:
        body: a pydantic model (sent as JSON), text, bytes, or None for an empty body.
        status: HTTP status, 200 to 599.
        headers: extra response headers, such as `ETag`, `Location`, `Retry-After`.
        content_type: overrides `application/json` (models) and `text/plain` (text).
    """

    body: BaseModel | str | bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the route table.

    Attributes:
        method: upper case, such as `GET`.
        path: begins with `/`; `{name}` matches one segment, `{name:regex}` as aiohttp has it.
        handler: parse, call, render: three lines.
        summary: one line for the API document.
        scopes: who may call; None makes the route public. A token with any one of these scopes is let in.
        body: pydantic model of a JSON body; None refuses a body.
        body_optional: a request without a body is let in too; `Call.body` is then None.
        query: pydantic model of the query string; None refuses no query but ignores it.
        answer: model of the success body, for the API document.
        status: the success status, for the API document.
        errors: the domain errors this route can answer with, for the API document; edge errors (400, 401, 403, 413,
            415, 422, 500, 503) are added by the runtime.
        plain_errors: answer errors as `text/plain` `Error: ...` unless the caller's Accept asks for JSON, as clients
            of the published AWS designs need (they take any JSON object for success).
        max_body_bytes: largest body accepted.
        deadline_s: longest the handler may take; None: as long as the service's settings say.
        has_effects: a GET that changes something, as in published designs; HEAD, which asks to change nothing, is then
            refused like any other method.
        by_hand: take a JSON body under any Content-Type, as `curl -d` sends it. Web pages still have to say that it is
            JSON: a browser sends anything else to other origins without asking them.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    scopes: frozenset[str] | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    errors: tuple[type[MusterError], ...] = ()
    plain_errors: bool = False
    max_body_bytes: int = 65_536
    body_optional: bool = False
    deadline_s: float | None = None
    by_hand: bool = False
    has_effects: bool = False
