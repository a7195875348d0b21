"""Files in, files out."""

import json
import sys
from pathlib import Path
from typing import Any

from muster_flexmatch.parse import parse_rule_set
from muster_flexmatch.rules import RuleSet


class Unusable(Exception):
    """A file or argument cannot be used; the message says what to do."""


def text(name: str) -> str:
    """Return the text of a file; of the standard input for `-`.

    Raises:
        Unusable: it cannot be read.
    """
    if name == "-":
        return sys.stdin.read()
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{name}: is not UTF-8 text") from error


def rule_set(name: str) -> RuleSet:
    """Return the rule set in a file.

    Raises:
        Unusable: it cannot be read.
        RuleSetInvalid: it is no rule set.
    """
    return parse_rule_set(text(name))


def document(name: str) -> Any:  # noqa: ANN401 - JSON or YAML
    """Return what a JSON or YAML file holds.

    Raises:
        Unusable: it cannot be read, or is neither.
    """
    content = text(name)
    if name.endswith((".yaml", ".yml")):
        try:
            import yaml  # noqa: PLC0415 - an extra: who writes JSON does not need it
        except ImportError as error:
            raise Unusable(f"{name}: YAML needs `pip install muster-flexmatch[yaml]`, or write JSON") from error
        try:
            return yaml.safe_load(content)
        except yaml.YAMLError as error:
            raise Unusable(f"{name}: is not YAML: {error}") from error
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise Unusable(f"{name}: is not JSON (line {error.lineno}, column {error.colno}): {error.msg}") from error


def write(name: str, content: str) -> None:
    """Write a file; `-` is the standard output.

    Raises:
        Unusable: it cannot be written.
    """
    if name == "-":
        sys.stdout.write(content)
        return
    try:
        Path(name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{name}: {error.strerror or error}") from error
