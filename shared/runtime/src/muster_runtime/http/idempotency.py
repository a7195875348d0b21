"""The `Idempotency-Key` request header: what makes a repeated request the same request.

Source: the header as Stripe defines it, whose longest key is 255 characters.
"""

from typing import Final

from muster_runtime.errors import Malformed
from muster_runtime.http.routes import Call

LONGEST_KEY: Final = 255
"""Longest key, in characters."""


def idempotency_key(call: Call) -> str:
    """Return the caller's key; empty when there is none.

    Raises:
        Malformed: it has more than 255 characters, or others than printable ASCII.
    """
    key = call.headers.get("idempotency-key", "")
    if len(key) > LONGEST_KEY:
        raise Malformed(f"Idempotency-Key has more than {LONGEST_KEY} characters.")
    # Bytes that are no UTF-8 come as surrogates, which can be neither hashed nor stored.
    if not (key.isascii() and key.isprintable()):
        raise Malformed("Idempotency-Key has characters that are not printable ASCII.")
    return key
