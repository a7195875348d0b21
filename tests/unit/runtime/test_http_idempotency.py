import pytest

from muster_runtime.errors import Malformed
from muster_runtime.http.idempotency import idempotency_key
from muster_runtime.http.routes import Call


def test_a_key_of_255_characters_is_taken_and_none_is_empty() -> None:
    assert "k" * 255 == idempotency_key(Call(path={}, headers={"idempotency-key": "k" * 255}))
    assert "" == idempotency_key(Call(path={}))


@pytest.mark.parametrize("key", ["k\udcff", "\ud800", "\N{LATIN SMALL LETTER E WITH ACUTE}", "a\tb", "\x7f"])
def test_a_key_that_is_not_printable_ascii_is_malformed(key: str) -> None:
    with pytest.raises(Malformed):
        idempotency_key(Call(path={}, headers={"idempotency-key": key}))


def test_a_key_may_have_every_printable_ascii_character() -> None:
    key = "".join(chr(code) for code in range(0x20, 0x7F))

    assert key == idempotency_key(Call(path={}, headers={"idempotency-key": key}))


def test_a_longer_key_is_malformed() -> None:
    with pytest.raises(Malformed):
        idempotency_key(Call(path={}, headers={"idempotency-key": "k" * 256}))
