"""Event patterns as EventBridge documents them."""

import json
from typing import Any

import pytest
from gamelift_patterns import CASES, EVENT

from muster_gamelift.bus.patterns import PatternInvalid, compiled


def wants(pattern: Any) -> bool:
    return compiled(json.dumps(pattern))(EVENT)


def of_detail(name: str, *matchers: Any) -> bool:
    return wants({"detail": {name: list(matchers)}})


@pytest.mark.parametrize(("name", "matcher", "expected"), CASES)
def test_a_matcher_decides_about_a_field(name: str, matcher: Any, *, expected: bool) -> None:
    assert of_detail(name, matcher) is expected


def test_any_matcher_of_a_list_suffices() -> None:
    assert of_detail("type", "AcceptMatch", {"prefix": "Matchmaking"})
    assert of_detail("missing", "a", {"exists": False})
    assert not of_detail("type", "AcceptMatch", {"suffix": "Created"})


def test_all_fields_of_a_pattern_must_match() -> None:
    assert wants({"source": ["aws.gamelift"], "detail": {"type": ["MatchmakingSearching"], "share": [0.5]}})
    assert not wants({"source": ["aws.gamelift"], "detail": {"type": ["MatchmakingSearching"], "share": [1]}})
    assert not wants({"source": ["aws.ec2"], "detail": {"type": ["MatchmakingSearching"]}})


def test_an_array_of_the_event_stands_for_each_of_its_elements() -> None:
    assert wants({"resources": [{"suffix": "/duel"}]})
    assert wants({"detail": {"tickets": {"ticketId": ["t-2"]}}})
    assert wants({"detail": {"tickets": {"players": {"playerId": [{"anything-but": "ann"}]}}}})
    assert not wants({"detail": {"tickets": {"ticketId": ["t-3"]}}})


def test_fields_of_one_nested_pattern_are_looked_for_in_one_element() -> None:
    assert wants({"detail": {"tickets": {"players": {"playerId": ["bob"], "team": ["blue"]}}}})
    assert not wants({"detail": {"tickets": {"players": {"playerId": ["ann"], "team": ["blue"]}}}})


def test_one_alternative_of_an_or_must_match_beside_the_other_fields() -> None:
    either = {"$or": [{"type": ["AcceptMatch"]}, {"share": [{"numeric": [">", 0]}]}]}

    assert wants({"detail": either})
    assert wants({"$or": [{"source": ["aws.ec2"]}, {"detail": {"type": ["MatchmakingSearching"]}}]})
    assert not wants({"detail": {**either, "accepted": [False]}})
    assert not wants({"detail": {"$or": [{"type": ["AcceptMatch"]}, {"share": [9]}]}})


def test_a_branch_that_is_missing_has_no_fields() -> None:
    assert wants({"detail": {"gone": {"deep": [{"exists": False}]}}})
    assert wants({"detail": {"type": {"deep": [{"exists": False}]}}})
    assert not wants({"detail": {"gone": {"deep": ["a"]}}})


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "[]",
        "{}",
        '{"a": "b"}',
        '{"a": []}',
        '{"a": {}}',
        '{"a": [["b"]]}',
        '{"a": [{}]}',
        '{"a": [{"prefix": "b", "suffix": "c"}]}',
        '{"a": [{"contains": "b"}]}',
        '{"a": [{"prefix": 1}]}',
        '{"a": [{"prefix": {"wildcard": "b"}}]}',
        '{"a": [{"exists": "yes"}]}',
        '{"a": [{"numeric": [">"]}]}',
        '{"a": [{"numeric": ["!", 1]}]}',
        '{"a": [{"numeric": [">", true]}]}',
        '{"a": [{"cidr": "10.0.0.0/99"}]}',
        '{"a": [{"wildcard": "a**b"}]}',
        '{"a": [{"wildcard": "a\\\\b"}]}',
        '{"a": [{"anything-but": []}]}',
        '{"a": [{"anything-but": ["b", 1]}]}',
        '{"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}',
        '{"$or": [{"a": ["b"]}, 1]}',
        '{"$or": {"a": ["b"]}}',
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(PatternInvalid):
        compiled(pattern)
