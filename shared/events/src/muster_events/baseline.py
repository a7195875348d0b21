"""What was promised: the released schemas, and the judgement of today's models against them.

`baseline.json` is written by `python -m muster_events release` alone, which refuses breaking changes. So a breaking
change to a model fails `check` whether or not the schemas were generated again.
"""

import json
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from muster_events.compatibility import compare
from muster_events.contracts import Contract, Schema
from muster_events.routing import listeners_to

GIT_TIMEOUT_S: Final = 10.0
MAIN_REFS: Final = ("origin/main", "main")
"""Where the released state of the main branch is looked for, in this order."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The released schemas.

    Attributes:
        released: schema by contract name, such as `ticket.matched/1`.
        withdrawn: names that were released once and are published no more.
    """

    released: Mapping[str, Schema] = field(default_factory=dict)
    withdrawn: tuple[str, ...] = ()


def read(text: str) -> Baseline:
    """Return the baseline that *text*, the content of `baseline.json`, holds.

    Raises:
        ValueError: it is not JSON, or has no released schemas.
    """
    document: Any = json.loads(text)
    released = document.get("released") if isinstance(document, dict) else None
    if not isinstance(released, dict):
        raise ValueError("baseline.json holds no released schemas; restore it from git")  # noqa: TRY004 - content
    return Baseline(released=released, withdrawn=tuple(document.get("withdrawn", ())))


def write(baseline: Baseline) -> str:
    """Return the content of `baseline.json` for *baseline*."""
    document = {
        "about": "Written by `python -m muster_events release` only; see the README beside it.",
        "released": dict(sorted(baseline.released.items())),
        "withdrawn": sorted(baseline.withdrawn),
    }
    return json.dumps(document, indent=1) + "\n"


def read_folder(folder: Path) -> Baseline:
    """Return the baseline that a folder of schemas makes, laid out as `TYPE/vN.schema.json`.

    Raises:
        ValueError: a schema is not JSON, or the folder has none.
    """
    released = {
        f"{path.parent.name}/{path.name.removeprefix('v').removesuffix('.schema.json')}": json.loads(
            path.read_text(encoding="utf-8")
        )
        for path in sorted(folder.glob("*/v*.schema.json"))
    }
    if not released:
        raise ValueError(f"{folder} holds no schemas")
    return Baseline(released=released)


def read_main(root: Path, relative: str) -> Baseline | None:
    """Return the baseline of git's main branch, or None where there is no git, no main or no baseline in it.

    Args:
        root: a folder inside the work tree.
        relative: path of `baseline.json` from *root*, with forward slashes.
    """
    for ref in MAIN_REFS:
        try:
            shown = subprocess.run(  # noqa: S603 - fixed words and our own path
                ["git", "-C", str(root), "show", f"{ref}:./{relative}"],  # noqa: S607 - git is found by PATH
                capture_output=True,
                check=False,
                timeout=GIT_TIMEOUT_S,
                text=True,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        if shown.returncode == 0:
            return read(shown.stdout)
    return None


def breaches(baseline: Baseline, contracts: Iterable[Contract], *, withdrawn: Iterable[str] = ()) -> list[str]:
    """Return what today's contracts break of what was released, one sentence each, naming who listens.

    Args:
        baseline: what was released.
        contracts: what the models say today.
        withdrawn: names that may be missing today.
    """
    current = {each.name: each for each in contracts}
    excused = {*baseline.withdrawn, *withdrawn}
    found: list[str] = []
    for name, schema in sorted(baseline.released.items()):
        contract = current.get(name)
        if contract is None:
            if name not in excused:
                found.append(f"{name}: released, and gone from the registry{_heard(name)}")
            continue
        found += [f"{name}: {each.sentence}{_heard(name)}" for each in compare(schema, contract.schema)]
    return found


def unreleased(baseline: Baseline, contracts: Iterable[Contract]) -> list[str]:
    """Return the names of contracts whose schema is not, to the letter, the released one."""
    return [each.name for each in contracts if baseline.released.get(each.name) != each.schema]


def release(baseline: Baseline, contracts: Iterable[Contract], *, withdraw: Iterable[str] = ()) -> Baseline:
    """Return the baseline after releasing today's contracts.

    Args:
        baseline: what was released before.
        contracts: what the models say today.
        withdraw: names that are published no more.

    Raises:
        ValueError: today's contracts break what was released; each line of the message is one breach.
    """
    contracts, withdraw = tuple(contracts), tuple(withdraw)
    found = breaches(baseline, contracts, withdrawn=withdraw)
    if found:
        raise ValueError("\n".join(found))
    released = {each.name: dict(each.schema) for each in contracts}
    gone = {*baseline.withdrawn, *withdraw, *baseline.released} - set(released)
    return Baseline(released=released, withdrawn=tuple(sorted(gone)))


def _heard(name: str) -> str:
    listeners = ", ".join(each.consumer for each in listeners_to(name.partition("/")[0]))
    return f" (heard by {listeners})" if listeners else ""
