"""Answers as bytes on the wire, with the headers that every answer carries."""

from aiohttp import web
from multidict import CIMultiDict
from pydantic import BaseModel

from muster_runtime.http.routes import Answer

DEFAULT_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Server": "muster",
}
"""Sent unless the answer sets its own: nothing is kept, guessed, framed or told about the software."""
_DEFAULTS = CIMultiDict(DEFAULT_HEADERS)


def response_of(answer: Answer, *, request_id: str) -> web.Response:
    """Return *answer* as aiohttp sends it.

    Raises:
        ValueError: a header holds a line break or another control character.
    """
    body, default_type = _encoded(answer.body)
    headers = CIMultiDict(_DEFAULTS)
    for name, value in (*answer.headers.items(), ("X-Request-Id", request_id)):
        # aiohttp refuses them too, but only after the error handling of this edge is over.
        if not value.isprintable() or not name.isprintable():
            raise ValueError(f"control character in response header {name!r}")
        headers[name] = value
    content_type = answer.content_type or default_type
    if content_type and "Content-Type" not in headers:
        headers["Content-Type"] = content_type
    return web.Response(body=body, status=answer.status, headers=headers)


def _encoded(body: BaseModel | str | bytes | None) -> tuple[bytes | None, str]:
    match body:
        case None:
            return None, ""
        case bytes():
            return body, "application/octet-stream"
        case str():
            return body.encode(), "text/plain; charset=utf-8"
        case _:
            # What `model_dump_json` does, without the way through text.
            return body.__pydantic_serializer__.to_json(body, by_alias=True), "application/json"
