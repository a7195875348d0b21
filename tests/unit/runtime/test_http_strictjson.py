import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster_runtime.http import strictjson

REFUSED = {
    "nothing": (b"", "json_syntax"),
    "a word": (b"hello", "json_syntax"),
    "truncated": (b'{"a": "b', "json_syntax"),
    "two texts": (b"{}{}", "json_syntax"),
    "a trailing comma": (b"[1,]", "json_syntax"),
    "a raw line break in a string": (b'"a\nb"', "json_syntax"),
    "a leading zero": (b"[01]", "json_syntax"),
    "NaN": (b'{"a": NaN}', "json_not_finite"),
    "Infinity": (b"[Infinity]", "json_not_finite"),
    "minus Infinity": (b"[-Infinity]", "json_not_finite"),
    "a number beyond doubles": (b"[1e999]", "json_number_range"),
    "an integer of 65 bits": (b"[9223372036854775808]", "json_number_range"),
    "a negative integer of 65 bits": (b"[-9223372036854775809]", "json_number_range"),
    "an integer of a million digits": (b"9" * 1_000_000, "json_number_range"),
    "a name twice": (b'{"a": 1, "a": 2}', "json_duplicate_name"),
    "a name twice, one of them escaped": (rb'{"a": 1, "\u0061": 2}', "json_duplicate_name"),
    "a name twice, deep inside": (b'[{"x": {"a": 1, "a": 1}}]', "json_duplicate_name"),
    "33 levels of arrays": (b"[" * 33 + b"]" * 33, "json_too_deep"),
    "33 levels of objects": (b'{"a":' * 33 + b"1" + b"}" * 33, "json_too_deep"),
    "a hundred thousand levels": (b"[" * 100_000, "json_too_deep"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "json_byte_order_mark"),
    "UTF-16 with its mark": ("{}".encode("utf-16"), "json_byte_order_mark"),
    "UTF-16 without a mark": ('{"é": 1}'.encode("utf-16-le"), "json_not_utf8"),
    "Latin-1": ('"é"'.encode("latin-1"), "json_not_utf8"),
    "an overlong sequence": (b'"\xc0\xaf"', "json_not_utf8"),
    "half a surrogate pair": (rb'"\ud800"', "json_surrogate"),
    "half a surrogate pair in a name": (rb'{"\udfff": 1}', "json_surrogate"),
    "surrogates in the wrong order": (rb'["\udc00\ud800"]', "json_surrogate"),
}


@pytest.mark.parametrize(("raw", "code"), REFUSED.values(), ids=REFUSED)
def test_text_with_more_or_less_than_one_meaning_is_refused_with_its_own_code(raw: bytes, code: str) -> None:
    with pytest.raises(strictjson.JSONMalformed) as refusal:
        strictjson.loads(raw)

    assert code == refusal.value.code


ACCEPTED = {
    "32 levels": (b"[" * 32 + b"]" * 32, None),
    "the largest integer": (b"9223372036854775807", 2**63 - 1),
    "the smallest integer": (b"-9223372036854775808", -(2**63)),
    "a surrogate pair": (rb'"\ud83d\ude00"', "\U0001f600"),
    "names that differ by case": (b'{"a": 1, "A": 2}', {"a": 1, "A": 2}),
    "brackets inside a string": (b'"' + b"[" * 100 + b'"', "[" * 100),
    "the same name in two objects": (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
}


@pytest.mark.parametrize(("raw", "value"), ACCEPTED.values(), ids=ACCEPTED)
def test_text_at_the_edge_of_the_rules_is_read(raw: bytes, value: object) -> None:
    read = strictjson.loads(raw)

    assert value is None or value == read


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
_VALUES = st.recursive(
    _SCALARS, lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(), below, max_size=4), max_leaves=20
)


@given(_VALUES)
def test_whatever_strict_json_can_say_is_read_back_as_it_was(value: object) -> None:
    assert value == strictjson.loads(json.dumps(value, ensure_ascii=False).encode())


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_in_another_way(raw: bytes) -> None:
    with contextlib.suppress(strictjson.JSONMalformed):
        strictjson.loads(raw)
