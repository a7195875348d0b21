"""The command line `flexmatch`: the only part of the library that reads and writes files.

Exit codes: 0 all is well, 1 problems were found, 2 the command could not be carried out as written.
"""

import sys
from collections.abc import Sequence

from muster_flexmatch.cli.commands import COMMANDS
from muster_flexmatch.cli.files import Unusable
from muster_flexmatch.cli.options import parser
from muster_flexmatch.errors import AttributeInvalid, RuleSetInvalid
from muster_flexmatch.simulate import PopulationInvalid
from muster_flexmatch.tickets import TicketsInvalid

__all__ = ["main"]

FOUND, USAGE = 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: its words without the program's name; None for those of the process.

    Returns:
        The exit code: 0, 1 for problems found, 2 for a command that cannot be carried out.
    """
    try:
        given = parser().parse_args(argv)
    except SystemExit as stop:  # argparse has said what is wrong, or printed the help
        return int(stop.code or 0)
    code, said = FOUND, ""
    try:
        return COMMANDS[given.command](given)
    except RuleSetInvalid as error:
        said = "\n  ".join(("the rule set is not valid", *error.problems))
    except PopulationInvalid as error:
        said = "\n  ".join(("the population is not valid", *error.problems))
    except (TicketsInvalid, AttributeInvalid) as error:
        said = str(error)
    except Unusable as error:
        code, said = USAGE, str(error)
    except KeyboardInterrupt:
        code, said = USAGE, "stopped"
    sys.stderr.write(f"{given.command}: {said}\n")
    return code
