"""Reading what a provider answered: each field is what it must be, or the provider lied."""

import re
from collections.abc import Mapping
from typing import Any

from muster_identity.gateway.providers.verdicts import lied

MAX_NAME = 64
"""Longest display name kept, in characters."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def text(document: Mapping[str, Any], name: str, shape: re.Pattern[str], *, door: str) -> str:
    """Return the text called *name*, which must match *shape* as a whole.

    Raises:
        ProviderLied: it is missing, no text, or of another shape.
    """
    value = document.get(name)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise lied(door, f"field_{name}")
    return value


def inner(document: Mapping[str, Any], name: str, *, door: str) -> Mapping[str, Any]:
    """Return the object called *name*.

    Raises:
        ProviderLied: there is none.
    """
    value = document.get(name)
    if not isinstance(value, dict):
        raise lied(door, f"field_{name}")
    return value


def flag(document: Mapping[str, Any], name: str, *, door: str) -> bool:
    """Return the truth value called *name*.

    Raises:
        ProviderLied: it is missing or something else.
    """
    value = document.get(name)
    if not isinstance(value, bool):
        raise lied(door, f"field_{name}")
    return value


def error_of(document: Mapping[str, Any]) -> str:
    """Return the OAuth error code in *document*; empty where there is none, or it is no text.

    Source: RFC 6749 section 5.2.
    """
    value = document.get("error")
    return value if isinstance(value, str) else ""


def display_name(value: object) -> str | None:
    """Return what a provider calls a player, fit to be shown: one line, not too long; None when nothing is left."""
    if not isinstance(value, str):
        return None
    return " ".join(_CONTROL.sub("", value).split())[:MAX_NAME].strip() or None
