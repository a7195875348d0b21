"""The words of the command line."""

import argparse
from typing import Final

from muster_flexmatch.lint import CODES

_DESCRIPTION: Final = "Validate, lint, explain and simulate FlexMatch rule sets: on this machine, without AWS."
_EXAMPLES: Final = """examples:
  flexmatch lint rules.json --request-timeout 120
  flexmatch explain rules.json tickets.json ticket-17 --now 42
  flexmatch simulate rules.json evening.yaml --html report.html
  flexmatch compare old.json new.json --population evening.yaml --html report.html

exit codes: 0 all is well, 1 problems were found, 2 the command could not be carried out"""


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    top = argparse.ArgumentParser("flexmatch", description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=_Raw)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _validate(commands)
    _lint(commands)
    _format(commands)
    _explain(commands)
    _simulate(commands)
    _compare(commands)
    _schema(commands)
    return top


_Raw = argparse.RawDescriptionHelpFormatter
_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for it


def _command(
    commands: "_Commands[argparse.ArgumentParser]", name: str, says: str, examples: str
) -> argparse.ArgumentParser:
    return commands.add_parser(
        name, help=says, description=f"{says}.", epilog=f"examples:\n{examples}", formatter_class=_Raw
    )


def _validate(commands: "_Commands[argparse.ArgumentParser]") -> None:
    made = _command(
        commands,
        "validate",
        "Check rule sets as GameLift would",
        "  flexmatch validate rules.json\n  cat rules.json | flexmatch validate - --json",
    )
    made.add_argument("files", nargs="+", metavar="FILE", help="rule set; - for the standard input")
    made.add_argument("--json", action="store_true", help="write JSON")


def _lint(commands: "_Commands[argparse.ArgumentParser]") -> None:
    made = _command(
        commands,
        "lint",
        "Find what is legal and will disappoint",
        "  flexmatch lint rules.json\n  flexmatch lint rules.json --request-timeout 120 --ignore uneven-teams --strict",
    )
    made.add_argument("files", nargs="+", metavar="FILE", help="rule set; - for the standard input")
    made.add_argument("--request-timeout", type=float, default=43_200.0, metavar="S", help="RequestTimeoutSeconds")
    made.add_argument("--largest-party", type=int, default=1, metavar="N", help="most players on one ticket")
    made.add_argument("--ignore", action="append", default=[], choices=CODES, metavar="CODE", help="silence a code")
    made.add_argument("--strict", action="store_true", help="advice is a problem too")
    made.add_argument("--json", action="store_true", help="write JSON")


def _format(commands: "_Commands[argparse.ArgumentParser]") -> None:
    made = _command(
        commands,
        "format",
        "Lay rule sets out anew; comments stay",
        "  flexmatch format rules.json\n  flexmatch format --write *.json\n  flexmatch format --check rules.json",
    )
    made.add_argument("files", nargs="+", metavar="FILE", help="rule set; - for the standard input")
    how = made.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="write the files")
    how.add_argument("--check", action="store_true", help="only tell which files would change (exit code 1)")


def _explain(commands: "_Commands[argparse.ArgumentParser]") -> None:
    made = _command(
        commands,
        "explain",
        "Tell why tickets wait",
        "  flexmatch explain rules.json tickets.json ticket-17 --now 42\n"
        "  flexmatch explain rules.json tickets.json --json",
    )
    made.add_argument("rules", metavar="RULES", help="rule set")
    made.add_argument("tickets", metavar="TICKETS", help="tickets as JSON or YAML")
    made.add_argument("ticket_id", nargs="*", metavar="TICKET", help="tickets to explain; all of them by default")
    made.add_argument("--now", type=float, metavar="S", help="present time on the tickets' clock; the newest start")
    made.add_argument("--seed", type=int, default=0, help="decides what is left to chance")
    made.add_argument("--json", action="store_true", help="write JSON")


def _outputs(made: argparse.ArgumentParser) -> None:
    made.add_argument("--seed", type=int, default=0, help="decides what is left to chance")
    made.add_argument("--tick", type=float, default=1.0, metavar="S", help="seconds between looks at the pool")
    made.add_argument("--players", type=int, metavar="N", help="so many players arrive, whatever the file says")
    made.add_argument("--why", type=int, default=8, metavar="N", help="explain so many of those who left")
    made.add_argument("--html", metavar="FILE", help="write the report")
    made.add_argument("--json", metavar="FILE", help="write all numbers as JSON")
    made.add_argument("--csv", metavar="FILE", help="write all numbers as a long table")
    made.add_argument("--quiet", action="store_true", help="no progress")


def _simulate(commands: "_Commands[argparse.ArgumentParser]") -> None:
    made = _command(
        commands,
        "simulate",
        "Let a population play by a rule set, in virtual time",
        "  flexmatch simulate rules.json evening.yaml --html report.html\n"
        "  flexmatch simulate rules.json recorded-tickets.json --json numbers.json",
    )
    made.add_argument("rules", metavar="RULES", help="rule set")
    made.add_argument("population", metavar="POPULATION", help="population, or recorded tickets: YAML or JSON")
    _outputs(made)


def _compare(commands: "_Commands[argparse.ArgumentParser]") -> None:
    made = _command(
        commands,
        "compare",
        "Let the same population play by several rule sets",
        "  flexmatch compare old.json new.json --population evening.yaml --html report.html",
    )
    made.add_argument("rules", nargs="+", metavar="RULES", help="rule sets")
    made.add_argument("--population", required=True, metavar="FILE", help="population, or recorded tickets")
    _outputs(made)


def _schema(commands: "_Commands[argparse.ArgumentParser]") -> None:
    made = _command(
        commands,
        "schema",
        "Write the JSON Schema of rule sets, for editors",
        "  flexmatch schema > flexmatch.schema.json",
    )
    made.add_argument("--out", default="-", metavar="FILE", help="where to; the standard output by default")
