"""Pretend players: the same name gives the same ids, everywhere and always."""

import hashlib


def digits(name: str, kind: str, length: int) -> str:
    """Return *length* digits that stand for a player called *name* at *kind*; the first is not 0."""
    number = int.from_bytes(hashlib.sha256(f"{kind}/{name}".encode()).digest())
    return str(10 ** (length - 1) + number % (9 * 10 ** (length - 1)))


def hexadecimal(name: str, kind: str) -> str:
    """Return 32 hexadecimal digits that stand for a player called *name* at *kind*."""
    return hashlib.sha256(f"{kind}/{name}".encode()).hexdigest()[:32]


def steam_id(name: str) -> str:
    """Return a 64-bit Steam id."""
    return f"7656119{digits(name, 'steam', 10)}"
