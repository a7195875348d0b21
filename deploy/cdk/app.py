# ruff: noqa: INP001 - a script beside its package
"""Render the templates: `make synth`. The one program of Muster that needs Node.

Usage: `python app.py [FOLDER] [-c disposable]`. FOLDER defaults to `deploy/templates`.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# The routing table imports nothing but the standard library, so this environment needs no copy of the events library.
sys.path[:0] = [str(_HERE), str(_HERE.parents[1] / "shared" / "events" / "src")]

import aws_cdk as cdk  # noqa: E402 - the path is set first
from stacks.services import declare  # noqa: E402 - the same


def render(folder: Path, *, disposable: bool) -> list[Path]:
    """Write every template into *folder*, keys sorted, and return the files."""
    with tempfile.TemporaryDirectory() as assembly:
        app = cdk.App(outdir=assembly, analytics_reporting=False)
        stacks = declare(app, disposable=disposable)
        app.synth()
        written = []
        for stack in stacks:
            template = json.loads((Path(assembly) / stack.template_file).read_text(encoding="utf-8"))
            path = folder / stack.template_file
            path.write_text(json.dumps(template, indent=2, sort_keys=True) + "\n", encoding="utf-8")
            written.append(path)
    return written


def main() -> None:
    """Read the arguments and render."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=_HERE.parent / "templates")
    parser.add_argument(
        "-c",
        "--context",
        choices=["disposable"],
        help="disposable: nothing outlives its stack, for stages that hold nothing of worth",
    )
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path in render(arguments.folder, disposable=arguments.context == "disposable"):
        sys.stdout.write(f"wrote {path.name}\n")


if __name__ == "__main__":
    main()
