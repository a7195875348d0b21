"""What targets get instead of the event, as EventBridge documents it."""

import json
from typing import Any

import pytest

from muster_gamelift.bus.inputs import InputInvalid, InputSpec, rendered

EVENT: dict[str, Any] = {
    "id": "e-1",
    "time": "2025-01-01T10:00:00.100Z",
    "resources": ["arn:1", "arn:2"],
    "detail": {
        "type": "AcceptMatch",
        "wait": 5,
        "quote": 'a "b"',
        "tickets": [{"ticketId": "t-1"}, {"ticketId": "t-2"}],
    },
}
RESERVED = {"aws.events.rule-name": "all", "aws.events.rule-arn": "arn:rule"}


def filled(template: str, **paths: str) -> str:
    spec = InputSpec(variables=tuple(paths.items()), template=template)
    return rendered(spec, EVENT, RESERVED)


def test_without_a_wish_the_target_gets_the_event() -> None:
    assert EVENT == json.loads(rendered(InputSpec(), EVENT, RESERVED))


def test_a_fixed_text_is_given_as_it_is() -> None:
    assert rendered(InputSpec(text='{"a": 1}'), EVENT, RESERVED) == '{"a": 1}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", EVENT),
        ("$.detail.type", "AcceptMatch"),
        ("$.detail.tickets[1].ticketId", "t-2"),
        ("$.resources[0]", "arn:1"),
        ("$.resources", ["arn:1", "arn:2"]),
        ("$.detail.tickets[*].ticketId", ["t-1", "t-2"]),
        ("$.detail['type']", "AcceptMatch"),
        ("$.detail.tickets.*.ticketId", ["t-1", "t-2"]),
        ("$.detail.missing", None),
        ("$.resources[7]", None),
        ("$.detail.type.deeper", None),
    ],
)
def test_a_path_names_a_part_of_the_event(path: str, expected: Any) -> None:
    assert expected == json.loads(rendered(InputSpec(path=path), EVENT, RESERVED))


@pytest.mark.parametrize("path", ["detail", "$.", "$..type", "$.detail[?(@.a)]", "$.detail[-1]"])
def test_a_path_of_another_kind_is_refused(path: str) -> None:
    with pytest.raises(InputInvalid):
        rendered(InputSpec(path=path), EVENT, RESERVED)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"type <type> waits <wait>"', '"type AcceptMatch waits 5"'),
        (
            '{"type": <type>, "wait": <wait>, "text": "<type>!"}',
            '{"type": "AcceptMatch", "wait": 5, "text": "AcceptMatch!"}',
        ),
        ('{"quote": "<quote>", "again": <quote>}', r'{"quote": "a \"b\"", "again": "a \"b\""}'),
        (r'{"escaped": "\"<type>\""}', r'{"escaped": "\"AcceptMatch\""}'),
        ("<type> after <wait>", "AcceptMatch after 5"),
        ('{"rule": "<aws.events.rule-name>", "arn": <aws.events.rule-arn>}', '{"rule": "all", "arn": "arn:rule"}'),
        ('{"a": "<missing>", "b": <missing>}', '{"a": "", "b": ""}'),
        ('{"a": "<unknown>"}', '{"a": "<unknown>"}'),
    ],
)
def test_a_template_is_filled_with_parts_of_the_event(template: str, expected: str) -> None:
    paths = {"type": "$.detail.type", "wait": "$.detail.wait", "quote": "$.detail.quote", "missing": "$.detail.gone"}

    assert expected == filled(template, **paths)


def test_the_whole_event_can_be_put_into_a_template() -> None:
    whole = json.loads(filled('{"all": <aws.events.event.json>, "head": <aws.events.event>}'))

    assert whole == {"all": EVENT, "head": {name: value for name, value in EVENT.items() if name != "detail"}}
