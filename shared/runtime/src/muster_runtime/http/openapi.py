"""The API document, from the route table alone: what is served is what is described.

OpenAPI 3.1, built with openapi-pydantic from the same models that parse and render.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from openapi_pydantic import (
    Components,
    Header,
    Info,
    MediaType,
    OpenAPI,
    Operation,
    Parameter,
    PathItem,
    RequestBody,
    Response,
    Schema,
    SecurityScheme,
)
from openapi_pydantic.util import PydanticSchema, construct_open_api_with_schema_class
from pydantic import BaseModel

from muster_runtime.auth.jwks import KeysUnavailable
from muster_runtime.auth.tokens import (
    ScopeInsufficient,
    TokenExpired,
    TokenInvalid,
    TokenMalformed,
    TokenMissing,
    TokenRevoked,
)
from muster_runtime.errors import MusterError
from muster_runtime.http import edge_errors, strictjson
from muster_runtime.http.inputs import MAX_PATH_VALUE
from muster_runtime.http.problems import PROBLEM_TYPE, Problem, status_of
from muster_runtime.http.routes import Route

BEARER = "bearer"
"""Name of the security scheme of protected routes."""

EVERY_ROUTE: tuple[type[MusterError], ...] = (
    edge_errors.RequestMalformed,
    edge_errors.VersionUnsupported,
    MusterError,
    edge_errors.DeadlineExceeded,
)
WITHOUT_BODY: tuple[type[MusterError], ...] = (
    edge_errors.BodyUnexpected,
    edge_errors.BodyTooSlow,
    edge_errors.BodyBroken,
)
WITH_BODY: tuple[type[MusterError], ...] = (
    edge_errors.BodyMissing,
    edge_errors.BodyTooSlow,
    edge_errors.BodyBroken,
    edge_errors.BodyTooLarge,
    edge_errors.MediaUnsupported,
    edge_errors.FieldsInvalid,
    strictjson.JSONMalformed,
    strictjson.JSONNotUTF8,
    strictjson.JSONByteOrderMark,
    strictjson.JSONNotFinite,
    strictjson.JSONDuplicateName,
    strictjson.JSONTooDeep,
    strictjson.JSONNumberRange,
    strictjson.JSONSurrogate,
)
WITH_QUERY: tuple[type[MusterError], ...] = (
    edge_errors.QueryMalformed,
    edge_errors.QueryTooLong,
    edge_errors.FieldsInvalid,
)
WITH_PATH: tuple[type[MusterError], ...] = (edge_errors.PathMalformed,)
WITH_SCOPES: tuple[type[MusterError], ...] = (
    TokenMissing,
    TokenRevoked,
    TokenMalformed,
    TokenExpired,
    TokenInvalid,
    ScopeInsufficient,
    KeysUnavailable,
)

_NAMES = re.compile(r"\{(\w+)(?::((?:[^{}]|\{[^{}]*\})+))?\}")


def document(name: str, version: str, routes: Sequence[Route]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of *routes* as plain JSON values.

    Args:
        name: the API's title.
        version: the API's version.
        routes: the rows of the table.
    """
    paths: dict[str, PathItem] = {}
    for route in routes:
        item = paths.setdefault(_NAMES.sub(r"{\1}", route.path), PathItem())
        setattr(item, route.method.lower(), _operation(route))
    scheme = SecurityScheme(
        type="http", scheme="bearer", bearerFormat="JWT", description="Access token from the identity service."
    )
    bare = OpenAPI(
        openapi="3.1.1",
        info=Info(title=name, version=version),
        paths=paths,
        components=Components(securitySchemes={BEARER: scheme}),
    )
    whole = construct_open_api_with_schema_class(bare)
    # Only what was said: the library's own defaults include fields that the specification forbids in some places.
    return whole.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)


def document_json(name: str, version: str, routes: Sequence[Route]) -> str:
    """Return the same document as stable JSON text."""
    return json.dumps(document(name, version, routes), indent=2, sort_keys=True)


def errors_of(route: Route) -> tuple[type[MusterError], ...]:
    """Return every error that *route* can answer with, its own and those of the edge, each once."""
    kinds = [*route.errors, *EVERY_ROUTE]
    kinds += WITH_BODY if route.body else WITHOUT_BODY
    kinds += WITH_QUERY if route.query else ()
    kinds += WITH_PATH if _NAMES.search(route.path) else ()
    kinds += WITH_SCOPES if route.scopes is not None else ()
    if route.body_optional:
        kinds.remove(edge_errors.BodyMissing)
    return tuple(dict.fromkeys(kinds))


def _operation(route: Route) -> Operation:
    path_in_words = _NAMES.sub(r"by_\1", route.path)
    name = re.sub(r"\W+", "_", f"{route.method.lower()}{path_in_words}").strip("_")
    scopes = sorted(route.scopes or ())
    body = None
    if route.body is not None:
        body = RequestBody(required=not route.body_optional, content={"application/json": _media(route.body)})
    return Operation(
        operationId=name,
        summary=route.summary,
        description=f"Scopes: {', '.join(scopes)}." if scopes else None,
        parameters=[*_path_parameters(route), *_query_parameters(route)] or None,
        requestBody=body,
        responses={str(route.status): _success(route), **_failures(route)},
        security=[{BEARER: []}] if scopes else [],
    )


def _success(route: Route) -> Response:
    content = {"application/json": _media(route.answer)} if route.answer is not None else None
    return Response(description=HTTPStatus(route.status).phrase, content=content)


def _failures(route: Route) -> Mapping[str, Response]:
    by_status: dict[int, list[type[MusterError]]] = defaultdict(list)
    for kind in errors_of(route):
        by_status[status_of(kind)].append(kind)
    return {str(status): _failure(route, kinds) for status, kinds in sorted(by_status.items())}


def _failure(route: Route, kinds: Iterable[type[MusterError]]) -> Response:
    """Describe the problems that share a status: one line and one enum member for each code."""
    meanings = {kind.code: (kind.__doc__ or kind.code).strip().splitlines()[0] for kind in kinds}
    codes = sorted(meanings)
    problem = Schema(
        allOf=[
            PydanticSchema(schema_class=Problem),
            Schema(type="object", properties={"code": Schema(type="string", enum=codes)}),
        ]
    )
    content = {PROBLEM_TYPE: MediaType(schema=problem)}
    if route.plain_errors:
        content["text/plain"] = MediaType(schema=Schema(type="string", pattern="^Error: "))
    code_header = Header(schema=Schema(type="string", enum=codes), description="the stable code", required=True)
    return Response(
        description="\n".join(f"- `{code}`: {meanings[code]}" for code in codes),
        content=content,
        headers={"X-Error-Code": code_header},
    )


def _media(model: type[BaseModel]) -> MediaType:
    return MediaType(schema=PydanticSchema(schema_class=model))


def _path_parameters(route: Route) -> list[Parameter]:
    return [
        _parameter(
            "path",
            found.group(1),
            Schema(type="string", minLength=1, maxLength=MAX_PATH_VALUE, pattern=_anchored(found.group(2))),
            required=True,
        )
        for found in _NAMES.finditer(route.path)
    ]


def _parameter(place: str, name: str, schema: Schema, *, required: bool, description: str | None = None) -> Parameter:
    # By its alias: `in` is a keyword, and the library's own name for the field is unknown to type checkers.
    return Parameter.model_validate(
        {"in": place, "name": name, "required": required, "description": description, "schema": schema}
    )


def _anchored(pattern: str | None) -> str | None:
    return f"^(?:{pattern})$" if pattern else None


def _query_parameters(route: Route) -> list[Parameter]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    required = set(schema.get("required", ()))
    return [
        _parameter(
            "query",
            name,
            Schema.model_validate(field),
            required=name in required,
            description=field.get("description"),
        )
        for name, field in schema.get("properties", {}).items()
    ]
