import json

import pytest

from muster_gamelift import errors
from muster_gamelift.errors import Fault, UnreadableRequest
from muster_gamelift.wire import decode, encode


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 200_000, b"{'a': 1}", rb'["\uDEAD"]'])
def test_a_body_that_is_not_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableRequest):
        decode(body)


def test_an_escaped_pair_of_surrogates_is_the_character_it_stands_for() -> None:
    assert decode(rb'["\ud83c\udfae"]') == ["\U0001f3ae"]


def test_an_empty_body_is_an_empty_structure() -> None:
    assert decode(b"") == {}


def test_absent_values_are_left_out_of_an_answer_at_every_depth() -> None:
    answer = {"A": None, "B": [{"C": None, "D": 1.5}], "E": {"F": None}, "G": [], "H": False}

    assert json.loads(encode(answer)) == {"B": [{"D": 1.5}], "E": {}, "G": [], "H": False}


def test_every_error_has_an_aws_name_of_its_own_and_status_400() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Fault)]
    named = [kind for kind in kinds if kind is not Fault]

    assert len({kind.aws_name for kind in named}) == len(named) == 14
    assert {kind.status for kind in named} == {400}
    assert all(kind.aws_name.endswith("Exception") for kind in named)


def test_every_error_is_in_the_tree_of_its_module() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Fault)]

    for kind in kinds:
        assert kind.__name__ in (errors.__doc__ or "")
