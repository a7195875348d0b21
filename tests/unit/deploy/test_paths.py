"""One table says which service answers which path, for the local edge and for the load balancer."""

from fnmatch import fnmatchcase

import pytest

from muster_deploy.paths import PATHS, load_balancer_patterns, match, means_plain


@pytest.mark.parametrize(
    ("path", "service", "forwarded"),
    [
        ("/login-as-guest", "identity", "/login-as-guest"),
        ("/.well-known/jwks.json", "identity", "/.well-known/jwks.json"),
        ("/v1/guests", "identity", "/v1/guests"),
        ("/v1/matchmaking/tickets", "matchmaking", "/v1/matchmaking/tickets"),
        ("/v1/tickets/abc", "tickets", "/v1/tickets/abc"),
        ("/achievements/admin", "achievements", "/achievements/admin"),
        ("/v1/game-sessions", "listener", "/v1/game-sessions"),
        ("/v1/runs/1", "players", "/v1/runs/1"),
    ],
)
def test_each_path_has_its_service(path: str, service: str, forwarded: str) -> None:
    found = match(path)

    assert found is not None
    assert (service, forwarded) == (found.service, found.path)


@pytest.mark.parametrize("path", ["/prod/v1/tickets/abc", "//v1///tickets/abc", "/stage//v1/tickets//abc"])
def test_a_stage_and_repeated_slashes_make_no_difference(path: str) -> None:
    found = match(path)

    assert found is not None
    assert ("tickets", "/v1/tickets/abc") == (found.service, found.path)


@pytest.mark.parametrize("path", ["/", "", "/v1", "/v1/ticketsandmore", "/a/b/v1/tickets", "/v2/tickets"])
def test_a_path_that_nobody_answers_matches_nothing(path: str) -> None:
    assert match(path) is None


def test_percent_encoding_and_a_trailing_slash_reach_the_service_untouched() -> None:
    found = match("/v1/tickets/a%2Fb%20c/")

    assert found is not None
    assert "/v1/tickets/a%2Fb%20c/" == found.path


def test_only_paths_of_the_published_designs_are_answered_in_plain_text() -> None:
    plain = {row.prefix for row in PATHS if row.plain}

    providers = {"steam", "apple-id", "google-play", "facebook", "cognito"}
    others = {"/login-as-guest", "/refresh-access-token", "/request-matchmaking", "/get-match-status"}
    assert others | {f"/login-with-{provider}" for provider in providers} == plain


def test_a_near_miss_of_a_published_route_is_answered_in_plain_text() -> None:
    """Unreal's client forgets the slash, and is told nothing by JSON."""
    assert all(match(path) is None for path in ("/prodlogin-as-guest", "/a/b/c/get-match-status"))
    assert means_plain("/prodlogin-as-guest")
    assert means_plain("/a/b/c/get-match-status")
    assert not means_plain("/v1/login-as-guest")
    assert not means_plain("/nothing")


def test_no_prefix_hides_another() -> None:
    for first in PATHS:
        for second in PATHS:
            hides = second.prefix.startswith(f"{first.prefix}/") and first.service != second.service
            assert not hides, (first, second)


def test_the_load_balancer_gets_a_path_and_what_is_below_it() -> None:
    assert {"/v1/tickets", "/v1/tickets/*"} < set(load_balancer_patterns("tickets"))


@pytest.mark.parametrize("raw", ["/get-match-status", "//get-match-status", "/prod//get-match-status"])
def test_the_load_balancer_finds_the_published_routes_behind_a_stage_and_two_slashes(raw: str) -> None:
    """Its wildcards stand for any number of characters, slashes too, as here."""
    takers = {
        row.service
        for row in PATHS
        if any(fnmatchcase(raw, pattern) for pattern in load_balancer_patterns(row.service))
    }

    assert {"tickets"} == takers
