"""Requests made up from the service model get answers of the service model. Thousands: `gamelift_generated.py`."""

import pytest
from gamelift_generated import FAMILIES, Run

from muster_gamelift.operations.table import OPERATIONS


def test_the_families_are_the_whole_api() -> None:
    assert {operation for operations in FAMILIES.values() for operation in operations} == {*OPERATIONS}


@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_is_asked_the_answer_is_one_of_the_model(family: str) -> None:
    outcome = Run(family, seed=1).make(300)

    assert outcome.problems == []
    # The requests are worth making: many do what they are for, and many do not.
    assert outcome.answers["done"] >= 30
    assert outcome.answers.total() - outcome.answers["done"] >= 60
    assert outcome.answers["SerializationException"] >= 10
