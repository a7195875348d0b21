"""Run the AWS CLI many times in one process: a line in is its arguments, a line out its exit code and what it printed.

Starting the command costs over half a second, nearly all of it for importing; this pays once. What runs is the entry
point of the installed command, with the botocore that the CLI brings along, in a process that has nothing of Muster.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from awscli.clidriver import create_clidriver


def run(driver: Any, arguments: list[str]) -> tuple[int, str, str]:
    """Return exit code, output and complaints of `aws` with these arguments."""
    printed, complaints = io.StringIO(), io.StringIO()
    with redirect_stdout(printed), redirect_stderr(complaints):
        try:
            code = driver.main(arguments)
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 1
    return code, printed.getvalue(), complaints.getvalue()


def main() -> None:
    """Answer line by line until the input ends."""
    driver = create_clidriver()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(driver, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
