"""`python -m muster_events`: generate, check, compare and release the contract. Run it in the repository's root."""

import argparse
import sys
from pathlib import Path

from muster_events import baseline as baselines
from muster_events import repository
from muster_events.contracts import all_contracts


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: command line without the program's name; the process's own when None.

    Returns:
        0 when all is well, 1 when something was found, which is then said on standard error.
    """
    options = _parser().parse_args(arguments)
    root: Path = options.root
    try:
        match options.command:
            case "generate":
                found = _generate(root)
            case "check":
                found = _check(root)
            case "compatible":
                found = _compatible(options.against)
            case _:
                found = _release(root, tuple(options.withdraw))
    except (repository.Incomplete, ValueError, FileNotFoundError) as error:
        found = str(error).splitlines()
    for line in found:
        sys.stderr.write(f"{line}\n")
    return 1 if found else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m muster_events", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="the repository (default: this folder)")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("generate", help="write schemas, docs/asyncapi.yaml and docs/catalogue.md")
    commands.add_parser("check", help="fail when a file is not current or a released contract is broken")
    compatible = commands.add_parser("compatible", help="compare the models with a folder of schemas")
    compatible.add_argument("--against", type=Path, required=True, help="folder with TYPE/vN.schema.json")
    release = commands.add_parser("release", help="record today's contracts as released; refuses breaking changes")
    release.add_argument(
        "--withdraw", action="append", default=[], metavar="TYPE/N", help="a version that is published no more"
    )
    return parser


def _generate(root: Path) -> list[str]:
    for path in repository.write(root, repository.generated(root, all_contracts())):
        sys.stdout.write(f"wrote {path}\n")
    return []


def _check(root: Path) -> list[str]:
    contracts = all_contracts()
    # Judged first and on its own: a broken contract must show even where examples or pages are missing.
    released = baselines.read((root / repository.BASELINE).read_text(encoding="utf-8"))
    found = [f"breaking change: {each}" for each in baselines.breaches(released, contracts)]
    on_main = baselines.read_main(root, repository.BASELINE)
    if on_main is not None:
        more = baselines.breaches(on_main, contracts, withdrawn=released.withdrawn)
        found += [line for each in more if (line := f"breaking change: {each}") not in found]
    if found:
        return [*found, "Add the next version beside it instead; see shared/events/README.md."]
    found += [
        f"{name}: not released as it is; run `python -m muster_events release`"
        for name in baselines.unreleased(released, contracts)
    ]
    found += repository.stale(root, repository.generated(root, contracts))
    return found + repository.bad_examples(root, contracts)


def _compatible(folder: Path) -> list[str]:
    return baselines.breaches(baselines.read_folder(folder), all_contracts())


def _release(root: Path, withdraw: tuple[str, ...]) -> list[str]:
    path = root / repository.BASELINE
    before = baselines.read(path.read_text(encoding="utf-8")) if path.exists() else baselines.Baseline()
    after = baselines.release(before, all_contracts(), withdraw=withdraw)
    path.write_text(baselines.write(after), encoding="utf-8")
    sys.stdout.write(f"{len(after.released)} contracts released, {len(after.withdrawn)} withdrawn\n")
    return []


if __name__ == "__main__":
    sys.exit(main())
