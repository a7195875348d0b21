"""Codes and opaque tokens that a pretend provider has given out."""

from collections import OrderedDict
from typing import Final, Generic, TypeVar

from muster_runtime.ids import Ids

T = TypeVar("T")

KEPT: Final = 10_000
"""The oldest go first."""


class Vouchers(Generic[T]):
    """Unguessable texts, each standing for something."""

    def __init__(self, ids: Ids) -> None:
        """Build it empty."""
        self._ids = ids
        self._given: OrderedDict[str, T] = OrderedDict()

    def give(self, meaning: T, *, prefix: str = "") -> str:
        """Return a new text that stands for *meaning*."""
        return self.give_as(prefix + self._ids.secret(), meaning)

    def give_as(self, text: str, meaning: T) -> str:
        """Let *text* stand for *meaning*; return it."""
        self._given[text] = meaning
        if len(self._given) > KEPT:
            self._given.popitem(last=False)
        return text

    def look(self, text: str) -> T | None:
        """Return what *text* stands for; None when it was never given, or is used up."""
        return self._given.get(text)

    def redeem(self, text: str) -> T | None:
        """Return what *text* stands for, and use it up."""
        return self._given.pop(text, None)

    def standing_for(self, meaning: T) -> list[str]:
        """Return the texts that stand for *meaning*, oldest first."""
        return [text for text, given in self._given.items() if given == meaning]
