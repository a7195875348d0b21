"""Errors as the outside sees them: one table of statuses, one body, nothing internal.

Source: RFC 9457 (problem details), RFC 6750 section 3 (the challenge that a 401 carries).
"""

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from muster_runtime.errors import (
    Busy,
    Conflict,
    Forbidden,
    Garbled,
    Invalid,
    Malformed,
    MusterError,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from muster_runtime.http.edge_errors import (
    BodyTooSlow,
    FieldsInvalid,
    MediaUnsupported,
    MethodNotAllowed,
    QueryTooLong,
)
from muster_runtime.http.routes import Answer

PROBLEM_TYPE = "application/problem+json"
"""Content type of every error body, save those of routes with `plain_errors`."""

STATUSES: Mapping[type[MusterError], int] = {
    Malformed: 400,
    BodyTooSlow: 408,
    MethodNotAllowed: 405,
    MediaUnsupported: 415,
    QueryTooLong: 414,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Invalid: 422,
    TooMany: 429,
    Busy: 503,
    Unavailable: 503,
    Garbled: 502,
}
"""The status of each family; a class takes that of its nearest listed ancestor, and 500 when it has none."""

RETRY_AFTER_S: Mapping[type[MusterError], float] = {TooMany: 1.0, Busy: 1.0, Unavailable: 2.0}
"""What Retry-After says where an error names no time of its own."""


class FieldProblem(BaseModel):
    """What is wrong with one field; never the value that was sent."""

    model_config = ConfigDict(frozen=True)

    field: Annotated[str, Field(description="where it is, such as body.latencies_ms or query.limit")]
    code: Annotated[str, Field(description="stable name of the rule that it breaks")]
    message: Annotated[str, Field(description="the rule, for people")]


class Problem(BaseModel):
    """Body of every error answer (RFC 9457)."""

    model_config = ConfigDict(frozen=True)

    type: Annotated[str, Field(description="urn:muster:problem: and the code")]
    title: Annotated[str, Field(description="the code in words; the same for each occurrence")]
    status: Annotated[int, Field(description="the HTTP status, again")]
    detail: Annotated[str, Field(description="what happened this time and what to do next")]
    code: Annotated[str, Field(description="stable name of the error; decide by this")]
    request_id: Annotated[str, Field(description="quote it when asking for help")]
    errors: Annotated[tuple[FieldProblem, ...] | None, Field(description="the fields concerned, for a 422")] = None


def status_of(error: MusterError | type[MusterError]) -> int:
    """Return the HTTP status of *error*, by its family; 500 for one that belongs to none."""
    for ancestor in _ancestors(error):
        if ancestor in STATUSES:
            return STATUSES[ancestor]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem_of(error: MusterError, request_id: str) -> Problem:
    """Return the body that tells *error* to the outside."""
    fields = None
    if isinstance(error, FieldsInvalid):
        fields = tuple(FieldProblem(field=where, code=code, message=text) for where, code, text in error.problems)
    return Problem(
        type=f"urn:muster:problem:{error.code}",
        title=error.code.replace("_", " ").capitalize(),
        status=status_of(error),
        detail=error.detail,
        code=error.code,
        request_id=request_id,
        errors=fields,
    )


def answer_of(error: MusterError, *, request_id: str, plain: bool = False) -> Answer:
    """Return the whole answer for *error*.

    Args:
        error: what went wrong.
        request_id: id of the request that failed.
        plain: as text, `Error: ` and the detail, for clients that take any JSON object for success; the stable code
            is then in the header `X-Error-Code` alone.
    """
    problem = problem_of(error, request_id)
    headers = {"X-Error-Code": error.code, **_extra_headers(error)}
    if plain:
        return Answer(f"Error: {error.detail}", status=problem.status, headers=headers)
    body = problem.model_dump_json(exclude_none=True)
    return Answer(body, status=problem.status, headers=headers, content_type=PROBLEM_TYPE)


def _extra_headers(error: MusterError) -> dict[str, str]:
    headers: dict[str, str] = {}
    status = status_of(error)
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if status == HTTPStatus.UNAUTHORIZED:
        # RFC 6750 section 3.1: no error attribute where the request carried no token at all.
        bare = error.code in {"unauthenticated", "token_missing"}
        headers["WWW-Authenticate"] = "Bearer" if bare else 'Bearer error="invalid_token"'
    retry_after_s = error.retry_after_s
    if retry_after_s is None:
        retry_after_s = next((RETRY_AFTER_S[kind] for kind in _ancestors(error) if kind in RETRY_AFTER_S), None)
    if retry_after_s is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    return headers


def _ancestors(error: MusterError | type[MusterError]) -> tuple[type[MusterError], ...]:
    kind = error if isinstance(error, type) else type(error)
    return tuple(ancestor for ancestor in kind.__mro__ if issubclass(ancestor, MusterError))
