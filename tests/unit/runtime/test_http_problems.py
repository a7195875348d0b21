import json

import pytest

from muster_runtime import errors
from muster_runtime.http import edge_errors, strictjson
from muster_runtime.http.problems import answer_of, status_of

FAMILIES = {
    errors.Malformed: 400,
    errors.Invalid: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Busy: 503,
    errors.Unavailable: 503,
    errors.Garbled: 502,
    errors.MusterError: 500,
    edge_errors.BodyTooSlow: 408,
    edge_errors.MediaUnsupported: 415,
    edge_errors.QueryTooLong: 414,
    edge_errors.MethodNotAllowed: 405,
    edge_errors.VersionUnsupported: 400,
    strictjson.JSONTooDeep: 400,
}


@pytest.mark.parametrize(("family", "status"), FAMILIES.items())
def test_each_family_of_errors_has_its_status(family: type[errors.MusterError], status: int) -> None:
    assert status == status_of(family)


def test_an_error_of_a_service_takes_the_status_of_its_family() -> None:
    class AlreadyQueued(errors.Conflict):
        code = "already_queued"

    class StillQueued(AlreadyQueued):
        code = "still_queued"

    assert 409 == status_of(StillQueued("no"))


def test_every_error_of_the_runtime_has_a_code_of_its_own() -> None:
    def descendants(kind: type[errors.MusterError]) -> set[type[errors.MusterError]]:
        return {kind}.union(*(descendants(below) for below in kind.__subclasses__()))

    ours = [kind for kind in descendants(errors.MusterError) if kind.__module__.startswith("muster_runtime.")]
    codes = [kind.code for kind in ours]

    assert len(codes) == len(set(codes))


def test_a_problem_says_what_happened_and_how_to_name_it() -> None:
    answer = answer_of(errors.Conflict("The ticket is closed."), request_id="req-1")

    assert isinstance(answer.body, str)
    assert {
        "type": "urn:muster:problem:conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "The ticket is closed.",
        "code": "conflict",
        "request_id": "req-1",
    } == json.loads(answer.body)
    assert "application/problem+json" == answer.content_type
    assert "conflict" == answer.headers["X-Error-Code"]


def test_a_plain_problem_is_no_json_object_and_keeps_its_code_in_a_header() -> None:
    answer = answer_of(errors.Unauthenticated("Bad secret."), request_id="req-1", plain=True)

    assert "Error: Bad secret." == answer.body
    assert answer.content_type is None
    assert "unauthenticated" == answer.headers["X-Error-Code"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.Busy(), "1"),
        (errors.Unavailable(), "2"),
        (errors.TooMany(retry_after_s=7.2), "8"),
        (errors.NotFound(retry_after_s=0.1), "1"),
        (errors.NotFound(), None),
        (edge_errors.DeadlineExceeded(), "2"),
    ],
)
def test_retry_after_is_whole_seconds_rounded_up(error: errors.MusterError, expected: str | None) -> None:
    assert expected == answer_of(error, request_id="r").headers.get("Retry-After")


def test_a_wrong_method_names_the_right_ones() -> None:
    assert "GET, POST" == answer_of(edge_errors.MethodNotAllowed(("GET", "POST")), request_id="r").headers["Allow"]


def test_a_401_tells_a_missing_token_from_a_bad_one() -> None:
    class Expired(errors.Unauthenticated):
        code = "token_expired"

    assert "Bearer" == answer_of(errors.Unauthenticated(), request_id="r").headers["WWW-Authenticate"]
    assert 'Bearer error="invalid_token"' == answer_of(Expired(), request_id="r").headers["WWW-Authenticate"]
