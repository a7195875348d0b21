"""The SQLite file: its layout, reading it at the start, writing a batch in one transaction.

    meta(name, value)                               layout version, account, who wrote it
    rows(n, region, kind, key, value, written)      one row of a world each; n orders by insertion, written by change
    counters(region, name, value)
    notices(n, id, region, target_arn, envelope)    the outbox: notices that nobody is known to have received

Everything here blocks, and is called from one thread at a time.
"""

import json
import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from muster_gamelift.state.world import Notice, World
from muster_gamelift.storage.batch import Batch
from muster_gamelift.storage.rows import COUNTERS, UnreadableRow, from_text, tables_of, to_text, value_type

LAYOUT: Final = 1
"""Version of the tables and of the documents in them; raised when an older program could not read a file any more."""
BUSY_S: Final = 2.0
"""How long to wait for a file that another process holds: one that is just ending."""

_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE rows (
    n INTEGER PRIMARY KEY, region TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    written INTEGER NOT NULL, UNIQUE (region, kind, key)
) STRICT;
CREATE TABLE counters (
    region TEXT NOT NULL, name TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (region, name)
) STRICT;
CREATE TABLE notices (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, region TEXT NOT NULL, target_arn TEXT NOT NULL,
    envelope TEXT NOT NULL
) STRICT;
"""


class StoreRefused(Exception):
    """The file cannot be used as it is; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a file held.

    Attributes:
        worlds: by region, with indexes built.
        notices: not known to be published, oldest first.
    """

    worlds: dict[str, World]
    notices: tuple[Notice, ...]


class Database:
    """One open file; this process alone may use it."""

    def __init__(self, path: Path, account: str) -> None:
        """Open *path*, or make it.

        Args:
            path: of the file; its folder must exist. Readable by its owner only: it holds player session ids.
            account: twelve digits; a file belongs to one account.

        Raises:
            StoreRefused: it is no such file, or of a newer version, another account, or in use.
        """
        self._path = path
        self._account = account
        self._connection = self._opened()
        try:
            self._check()
            found = self._connection.execute("SELECT coalesce(max(written), 0) FROM rows").fetchone()
        except BaseException:
            self._connection.close()
            raise
        self._written = int(found[0])

    def close(self) -> None:
        """Close the file; what was written is in it."""
        self._connection.close()

    def read(self) -> Remembered:
        """Return everything the file holds.

        Raises:
            StoreRefused: a row does not fit this version.
        """
        rows = self._connection.execute("SELECT region, kind, key, value, written FROM rows ORDER BY n")
        by_table: dict[tuple[str, str], list[tuple[str, str, int]]] = {}
        for region, kind, key, value, written in rows:
            by_table.setdefault((region, kind), []).append((key, value, written))
        worlds: dict[str, World] = {}
        for (region, kind), found in by_table.items():
            self._fill(worlds.setdefault(region, World(region, self._account)), kind, found)
        for region, name, value in self._connection.execute("SELECT region, name, value FROM counters"):
            if name not in COUNTERS:
                raise self._refused(f"it holds a counter that is not known here: {name}")
            setattr(worlds.setdefault(region, World(region, self._account)), name, value)
        outbox = self._connection.execute("SELECT target_arn, envelope FROM notices ORDER BY n")
        return Remembered(worlds, tuple(Notice(target, json.loads(envelope)) for target, envelope in outbox))

    def write(self, batch: Batch) -> None:
        """Write *batch* as one transaction, and return once it is on the disk.

        Raises:
            sqlite3.Error: it could not be written; nothing of it is.
        """
        run, many = self._connection.execute, self._connection.executemany
        run("BEGIN IMMEDIATE")
        try:
            self._write_rows(batch)
            numbers = ((region, name, value) for region, all_ in batch.counters.items() for name, value in all_.items())
            many("INSERT OR REPLACE INTO counters (region, name, value) VALUES (?, ?, ?)", numbers)
            many(
                "INSERT OR REPLACE INTO notices (id, region, target_arn, envelope) VALUES (?, ?, ?, ?)",
                (
                    (one.envelope["id"], region, one.target_arn, json.dumps(one.envelope))
                    for region, one in batch.notices
                ),
            )
            many("DELETE FROM notices WHERE id = ?", ((one,) for one in batch.published))
            run("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                run("ROLLBACK")
            raise

    def _write_rows(self, batch: Batch) -> None:
        run = self._connection.execute
        for (region, kind, key), row in batch.rows.items():
            written = self._written + row.turn
            if row.value is None:
                run("DELETE FROM rows WHERE region = ? AND kind = ? AND key = ?", (region, kind, key))
            elif row.is_new:
                # Replacing gives a new number: the row stands at the end of its table.
                run(
                    "INSERT OR REPLACE INTO rows (region, kind, key, value, written) VALUES (?, ?, ?, ?, ?)",
                    (region, kind, key, to_text(row.value), written),
                )
            else:
                run(
                    "UPDATE rows SET value = ?, written = ? WHERE region = ? AND kind = ? AND key = ?",
                    (to_text(row.value), written, region, kind, key),
                )
        self._written += batch.turns

    def _fill(self, world: World, kind: str, found: Iterable[tuple[str, str, int]]) -> None:
        table = tables_of(world).get(kind)
        if table is None:
            raise self._refused(f"it holds rows that are not known here: {kind}")
        of = value_type(table)
        rows = list(found)
        # Ended rows are never written again, so that the last write tells the order in which they ended.
        latest = [key for key, _, _ in sorted(rows, key=lambda row: row[2])]
        try:
            table.fill(((key, from_text(of, value)) for key, value, _ in rows), ended=latest)
        except UnreadableRow as error:
            raise self._refused(f"a row of {kind} cannot be read ({error})") from error

    def _opened(self) -> sqlite3.Connection:
        try:
            # Made here, because SQLite would let everybody read it.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        except (OSError, sqlite3.Error) as error:
            raise self._refused(f"it cannot be opened ({error})") from error
        try:
            # Held until the end: two services on one file would undo each other's changes.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            # An answer that was given must survive a power failure as well.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            connection.close()
            busy = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY
            why = "another process uses it" if busy else f"it is no store ({error})"
            raise self._refused(why) from error
        return connection

    def _check(self) -> None:
        try:
            if self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                self._connection.executescript(f"BEGIN; {_TABLES} COMMIT;")
                meta = {"layout": str(LAYOUT), "account": self._account}.items()
                self._connection.executemany("INSERT INTO meta (name, value) VALUES (?, ?)", meta)
            facts = dict(self._connection.execute("SELECT name, value FROM meta"))
        except sqlite3.Error as error:
            raise self._refused(f"it is no store ({error})") from error
        layout = facts.get("layout", "")
        if not layout.isdecimal() or int(layout) > LAYOUT:
            raise self._refused(f"its layout is {layout or 'unknown'}, and this program knows layouts up to {LAYOUT}")
        if facts.get("account") != self._account:
            raise self._refused(f"it belongs to account {facts.get('account')}, and the settings say {self._account}")

    def _refused(self, why: str) -> StoreRefused:
        return StoreRefused(f"The store {self._path} cannot be used: {why}. Give another path, or move the file away.")
