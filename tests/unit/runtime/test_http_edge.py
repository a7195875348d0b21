import asyncio
import base64
import json

import pytest
import structlog
from aiohttp import HttpVersion, web
from aiohttp.test_utils import make_mocked_request
from pydantic import BaseModel, ConfigDict, field_validator
from runtime_edge import EdgeUnderTest, Page, Ticket, code_of, echo, told

from muster_runtime import tracing
from muster_runtime.auth.jwks import Jwks
from muster_runtime.auth.principal import OPERATOR_SCOPES, PLAYER_SCOPES
from muster_runtime.auth.verifier import TokenVerifier
from muster_runtime.errors import Conflict, MusterError, Unavailable
from muster_runtime.http.callers import client_of
from muster_runtime.http.health import Phase
from muster_runtime.http.raw import RawRoute
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.limits import RateLimited
from muster_runtime.testing.clock import FakeClock
from muster_runtime.testing.tokens import TokenMint

CREATE = Route("POST", "/v1/tickets", echo, "Creates.", body=Ticket, max_body_bytes=1000)
LIST = Route("GET", "/v1/tickets", echo, "Lists.", query=Page)
SHOW = Route("GET", "/v1/tickets/{ticket_id}", echo, "Shows.")
MAYBE = Route("POST", "/v1/maybe", echo, "Creates with or without a body.", body=Ticket, body_optional=True)


def _failing(error: Exception, **options: bool) -> Route:
    async def fail(_call: Call) -> Answer:
        raise error

    return Route("GET", "/v1/fail", fail, "Fails.", **options)  # type: ignore[arg-type] # only plain_errors is passed


async def test_a_handler_gets_the_parsed_body() -> None:
    response = await EdgeUnderTest(CREATE).ask("POST", "/v1/tickets", b'{"name": "a", "seats": 2}')

    assert 200 == response.status
    assert {"name": "a", "seats": 2, "secret_word": ""} == told(response)["body"]


async def test_every_answer_carries_the_security_headers() -> None:
    response = await EdgeUnderTest(SHOW).ask("GET", "/v1/tickets/1")

    assert "no-store" == response.headers["Cache-Control"]
    assert "nosniff" == response.headers["X-Content-Type-Options"]
    assert "muster" == response.headers["Server"]
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_an_answer_may_set_its_own_headers() -> None:
    async def cached(_call: Call) -> Answer:
        return Answer(b"x", headers={"Cache-Control": "public, max-age=300"}, content_type="image/png")

    response = await EdgeUnderTest(Route("GET", "/icon", cached, "Icon.")).ask("GET", "/icon")

    assert "public, max-age=300" == response.headers["Cache-Control"]
    assert "image/png" == response.content_type


async def test_a_handler_that_puts_a_line_break_in_a_header_is_a_failure_of_ours() -> None:
    async def splitting(_call: Call) -> Answer:
        return Answer(headers={"Location": "/x\r\nSet-Cookie: a=b"})

    response = await EdgeUnderTest(Route("GET", "/split", splitting, "Splits.")).ask("GET", "/split")

    assert "internal" == code_of(response)
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("version", [HttpVersion(0, 9), HttpVersion(1, 2), HttpVersion(2, 0)])
async def test_other_versions_of_http_are_refused(version: HttpVersion) -> None:
    response = await EdgeUnderTest(SHOW).ask("GET", "/v1/tickets/1", version=version)

    assert (400, "http_version_unsupported") == (response.status, code_of(response))
    assert response.keep_alive is False


@pytest.mark.parametrize("version", [HttpVersion(1, 0), HttpVersion(1, 1)])
async def test_both_versions_of_http_1_are_served(version: HttpVersion) -> None:
    assert 200 == (await EdgeUnderTest(SHOW).ask("GET", "/v1/tickets/1", version=version)).status


async def test_an_unknown_path_is_a_404_problem() -> None:
    response = await EdgeUnderTest(SHOW).ask("GET", "/v2/tickets/1/x/y")

    assert (404, "route_unknown") == (response.status, code_of(response))


async def test_a_wrong_method_is_a_405_problem_that_names_the_right_ones() -> None:
    response = await EdgeUnderTest(SHOW).ask("PUT", "/prod/v1/tickets/1")

    assert (405, "method_not_allowed") == (response.status, code_of(response))
    assert "GET, HEAD" == response.headers["Allow"]


async def test_the_gate_is_told_who_asks_for_what_before_anything_else_is_looked_at() -> None:
    told: list[tuple[str, str]] = []

    async def gate(client: str, route: str) -> None:
        told.append((client, route))
        raise RateLimited(retry_after_s=7)

    edge = EdgeUnderTest(SHOW, CREATE, gate=gate, trusted_proxies=1)
    asked = [("GET", "/prod/v1/tickets/1"), ("POST", "/v1/tickets"), ("GET", "/v2"), ("PUT", "/v1/tickets/1")]

    for method, path in asked:
        refused = await edge.ask(method, path, headers={"X-Forwarded-For": "203.0.113.1"})
        assert (429, "rate_limited", "7") == (refused.status, code_of(refused), refused.headers["Retry-After"])

    routes = ["/v1/tickets/{ticket_id}", "/v1/tickets", "unmatched", "unmatched"]
    assert [("203.0.113.1", route) for route in routes] == told
    assert 1 == edge.sample("muster_http_problems_total", route="/v1/tickets", code="rate_limited")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_health_and_metrics_never_wait_at_the_gate(path: str) -> None:
    async def gate(_client: str, _route: str) -> None:
        raise RateLimited

    assert 200 == (await EdgeUnderTest(gate=gate).ask("GET", path)).status


BAD_BODIES: dict[str, tuple[bytes | None, dict[str, str], int, str]] = {
    "missing": (None, {}, 400, "body_missing"),
    "empty": (b"", {}, 400, "body_missing"),
    "no content type": (b"{}", {"Content-Type": ""}, 415, "media_unsupported"),
    "a form": (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "media_unsupported"),
    "XML": (b"<x/>", {"Content-Type": "application/xml"}, 415, "media_unsupported"),
    "another charset": (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415, "media_unsupported"),
    "compressed": (b"{}", {"Content-Encoding": "gzip"}, 415, "media_unsupported"),
    "too large": (b'{"name": "' + b"x" * 1000 + b'"}', {}, 413, "body_too_large"),
    "not JSON": (b"{", {}, 400, "json_syntax"),
    "NaN": (b'{"seats": NaN}', {}, 400, "json_not_finite"),
    "a list": (b"[]", {}, 422, "fields_invalid"),
    "null": (b"null", {}, 422, "fields_invalid"),
    "a wrong type": (b'{"name": 7}', {}, 422, "fields_invalid"),
    "out of range": (b'{"name": "a", "seats": 11}', {}, 422, "fields_invalid"),
    "an unknown field": (b'{"name": "a", "admin": true}', {}, 422, "fields_invalid"),
}


@pytest.mark.parametrize(("body", "headers", "status", "code"), BAD_BODIES.values(), ids=BAD_BODIES)
async def test_a_bad_body_is_refused_with_its_own_code(
    body: bytes | None, headers: dict[str, str], status: int, code: str
) -> None:
    response = await EdgeUnderTest(CREATE).ask("POST", "/v1/tickets", body, headers=headers)

    assert (status, code) == (response.status, code_of(response))


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=UTF-8", "application/a+json"])
async def test_json_in_utf_8_is_taken_under_its_usual_names(content_type: str) -> None:
    edge = EdgeUnderTest(CREATE)

    assert (
        200 == (await edge.ask("POST", "/v1/tickets", b'{"name": "a"}', headers={"Content-Type": content_type})).status
    )


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BY_HAND = Route("POST", "/v1/by-hand", echo, "Creates, by hand.", body=Ticket, by_hand=True)


@pytest.mark.parametrize("headers", [FORM, {"Content-Type": ""}, {"Content-Type": "application/json"}])
async def test_a_route_for_use_by_hand_takes_json_under_any_name(headers: dict[str, str]) -> None:
    response = await EdgeUnderTest(BY_HAND).ask("POST", "/v1/by-hand", b'{"name": "a"}', headers=headers)

    assert 200 == response.status


async def test_a_route_for_use_by_hand_wants_a_web_page_to_say_that_it_sends_json() -> None:
    edge, page = EdgeUnderTest(BY_HAND), {"Origin": "https://elsewhere.example"}

    from_a_form = await edge.ask("POST", "/v1/by-hand", b'{"name": "a"}', headers=FORM | page)
    after_asking = await edge.ask(
        "POST", "/v1/by-hand", b'{"name": "a"}', headers={"Content-Type": "application/json"} | page
    )

    assert (415, "media_unsupported") == (from_a_form.status, code_of(from_a_form))
    assert 200 == after_asking.status


async def test_field_problems_name_the_field_and_never_the_value() -> None:
    body = json.dumps({"name": "a", "secret_word": "hunter2hunter2", "seats": "lots"}).encode()

    response = await EdgeUnderTest(CREATE).ask("POST", "/v1/tickets", body)

    problems = {problem["field"]: problem["code"] for problem in told(response)["errors"]}
    assert {"body.secret_word": "string_too_long", "body.seats": "int_parsing"} == problems
    assert b"hunter2" not in response.body  # type: ignore[operator] # it is bytes
    assert b"lots" not in response.body  # type: ignore[operator] # it is bytes


async def test_names_made_up_by_the_caller_come_back_short_and_clean() -> None:
    body = json.dumps({"name": "a", "x" * 300: 1, "evil\u0007": 1}).encode()

    fields = [
        problem["field"] for problem in told(await EdgeUnderTest(CREATE).ask("POST", "/v1/tickets", body))["errors"]
    ]

    assert sorted(["body." + "x" * 64, "body.evil?"]) == sorted(fields)


async def test_at_most_twenty_field_problems_are_listed() -> None:
    body = json.dumps({"name": "a", **{f"f{number}": 1 for number in range(50)}}).encode()

    assert 20 == len(told(await EdgeUnderTest(CREATE).ask("POST", "/v1/tickets", body))["errors"])


async def test_a_model_may_decide_to_ignore_unknown_fields() -> None:
    class Loose(BaseModel):
        model_config = ConfigDict(extra="ignore")
        name: str

    edge = EdgeUnderTest(Route("POST", "/loose", echo, "Loose.", body=Loose))

    assert {"name": "a"} == told(await edge.ask("POST", "/loose", b'{"name": "a", "more": 1}'))["body"]


async def test_a_body_is_refused_where_none_is_taken() -> None:
    response = await EdgeUnderTest(SHOW).ask("GET", "/v1/tickets/1", b"{}")

    assert (400, "body_unexpected") == (response.status, code_of(response))


async def test_a_stalled_body_is_given_up_after_its_deadline_and_the_connection_closes() -> None:
    edge = EdgeUnderTest(CREATE, body_deadline_s=0.01)

    response = await edge.ask("POST", "/v1/tickets", b'{"name"', complete=False)

    assert (408, "body_timeout") == (response.status, code_of(response))
    assert response.keep_alive is False


@pytest.mark.parametrize(("body", "seen"), [(None, None), (b"", None), (b'{"name": "a"}', "a")])
async def test_an_optional_body_may_be_left_out(body: bytes | None, seen: str | None) -> None:
    response = await EdgeUnderTest(MAYBE).ask("POST", "/v1/maybe", body)

    assert 200 == response.status
    assert seen == (told(response)["body"] or {}).get("name")


BAD_QUERIES = {
    "a wrong type": ("limit=lots", 422, "fields_invalid"),
    "out of range": ("limit=0", 422, "fields_invalid"),
    "an unknown parameter": ("limits=5", 422, "fields_invalid"),
    "a parameter twice": ("limit=1&limit=2", 400, "query_malformed"),
    "bytes that are not UTF-8": ("limit=%FF", 400, "query_malformed"),
    "more than a hundred parameters": ("&".join(f"a{n}=1" for n in range(101)), 400, "query_malformed"),
    "more than 16 KiB": ("limit=" + "1" * 16 * 1024, 414, "query_too_long"),
}


@pytest.mark.parametrize(("query", "status", "code"), BAD_QUERIES.values(), ids=BAD_QUERIES)
async def test_a_bad_query_is_refused_with_its_own_code(query: str, status: int, code: str) -> None:
    response = await EdgeUnderTest(LIST).ask("GET", f"/v1/tickets?{query}")

    assert (status, code) == (response.status, code_of(response))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"limit": 10, "tags": []}),
        ("?&limit=5", {"limit": 5, "tags": []}),
        ("?limit=5&&", {"limit": 5, "tags": []}),
        ("?tags=a&tags=b%20c", {"limit": 10, "tags": ["a", "b c"]}),
    ],
)
async def test_a_query_is_parsed_into_the_model(query: str, expected: dict[str, object]) -> None:
    assert expected == told(await EdgeUnderTest(LIST).ask("GET", f"/v1/tickets{query}"))["query"]


@pytest.mark.parametrize("value", ["a%00b", "a%0d%0ab", "x" * 257, "%C2%85"])
async def test_a_path_value_with_control_characters_or_without_end_is_refused(value: str) -> None:
    response = await EdgeUnderTest(SHOW).ask("GET", f"/v1/tickets/{value}")

    assert (400, "path_malformed") == (response.status, code_of(response))


async def test_a_well_formed_request_id_is_taken_over() -> None:
    response = await EdgeUnderTest(SHOW).ask("GET", "/v1/tickets/1", headers={"X-Request-Id": "client-7"})

    assert "client-7" == response.headers["X-Request-Id"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "evil\u00e9", "eyJhbGciOi.eyJzdWIi.c2ln", "-x"])
async def test_any_other_request_id_is_replaced(given: str) -> None:
    response = await EdgeUnderTest(SHOW).ask("GET", "/v1/tickets/1", headers={"X-Request-Id": given})

    assert given != response.headers["X-Request-Id"]
    assert response.headers["X-Request-Id"]


async def test_credentials_are_not_handed_to_handlers() -> None:
    sent = {"Authorization": "Bearer x", "Cookie": "a=b", "Proxy-Authorization": "c", "X-Own": "1"}

    assert {"x-own": "1"} == told(await EdgeUnderTest(SHOW).ask("GET", "/v1/tickets/1", headers=sent))["headers"]


async def test_an_unexpected_exception_is_a_500_without_detail_and_a_traceback_in_the_log() -> None:
    edge = EdgeUnderTest(_failing(ValueError("the password is hunter2")))

    with structlog.testing.capture_logs() as logs:
        response = await edge.ask("GET", "/v1/fail")

    assert (500, "internal") == (response.status, code_of(response))
    assert b"hunter2" not in response.body  # type: ignore[operator] # it is bytes
    failed = next(line for line in logs if line["event"] == "request_failed")
    assert "error" == failed["log_level"]
    assert failed["exc_info"]


async def test_an_error_of_the_domain_is_answered_by_its_family() -> None:
    class AlreadyQueued(Conflict):
        code = "already_queued"
        advice = "Cancel the other ticket first."

    response = await EdgeUnderTest(_failing(AlreadyQueued())).ask("GET", "/v1/fail")

    assert (409, "already_queued") == (response.status, code_of(response))
    assert "Cancel the other ticket first." == told(response)["detail"]


async def test_plain_errors_are_text_for_whoever_does_not_ask_for_json() -> None:
    edge = EdgeUnderTest(_failing(Conflict("No."), plain_errors=True))

    plain = await edge.ask("GET", "/v1/fail", headers={"Accept": "*/*"})
    asked = await edge.ask("GET", "/v1/fail", headers={"Accept": "text/html, application/json;q=0.5"})

    assert (409, "text/plain", b"Error: No.") == (plain.status, plain.content_type, plain.body)
    assert "conflict" == plain.headers["X-Error-Code"]
    assert "conflict" == code_of(asked)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/prodbuy", "text/plain"),
        ("GET", "/a/b/c/d/e/f/buy/", "text/plain"),
        ("DELETE", "/prod//buy", "text/plain"),
        ("GET", "/v1/rebuy", "application/problem+json"),
        ("GET", "/elsewhere", "application/problem+json"),
    ],
)
async def test_a_near_miss_of_a_plain_route_is_text_too(method: str, path: str, kind: str) -> None:
    edge = EdgeUnderTest(Route("GET", "/buy", echo, "Buys.", plain_errors=True))

    missed = await edge.ask(method, path, headers={"Accept": "*/*"})
    asked = await edge.ask(method, path, headers={"Accept": "application/json"})

    assert missed.status in {404, 405}
    assert (kind, "application/problem+json") == (missed.content_type, asked.content_type)


async def test_a_plain_route_hides_the_unexpected_as_well() -> None:
    response = await EdgeUnderTest(_failing(ValueError("hunter2"), plain_errors=True)).ask("GET", "/v1/fail")

    assert (500, b"Error: " + MusterError.advice.encode()) == (response.status, response.body)


async def test_a_request_is_given_up_after_its_deadline() -> None:
    async def never(_call: Call) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    edge = EdgeUnderTest(Route("GET", "/slow", never, "Slow."), request_deadline_s=0.01)

    response = await edge.ask("GET", "/slow")

    assert (503, "deadline_exceeded") == (response.status, code_of(response))
    assert response.headers["Retry-After"]


async def test_a_route_may_have_a_deadline_of_its_own() -> None:
    async def never(_call: Call) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    route = Route("GET", "/slow", never, "Slow.", deadline_s=0.01)

    response = await EdgeUnderTest(route, request_deadline_s=900.0).ask("GET", "/slow")

    assert (503, "deadline_exceeded") == (response.status, code_of(response))


async def test_a_time_out_of_the_handlers_own_is_a_failure_of_ours() -> None:
    assert "internal" == code_of(await EdgeUnderTest(_failing(TimeoutError())).ask("GET", "/v1/fail"))


async def test_requests_are_counted_by_route_pattern_and_status() -> None:
    edge = EdgeUnderTest(SHOW)

    await edge.ask("GET", "/prod/v1/tickets/1")
    await edge.ask("GET", "/v1/tickets/2")
    await edge.ask("GET", "/nope/nope")

    shown = {"method": "GET", "route": "/v1/tickets/{ticket_id}"}
    assert 2 == edge.sample("muster_http_requests_total", status="200", **shown)
    assert 2 == edge.sample("muster_http_request_seconds_count", **shown)
    assert 1 == edge.sample("muster_http_requests_total", method="GET", route="unmatched", status="404")
    assert 1 == edge.sample("muster_http_problems_total", route="unmatched", code="route_unknown")
    assert 0 == edge.sample("muster_http_requests_in_flight")


async def test_a_request_under_way_is_counted_as_in_flight() -> None:
    seen: list[float | None] = []

    async def look(_call: Call) -> Answer:
        seen.append(edge.sample("muster_http_requests_in_flight"))
        return Answer()

    edge = EdgeUnderTest(Route("GET", "/look", look, "Looks."))
    await edge.ask("GET", "/look")

    assert [1] == seen


async def test_one_line_is_logged_a_request_and_it_holds_no_query_and_no_path_value() -> None:
    edge = EdgeUnderTest(SHOW)

    with structlog.testing.capture_logs() as logs:
        await edge.ask("GET", "/v1/tickets/hunter2?guest_secret=hunter3")

    assert ["request_answered"] == [line["event"] for line in logs]
    assert ("info", "/v1/tickets/{ticket_id}", 200) == (logs[0]["log_level"], logs[0]["route"], logs[0]["status"])
    assert "hunter" not in str(logs)


async def test_health_checks_are_logged_at_debug() -> None:
    with structlog.testing.capture_logs() as logs:
        await EdgeUnderTest().ask("GET", "/livez")

    assert ["debug"] == [line["log_level"] for line in logs]


async def test_the_cause_of_an_outage_is_named_in_the_log_by_its_type() -> None:
    async def fail(_call: Call) -> Answer:
        raise Unavailable from ConnectionError("10.0.0.1 refused hunter2")

    with structlog.testing.capture_logs() as logs:
        await EdgeUnderTest(Route("GET", "/v1/fail", fail, "Fails.")).ask("GET", "/v1/fail")

    line = next(line for line in logs if line["event"] == "dependency_failed")
    assert ("unavailable", "ConnectionError") == (line["code"], line["cause"])
    assert "hunter2" not in str(logs)


async def test_the_trace_of_the_caller_goes_on_in_the_handler() -> None:
    seen: list[str] = []

    async def look(_call: Call) -> Answer:
        seen.append(tracing.trace_id())
        return Answer()

    edge = EdgeUnderTest(Route("GET", "/look", look, "Looks."))
    await edge.ask("GET", "/look", headers={"traceparent": f"00-{'ab' * 16}-{'cd' * 8}-01"})
    await edge.ask("GET", "/look", headers={"traceparent": "nonsense"})

    assert "ab" * 16 == seen[0]
    assert seen[1] not in {"", "ab" * 16}


async def test_while_draining_answers_close_their_connections() -> None:
    edge = EdgeUnderTest(SHOW)
    edge.health.phase = Phase.DRAINING

    assert (await edge.ask("GET", "/v1/tickets/1")).keep_alive is False


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client"),
    [
        (0, "198.51.100.1", "192.0.2.9"),
        (1, "203.0.113.5, 198.51.100.1", "198.51.100.1"),
        (2, "6.6.6.6, 203.0.113.5, 198.51.100.1", "203.0.113.5"),
        (1, "not-an-address", "192.0.2.9"),
        (2, "198.51.100.1", "192.0.2.9"),
        (1, "2001:DB8::1", "2001:db8::1"),
        (1, "203.0.113.5:51234", "203.0.113.5"),
        (1, "[2001:DB8::1]:51234", "2001:db8::1"),
        (1, "[2001:DB8::1]", "2001:db8::1"),
        (1, "[not-an-address]:1", "192.0.2.9"),
        (1, "203.0.113.5, ", "192.0.2.9"),
        (1, "203.0.113.5," * 500 + "198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_client_is_who_the_outermost_trusted_proxy_saw(proxies: int, forwarded: str, client: str) -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": forwarded}).clone(remote="192.0.2.9")

    assert client == client_of(request, trusted_proxies=proxies)


@pytest.fixture
def mint(clock: FakeClock) -> TokenMint:
    return TokenMint(clock=clock)


@pytest.fixture
def verifier(mint: TokenMint, clock: FakeClock) -> TokenVerifier:
    async def fetch() -> bytes:
        return json.dumps(mint.jwks()).encode()

    return TokenVerifier(Jwks(fetch, clock=clock), issuer=mint.issuer, audience=mint.audience, clock=clock)


@pytest.fixture
def protected(verifier: TokenVerifier) -> EdgeUnderTest:
    return EdgeUnderTest(
        Route("GET", "/mine", echo, "Mine.", scopes=PLAYER_SCOPES),
        Route("POST", "/admin", echo, "Admin.", scopes=OPERATOR_SCOPES, body=Ticket),
        verifier=verifier,
    )


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}", "Bearer  {}"])
async def test_a_token_opens_a_route_bare_or_as_a_bearer(form: str, protected: EdgeUnderTest, mint: TokenMint) -> None:
    response = await protected.ask("GET", "/mine", headers={"Authorization": form.format(mint.token("player-7"))})

    assert "player-7" == told(response)["subject"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "token_missing"),
        ([("Authorization", "")], "token_missing"),
        ([("Authorization", "Bearer")], "token_malformed"),
        ([("Authorization", "Basic YTpi")], "token_malformed"),
        ([("Authorization", "nonsense")], "token_malformed"),
        ([("Authorization", "a.b.c"), ("Authorization", "a.b.c")], "token_malformed"),
        ([("Authorization", "é.é.é")], "token_malformed"),
    ],
)
async def test_no_token_or_no_good_one_is_a_401(
    headers: list[tuple[str, str]], code: str, protected: EdgeUnderTest
) -> None:
    response = await protected.ask("GET", "/mine", headers=headers)

    assert (401, code) == (response.status, code_of(response))
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert 1 == protected.sample("muster_tokens_refused_total", code=code)


async def test_the_wrong_scope_is_a_403_before_anything_is_read(protected: EdgeUnderTest, mint: TokenMint) -> None:
    response = await protected.ask("POST", "/admin", b"{not json", headers=mint.bearer())

    assert (403, "scope_insufficient") == (response.status, code_of(response))


async def test_an_issuer_that_does_not_answer_is_a_503(clock: FakeClock, mint: TokenMint) -> None:
    async def fetch() -> bytes:
        raise ConnectionError

    verifier = TokenVerifier(Jwks(fetch, clock=clock), issuer=mint.issuer, audience=mint.audience, clock=clock)
    edge = EdgeUnderTest(Route("GET", "/mine", echo, "Mine.", scopes=PLAYER_SCOPES), verifier=verifier)

    response = await edge.ask("GET", "/mine", headers=mint.bearer())

    assert (503, "keys_unavailable") == (response.status, code_of(response))
    assert response.headers["Retry-After"]


async def test_routes_with_scopes_need_a_verifier() -> None:
    with pytest.raises(RuntimeError, match="use_verifier"):
        EdgeUnderTest(Route("GET", "/mine", echo, "Mine.", scopes=PLAYER_SCOPES))


async def test_a_raw_route_answers_in_its_own_way_and_is_seen_like_any_other() -> None:
    async def raw(request: web.Request) -> web.StreamResponse:
        return web.Response(text=base64.b64encode(await request.read()).decode(), status=202)

    edge = EdgeUnderTest(raw=(RawRoute("POST", "/", raw),))

    response = await edge.ask("POST", "/", b"\xff", headers={"Content-Type": "application/x-amz-json-1.1"})

    assert (202, "/w==") == (response.status, response.text)
    assert 1 == edge.sample("muster_http_requests_total", method="POST", route="/", status="202")


async def test_a_quiet_raw_route_is_told_of_for_debugging_alone() -> None:
    async def raw(_request: web.Request) -> web.StreamResponse:
        return web.Response()

    edge = EdgeUnderTest(raw=(RawRoute("POST", "/quiet", raw, quiet=True), RawRoute("POST", "/told", raw)))

    with structlog.testing.capture_logs() as logs:
        await edge.ask("POST", "/quiet", b"x")
        await edge.ask("POST", "/told", b"x")

    assert [("/quiet", "debug"), ("/told", "info")] == [(line["route"], line["log_level"]) for line in logs]
    assert 1 == edge.sample("muster_http_requests_total", method="POST", route="/quiet", status="200")


async def test_a_raw_route_that_raises_is_a_500_problem() -> None:
    async def raw(_request: web.Request) -> web.StreamResponse:
        raise ValueError("hunter2")

    response = await EdgeUnderTest(raw=(RawRoute("POST", "/", raw),)).ask("POST", "/", b"x")

    assert "internal" == code_of(response)


async def test_validators_of_a_model_may_refuse_in_their_own_words() -> None:
    class Picky(BaseModel):
        name: str

        @field_validator("name")
        @classmethod
        def _no_spaces(cls, name: str) -> str:
            if " " in name:
                raise ValueError("must be one word")
            return name

    edge = EdgeUnderTest(Route("POST", "/picky", echo, "Picky.", body=Picky))

    problems = told(await edge.ask("POST", "/picky", b'{"name": "a b"}'))["errors"]

    assert [{"field": "body.name", "code": "value_error", "message": "Value error, must be one word"}] == problems
