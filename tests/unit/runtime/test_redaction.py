import json
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muster_runtime import redaction
from muster_runtime.redaction import SECRET_VALUES, is_plain, json_line, redact

SECRETS = (
    "eyJhbGciOi.eyJzdWIi.c2ln",
    "psess-6b1d9e3a-1111",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "Bearer abc.DEF",
    "BEARER abc.DEF",
    "bEaReR  abc",
    "guest_secret=x",
    "Password=x",
    "auth_token=x",
)
pieces = st.lists(st.sampled_from(SECRETS) | st.text(max_size=6), max_size=4).map("".join)
cut = st.tuples(pieces, st.integers(0, 20), st.integers(0, 40)).map(lambda cut: cut[0][cut[1] : cut[1] + cut[2]])
names = st.sampled_from(["event", "token", "ticket_id", "exception", "refreshToken", "na\nme", "na\\nme"]) | st.text()
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.binary(max_size=4) | pieces | cut,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_passes_for_plain_text_wherever_it_stands(secret: str) -> None:
    assert SECRET_VALUES.search(secret)
    assert not any(is_plain(text) for text in (secret, f"see {secret}", f"{secret} end", f"a,{secret},b"))


@given(pieces | cut)
@example("plain text, nothing else: 12 of 13")
def test_what_passes_for_plain_text_is_written_as_the_patterns_would_write_it(text: str) -> None:
    if is_plain(text):
        assert not SECRET_VALUES.search(text)
        assert text.isascii()
        assert not redaction._CONTROL.search(text)


def test_identifiers_pass_for_plain_text() -> None:
    plain = ("0d5c1b0e-1111-4222-8333-444455556666", "/v1/tickets/{ticket_id}", "request_answered", "12.5 s")

    assert all(is_plain(text) for text in plain)


@given(st.dictionaries(names, values, max_size=6))
def test_a_line_is_the_redacted_event_as_json_however_it_is_made(event: dict[str, Any]) -> None:
    line = json_line(event)

    assert json.dumps(redact(event), default=str) == line
    assert line.isascii()


def test_names_seen_before_are_treated_as_when_first_seen() -> None:
    event = {"ticket_id": "t-1", "token": "hunter2", "exception": "one\ntwo", "count": 3, "share": 0.5}

    assert json_line(event) == json_line(event)
    assert {**event, "token": "[redacted]"} == json.loads(json_line(event))


def test_no_more_names_are_kept_than_code_has() -> None:
    for number in range(3000):
        json_line({f"name_{number}": "x"})

    assert len(redaction._OPEN) <= 1024


def test_kinds_of_text_and_numbers_are_written_as_what_they_are() -> None:
    class Colour(StrEnum):
        RED = "red"

    assert '{"colour": "red", "yes": true, "no": null}' == json_line({"colour": Colour.RED, "yes": True, "no": None})
