"""Keyed tables of frozen values with secondary indexes and an undo journal.

A request or a matchmaker pass reads and writes these tables directly, sees its own writes, and is undone as a whole
when it fails. The journal of a finished change is the list of rows it touched: what a persistent store would write.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

V = TypeVar("V")


class _Restorable(Protocol):
    """What the journal needs from a table."""

    def get(self, key: str) -> Any:  # noqa: ANN401 - a journal spans tables of different values
        """Return what stands under *key* now, or None."""

    def restore(self, key: str, before: Any) -> None:  # noqa: ANN401 - a journal spans tables of different values
        """Put back *before* under *key*, or remove the key when *before* is None."""


@dataclass(slots=True)
class Journal:
    """The rows touched since `start`, with what stood there before."""

    entries: list[tuple[_Restorable, str, Any]] = field(default_factory=list)

    def start(self) -> None:
        """Forget what was recorded: a new change begins."""
        self.entries.clear()

    def undo(self) -> None:
        """Put every touched row back as it stood at `start`, newest write first."""
        for table, key, before in reversed(self.entries):
            table.restore(key, before)
        self.entries.clear()


class Table(Generic[V]):
    """Frozen values by key, in order of first insertion."""

    def __init__(self, journal: Journal, **indexes: Callable[[V], Iterable[Hashable]]) -> None:
        """Build an empty table.

        Args:
            journal: where writes are recorded, shared by all tables of one world.
            **indexes: name -> function giving the index keys of a value; none means "not in this index".
        """
        self._journal = journal
        self._rows: dict[str, V] = {}
        self._of = indexes
        self._found: dict[str, dict[Hashable, dict[str, None]]] = {name: {} for name in indexes}
        self._keys: dict[str, list[tuple[Hashable, ...]]] = {}
        self._followers: list[dict[str, None]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: str) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[V]:
        return iter(tuple(self._rows.values()))

    def __getitem__(self, key: str) -> V:
        return self._rows[key]

    def get(self, key: str) -> V | None:
        """Return the value under *key*, or None."""
        return self._rows.get(key)

    def put(self, key: str, value: V) -> V:
        """Store *value* under *key*, keep the indexes right, and return it."""
        self._journal.entries.append((self, key, self._rows.get(key)))
        self._write(key, value)
        return value

    def remove(self, key: str) -> None:
        """Forget *key*; an absent key is fine."""
        if key in self._rows:
            self._journal.entries.append((self, key, self._rows[key]))
            self._write(key, None)

    def clear(self) -> None:
        """Forget all rows."""
        for key in tuple(self._rows):
            self.remove(key)

    def find(self, index: str, at: Hashable) -> tuple[V, ...]:
        """Return the values whose *index* keys contain *at*, oldest entry first."""
        return tuple(self._rows[key] for key in self._found[index].get(at, ()))

    def count(self, index: str, at: Hashable) -> int:
        """Return how many values `find` would return."""
        return len(self._found[index].get(at, ()))

    def first(self, index: str, at: Hashable) -> V | None:
        """Return the oldest entry that `find` would return, or None."""
        key = next(iter(self._found[index].get(at, ())), None)
        return None if key is None else self._rows[key]

    def groups(self, index: str) -> tuple[Hashable, ...]:
        """Return the keys of *index* that hold at least one value."""
        return tuple(self._found[index])

    def follow(self) -> dict[str, None]:
        """Return a mapping that gets the key of every write from now on, undone ones included, in order.

        For what is derived from this table: whoever follows brings itself up to date and clears the mapping.
        """
        written = dict.fromkeys(self._rows)
        self._followers.append(written)
        return written

    def restore(self, key: str, before: V | None) -> None:
        """Put back *before* without recording it; part of `Journal.undo`."""
        self._write(key, before)

    def fill(self, rows: Iterable[tuple[str, V]], **orders: Iterable[str]) -> None:
        """Put remembered rows into this empty table, without recording them.

        Args:
            rows: key and value, in order of first insertion.
            **orders: index -> the keys in the order in which they came under it, where that is another one.
        """
        self._rows.update(rows)
        self._keys = {key: [tuple(keys_of(row)) for keys_of in self._of.values()] for key, row in self._rows.items()}
        for written in self._followers:
            written.update(dict.fromkeys(self._rows))
        for name, keys_of in self._of.items():
            found = self._found[name]
            for key in orders.get(name, self._rows):
                for at in keys_of(self._rows[key]):
                    found.setdefault(at, {})[key] = None

    def _write(self, key: str, value: V | None) -> None:
        for written in self._followers:
            written[key] = None
        before = self._keys.get(key)
        if value is None:
            after = None
            self._rows.pop(key, None)
            self._keys.pop(key, None)
        else:
            after = self._keys[key] = [tuple(keys_of(value)) for keys_of in self._of.values()]
            self._rows[key] = value
        for place, found in enumerate(self._found.values()):
            was = before[place] if before else ()
            now = after[place] if after else ()
            if was != now:
                _move(found, key, was, now)


def _move(
    found: dict[Hashable, dict[str, None]], key: str, was: tuple[Hashable, ...], now: tuple[Hashable, ...]
) -> None:
    """Take *key* out of the index places it stood in, and put it into those where it belongs now."""
    for at in was:
        if at not in now and (keys := found.get(at)) is not None:
            keys.pop(key, None)
            if not keys:
                del found[at]
    for at in now:
        if at not in was:
            found.setdefault(at, {})[key] = None
