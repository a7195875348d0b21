import pytest

from muster_runtime.errors import Malformed
from muster_runtime.http.idempotency import idempotency_key
from muster_runtime.http.routes import Call


def test_a_key_of_255_characters_is_taken_and_none_is_empty() -> None:
    assert "k" * 255 == idempotency_key(Call(path={}, headers={"idempotency-key": "k" * 255}))
    assert "" == idempotency_key(Call(path={}))


def test_a_longer_key_is_malformed() -> None:
    with pytest.raises(Malformed):
        idempotency_key(Call(path={}, headers={"idempotency-key": "k" * 256}))
