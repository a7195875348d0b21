"""What a request carries in, read within limits and parsed into the route's models."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar, get_origin
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import BaseModel, ValidationError

from muster_runtime.http import strictjson
from muster_runtime.http.edge_errors import (
    BodyBroken,
    BodyMissing,
    BodyTooLarge,
    BodyTooSlow,
    BodyUnexpected,
    FieldsInvalid,
    MediaUnsupported,
    PathMalformed,
    QueryMalformed,
    QueryTooLong,
)

M = TypeVar("M", bound=BaseModel)

MAX_QUERY_BYTES = 16 * 1024
"""Longest query string read; the published clients send platform tokens in it."""
MAX_PATH_VALUE = 256
"""Longest value of one `{name}` in a path, in characters."""
MAX_QUERY_FIELDS = 100
"""Most parameters in a query string."""
MAX_REPORTED = 20
"""Most field problems listed in one answer."""
MAX_NAME = 64
"""Longest field name repeated in an answer: names come from the caller too."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CHARSETS = frozenset({"", "utf-8", "utf8"})

# Messages of these kinds repeat what was sent; all others speak of the rule alone.
_OWN_MESSAGES = {
    "union_tag_invalid": "Input tag does not match any of the expected tags",
    "extra_forbidden": "Extra inputs are not permitted",
}


def check_path(values: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a path as given, once they are known to be sane.

    Raises:
        PathMalformed: one is longer than `MAX_PATH_VALUE` or holds control characters.
    """
    for value in values.values():
        if len(value) > MAX_PATH_VALUE or _CONTROL.search(value):
            raise PathMalformed
    return dict(values)


def parse_query(model: type[M], raw: str) -> M:
    """Return the query string *raw*, still percent-encoded, as an instance of *model*.

    Empty pairs are skipped, as in `?&key=value`, which some game engines send.

    Raises:
        QueryTooLong: it exceeds `MAX_QUERY_BYTES`.
        QueryMalformed: it is not UTF-8, or names a parameter twice that takes one value.
        FieldsInvalid: it does not fit *model*.
    """
    if len(raw) > MAX_QUERY_BYTES:
        raise QueryTooLong
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS)
    except ValueError:
        # UnicodeDecodeError is a kind of ValueError, and so is "too many fields".
        raise QueryMalformed from None
    lists = _list_fields(model)
    fields: dict[str, Any] = {name: [] for name, _ in pairs if name in lists}
    for name, value in pairs:
        if name in lists:
            fields[name].append(value)
        elif name in fields:
            raise QueryMalformed("A parameter is given twice.")
        else:
            fields[name] = value
    try:
        return model.model_validate(fields, extra=_extra(model))
    except ValidationError as error:
        raise FieldsInvalid(_problems("query", error)) from None


def parse_body(model: type[M], raw: bytes) -> M:
    """Return the JSON text *raw* as an instance of *model*.

    Raises:
        JSONMalformed: it is not strict JSON.
        FieldsInvalid: it does not fit *model*; fields that the model does not name are refused, unless its
            configuration says otherwise.
    """
    strictjson.loads(raw)
    try:
        return model.model_validate_json(raw, extra=_extra(model))
    except ValidationError as error:
        raise FieldsInvalid(_problems("body", error)) from None


async def read_body(request: web.BaseRequest, *, limit_bytes: int, deadline_s: float, by_hand: bool = False) -> bytes:
    """Return the JSON body of *request*; with *by_hand*, see `Route.by_hand`.

    Raises:
        MediaUnsupported: it is not declared as JSON in UTF-8, or it is compressed.
        BodyMissing: there is none.
        BodyTooLarge: it has more than *limit_bytes*; noticed before the excess is read.
        BodyTooSlow: it did not arrive within *deadline_s*, whether it stalled or trickled.
        BodyBroken: it ended early or its framing is malformed.
    """
    if not request.body_exists or request.content_length == 0:
        raise BodyMissing
    _check_media(request, by_hand=by_hand)
    if (request.content_length or 0) > limit_bytes:
        raise BodyTooLarge
    raw = await read_raw(request, limit_bytes=limit_bytes, deadline_s=deadline_s)
    if not raw:
        raise BodyMissing
    return raw


async def read_raw(request: web.BaseRequest, *, limit_bytes: int, deadline_s: float) -> bytes:
    """Return the body of *request*, whatever it is.

    Raises:
        BodyTooLarge: it has more than *limit_bytes*.
        BodyTooSlow: it did not arrive within *deadline_s*.
        BodyBroken: it ended early or its framing is malformed.
    """
    if request.content.is_eof() and request.content.exception() is None:
        # All of it is here already, as small bodies mostly are: there is nothing to wait for, so nothing to bound.
        whole = request.content.read_nowait()
        if len(whole) > limit_bytes:
            raise BodyTooLarge
        return whole
    raw = bytearray()
    try:
        async with asyncio.timeout(deadline_s):
            while chunk := await request.content.readany():
                raw += chunk
                if len(raw) > limit_bytes:
                    raise BodyTooLarge
    except TimeoutError:
        raise BodyTooSlow from None
    except (web.RequestPayloadError, ConnectionError) as error:
        raise BodyBroken from error
    except RuntimeError as error:
        # What aiohttp raises when it is asked to read from a client that has gone.
        if request.transport is None:
            raise BodyBroken from error
        raise
    return bytes(raw)


async def refuse_body(request: web.BaseRequest, *, deadline_s: float) -> None:
    """Make sure that *request* carries no body, or an empty one.

    Raises:
        BodyUnexpected: it has at least one byte.
        BodyTooSlow: it announced a body that never came.
    """
    if not request.body_exists:
        return
    if request.content_length:
        raise BodyUnexpected
    try:
        await read_raw(request, limit_bytes=0, deadline_s=deadline_s)
    except BodyTooLarge:
        raise BodyUnexpected from None


def _check_media(request: web.BaseRequest, *, by_hand: bool) -> None:
    if request.headers.get("Content-Type") == "application/json" and "Content-Encoding" not in request.headers:
        # As nearly all are sent; what follows would find the same.
        return
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        raise MediaUnsupported
    if by_hand and "Origin" not in request.headers:
        return
    media, charset = request.content_type.lower(), (request.charset or "").lower()
    is_json = media == "application/json" or (media.startswith("application/") and media.endswith("+json"))
    if "Content-Type" not in request.headers or not is_json or charset not in _CHARSETS:
        raise MediaUnsupported


def _extra(model: type[BaseModel]) -> Literal["forbid"] | None:
    """Forbid unknown fields unless the model decided for itself."""
    return None if "extra" in model.model_config else "forbid"


def _list_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(
        field.alias or name
        for name, field in model.model_fields.items()
        if (get_origin(field.annotation) or field.annotation) in (list, tuple, set, frozenset)
    )


def _problems(root: str, error: ValidationError) -> tuple[tuple[str, str, str], ...]:
    found = error.errors(include_input=False, include_url=False, include_context=False)
    return tuple(
        (_where(root, problem["loc"]), problem["type"], _OWN_MESSAGES.get(problem["type"], problem["msg"]))
        for problem in found[:MAX_REPORTED]
    )


def _where(root: str, location: Iterable[int | str]) -> str:
    parts = [root, *(_CONTROL.sub("?", str(part))[:MAX_NAME] for part in location)]
    return ".".join(parts)
