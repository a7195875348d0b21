import pytest
from aiohttp.test_utils import make_mocked_request

from muster_runtime.http.edge_errors import MethodNotAllowed, RouteUnknown
from muster_runtime.http.paths import Table, candidates
from muster_runtime.http.routes import Answer, Call, Route


async def _handler(_call: Call) -> Answer:
    return Answer()


TABLE = Table(
    [
        Route("GET", "/login-as-guest", _handler, "Signs in."),
        Route("POST", "/login-as-guest", _handler, "Signs in."),
        Route("GET", "/v1/tickets/{ticket_id}", _handler, "Shows."),
        Route("GET", "/v1/keys/{number:[0-9]+}", _handler, "Shows."),
        Route("POST", "/", _handler, "The root."),
        Route("GET", "/buy", _handler, "Buys.", has_effects=True),
    ]
)

FOUND = {
    "/login-as-guest": "/login-as-guest",
    "/prod/login-as-guest": "/login-as-guest",
    "/prod//login-as-guest": "/login-as-guest",
    "/a/b/c/login-as-guest": "/login-as-guest",
    "/prod/v1/tickets/abc": "/v1/tickets/{ticket_id}",
    "/v1//tickets///abc": "/v1/tickets/{ticket_id}",
    "/v1/keys/12": "/v1/keys/{number:[0-9]+}",
}


@pytest.mark.parametrize(("path", "template"), FOUND.items())
async def test_stage_prefixes_and_repeated_slashes_are_forgiven(path: str, template: str) -> None:
    found = await TABLE.find(make_mocked_request("GET", path))

    assert template == found.template


@pytest.mark.parametrize(
    "path",
    ["/nope", "/login-as-guest/", "/login-as-guest/x", "/v1/keys/ab", "/v1/tickets/", "/a/b/c/d/e/login-as-guest"],
)
async def test_a_path_that_no_route_has_is_unknown(path: str) -> None:
    with pytest.raises(RouteUnknown):
        await TABLE.find(make_mocked_request("GET", path))


@pytest.mark.parametrize("path", ["/nope", "/prod/", "/prod//"])
async def test_an_unknown_path_is_never_taken_for_the_root(path: str) -> None:
    with pytest.raises(RouteUnknown):
        await TABLE.find(make_mocked_request("POST", path))


@pytest.mark.parametrize("path", ["/login-as-guest", "/prod//login-as-guest"])
async def test_a_known_path_with_another_method_names_the_methods_it_has(path: str) -> None:
    with pytest.raises(MethodNotAllowed) as refusal:
        await TABLE.find(make_mocked_request("DELETE", path))

    assert ("GET", "HEAD", "POST") == refusal.value.allowed


async def test_a_get_route_answers_head() -> None:
    found = await TABLE.find(make_mocked_request("HEAD", "/v1/tickets/abc"))

    assert "/v1/tickets/{ticket_id}" == found.template


@pytest.mark.parametrize("path", ["/buy", "/prod//buy"])
async def test_a_get_route_with_effects_does_not_answer_head(path: str) -> None:
    with pytest.raises(MethodNotAllowed) as refusal:
        await TABLE.find(make_mocked_request("HEAD", path))

    assert ("GET",) == refusal.value.allowed


async def test_an_encoded_slash_stays_inside_its_segment() -> None:
    found = await TABLE.find(make_mocked_request("GET", "/prod/v1/tickets/a%2Fb%20c"))

    assert {"ticket_id": "a/b c"} == found.values


def test_two_routes_with_one_method_and_path_are_a_mistake() -> None:
    route = Route("GET", "/twice", _handler, "Twice.")

    with pytest.raises(RuntimeError):
        Table([route, route])


def test_a_path_as_sent_comes_first_and_prefixes_are_dropped_one_by_one() -> None:
    assert ["/a//b/c", "/a/b/c", "/b/c", "/c"] == list(candidates("/a//b/c"))
