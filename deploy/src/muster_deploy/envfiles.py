"""Env files: written so that a shell and dotenv readers take them, and read back."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

_QUOTE = "'\\''"
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")


def dotenv(variables: Mapping[str, str]) -> str:
    """Render *variables* so that both a shell (`set -a; . FILE`) and dotenv readers take them."""
    lines = []
    for name, value in sorted(variables.items()):
        plain = _PLAIN.fullmatch(value) is not None
        lines.append(f"{name}={value}" if plain else f"{name}='{value.replace(chr(39), _QUOTE)}'")
    return "\n".join(lines) + "\n"


def write_files(folder: Path, files: Mapping[str, Mapping[str, str]]) -> list[Path]:
    """Write one `NAME.env` each, readable by their owner alone because they hold secrets.

    Args:
        folder: made when missing; files of an earlier start that are not written again are removed.
        files: variables by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.env"):
        if stale.stem not in files:
            stale.unlink()
    written = []
    for name, variables in files.items():
        path = folder / f"{name}.env"
        # Written beside and moved, so that nobody reads half a file.
        draft = path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(dotenv(variables))
        draft.replace(path)
        written.append(path)
    return written


def read_dotenv(text: str) -> dict[str, str]:
    """Return the variables of an env file that `dotenv` rendered."""
    variables = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator:
            variables[name] = "".join(shlex.split(value))
    return variables
