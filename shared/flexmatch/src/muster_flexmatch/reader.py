"""Reads the elements of a rule set one by one and collects what is wrong, so that all of it can be told at once."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar

_C = TypeVar("_C", bound=str)
Requirement = Literal["required", "optional"]


class WrongValue(ValueError):
    """A single value cannot be used; the message says why, without saying where."""


def as_number(value: object, low: float = 0.0) -> float:
    """Return a number of at least *low*; AWS's pages also write numbers in quotes.

    Raises:
        WrongValue: it is none, or not finite, or too low.
    """
    number: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    elif isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = None
    if number is None or not math.isfinite(number):
        raise WrongValue(f"must be a number, got {shown(value)}")
    if number < low:
        raise WrongValue(f"must be at least {low:g}, got {shown(value)}")
    return number


def as_integer(value: object, low: int = 0) -> int:
    """Return a whole number of at least *low*.

    Raises:
        WrongValue: it is none, or too low.
    """
    number = as_number(value, low)
    if not number.is_integer():
        raise WrongValue(f"must be a whole number, got {shown(value)}")
    return int(number)


def as_text(value: object) -> str:
    """Return a string that is not blank.

    Raises:
        WrongValue: it is none.
    """
    if not isinstance(value, str) or not value.strip():
        raise WrongValue(f"must be a text that is not empty, got {shown(value)}")
    return value


def as_choice(value: object, choices: Sequence[_C]) -> _C:
    """Return the one of *choices* that the value is.

    Raises:
        WrongValue: it is none of them.
    """
    for choice in choices:
        if value == choice:
            return choice
    raise WrongValue(f"must be one of {', '.join(choices)}; got {shown(value)}")


def shown(value: object) -> str:
    """Return a value as it stands in a message, cut short when it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Reader:
    """One JSON object, with its place in the document."""

    def __init__(self, where: str, fields: Mapping[str, Any], problems: list[str], warnings: list[str]) -> None:
        """Build a reader.

        Args:
            where: place of the object; empty for the document itself.
            fields: the object.
            problems: takes what is wrong.
            warnings: takes what is ignored.
        """
        self.where = where
        self._fields = fields
        self._problems = problems
        self._warnings = warnings
        self._known: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether the object has *key* with a value other than null."""
        self._known.add(key)
        return self._fields.get(key) is not None

    def raw(self, key: str) -> object:
        """Return the value as it stands in the document; None when it is absent."""
        self._known.add(key)
        return self._fields.get(key)

    def problem(self, key: str, text: str) -> None:
        """Note that something is wrong with *key*, or with the object itself when it is empty."""
        place = ".".join(part for part in (self.where, key) if part)
        self._problems.append(f"{place}: {text}")

    def warn(self, key: str, text: str) -> None:
        """Note that something about *key* is doubtful or ignored."""
        place = ".".join(part for part in (self.where, key) if part)
        self._warnings.append(f"{place}: {text}")

    def number(self, key: str, need: Requirement = "optional") -> float | None:
        """Return a number of 0 or more, or None when it is absent or wrong."""
        if not self._present(key, need):
            return None
        try:
            return as_number(self._fields[key])
        except WrongValue as error:
            self.problem(key, str(error))
            return None

    def integer(self, key: str, need: Requirement = "optional", *, low: int = 0) -> int | None:
        """Return a whole number of at least *low*, or None when it is absent or wrong."""
        if not self._present(key, need):
            return None
        try:
            return as_integer(self._fields[key], low)
        except WrongValue as error:
            self.problem(key, str(error))
            return None

    def text(self, key: str, need: Requirement = "optional") -> str | None:
        """Return a text that is not blank, or None when it is absent or wrong."""
        if not self._present(key, need):
            return None
        try:
            return as_text(self._fields[key])
        except WrongValue as error:
            self.problem(key, str(error))
            return None

    def choice(self, key: str, choices: Sequence[_C], *, default: _C | None = None) -> _C | None:
        """Return one of *choices*, or None when it is wrong; without a default it is required."""
        if not self._present(key, "optional" if default is not None else "required"):
            return default
        try:
            return as_choice(self._fields[key], choices)
        except WrongValue as error:
            self.problem(key, str(error))
            return None

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; a single text counts as a list of one."""
        value = self.raw(key)
        entries = value if isinstance(value, list) else [] if value is None else [value]
        try:
            return tuple(as_text(each) for each in entries)
        except WrongValue as error:
            self.problem(key, str(error))
            return ()

    def object(self, key: str) -> "Reader":
        """Return a reader of the object under *key*; an empty one when it is absent or wrong."""
        value = self.raw(key)
        if value is not None and not isinstance(value, dict):
            self.problem(key, f"must be an object, got {shown(value)}")
        fields = value if isinstance(value, dict) else {}
        return Reader(".".join(filter(None, (self.where, key))), fields, self._problems, self._warnings)

    def objects(self, key: str) -> Iterator["Reader"]:
        """Yield a reader for each object of a list, placed by its name where it has one, else by its number."""
        value = self.raw(key)
        if value is not None and not isinstance(value, list):
            self.problem(key, f"must be a list, got {shown(value)}")
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            if not isinstance(entry, dict):
                self.problem(f"{key}[{index}]", f"must be an object, got {shown(entry)}")
                continue
            name = entry.get("name")
            label = name if isinstance(name, str) and name.strip() else index
            yield Reader(f"{key}[{label}]", entry, self._problems, self._warnings)

    def close(self) -> None:
        """Warn of every key that nobody asked for."""
        for key in self._fields:
            if key not in self._known:
                self.warn(key, "is not known and was ignored")

    def _present(self, key: str, need: Requirement) -> bool:
        if self.has(key):
            return True
        if need == "required":
            self.problem(key, "is missing")
        return False
