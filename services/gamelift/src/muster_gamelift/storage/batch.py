"""What one transaction writes: the changes that came while the one before was being written."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from muster_gamelift.state.world import Notice, World
from muster_gamelift.storage.rows import COUNTERS, tables_of

RowKey = tuple[str, str, str]
"""Region, table and key of a row."""


@dataclass(frozen=True, slots=True)
class RowWrite:
    """What becomes of one row.

    Attributes:
        value: what stands there now; None when it was removed.
        is_new: whether the row moved to the end of its table, which is where new rows begin.
        turn: which of all writes of its batch was the last to this row; from 1.
    """

    value: Any
    is_new: bool
    turn: int


@dataclass(slots=True)
class Batch:
    """Changes of all regions to be written together, in their order.

    Attributes:
        rows: the last state of each touched row; new ones in the order in which they came.
        turns: how many writes made them so.
        counters: region -> counter -> value.
        notices: region and notice, to be published once written.
        published: ids of notices that need not be remembered any more.
        effects: what tells the outside, called in order once written.
        done: resolved when written; failed when it cannot be.
    """

    done: asyncio.Future[None]
    rows: dict[RowKey, RowWrite] = field(default_factory=dict)
    turns: int = 0
    counters: dict[str, dict[str, int]] = field(default_factory=dict)
    notices: list[tuple[str, Notice]] = field(default_factory=list)
    published: list[str] = field(default_factory=list)
    effects: list[Callable[[], None]] = field(default_factory=list)

    @property
    def has_changes(self) -> bool:
        """Whether somebody waits for this batch."""
        return bool(self.rows or self.notices)

    def add(self, world: World, notices: Sequence[Notice], then: Callable[[], None]) -> None:
        """Add what the journal of *world* lists, the *notices* of the change, and what follows it."""
        for key, after in touched(world):
            before = self.rows.pop(key, None) if after.is_new else self.rows.get(key)
            is_new = after.is_new or (before is not None and before.is_new)
            self.rows[key] = RowWrite(after.value, is_new=is_new, turn=self.turns + after.turn)
        self.turns += len(world.journal.entries)
        self.counters[world.region] = {name: getattr(world, name) for name in COUNTERS}
        self.notices.extend((world.region, notice) for notice in notices)
        self.effects.append(then)


_NAMES: Final[WeakKeyDictionary[World, dict[int, str]]] = WeakKeyDictionary()
"""Names of a world's tables by identity: asked for at every change."""


def touched(world: World) -> Iterable[tuple[RowKey, RowWrite]]:
    """Return each row that the change of *world* touched, with its turn among the writes of the change."""
    if (names := _NAMES.get(world)) is None:
        names = _NAMES[world] = {id(table): name for name, table in tables_of(world).items()}
    rows: dict[RowKey, RowWrite] = {}
    for turn, (table, key, before) in enumerate(world.journal.entries, start=1):
        at = (world.region, names[id(table)], key)
        is_new = before is None
        known = rows.pop(at, None) if is_new else rows.get(at)
        rows[at] = RowWrite(table.get(key), is_new=is_new or (known is not None and known.is_new), turn=turn)
    return rows.items()
