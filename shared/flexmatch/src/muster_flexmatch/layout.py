"""The text of a rule set with its comments: read into a tree, laid out anew. `formatted(body)` is the formatter.

Parsing for meaning (`jsontext`) forgets comments, order of keys and spelling; this keeps them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from muster_flexmatch import jsontext

WIDTH: Final = 110
"""Characters up to which an object or list stays on one line."""
INDENT: Final = "  "
_TOKEN: Final = re.compile(
    r"(?P<space>\s+)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<mark>[{}\[\]:,])"
    r"|(?P<value>\"(?:\\.|[^\"\\])*\"|[^\s{}\[\]:,\"/]+|.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text.

    Attributes:
        kind: `comment`, `mark` for a bracket, comma or colon, or `value`.
        text: as written.
        line: counted from 1.
        fresh: whether it is the first on its line.
    """

    kind: str
    text: str
    line: int
    fresh: bool


@dataclass(slots=True)
class Entry:
    """A member of an object or list, with the comments that belong to it.

    Attributes:
        key: as written, in quotes; empty in lists.
        value: a scalar as written, or a container.
        line: where it begins.
        before: comments on lines of their own.
        after: comments behind it on its last line.
    """

    key: str
    value: "str | Container"
    line: int
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Container:
    """An object or list.

    Attributes:
        brackets: `{}` or `[]`.
        entries: what it holds.
        end: comments before the closing bracket.
        loose_comma: line of a comma with nothing behind it; 0 when there is none.
    """

    brackets: str
    entries: list[Entry] = field(default_factory=list)
    end: list[str] = field(default_factory=list)
    loose_comma: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """A whole text."""

    root: Container
    before: tuple[str, ...]
    after: tuple[str, ...]


def tokens(body: str) -> Iterator[Token]:
    """Yield the pieces of a text, without its spaces."""
    line, fresh = 1, True
    for found in _TOKEN.finditer(body):
        kind, text = found.lastgroup or "value", found[0]
        if kind != "space":
            yield Token(kind, text, line, fresh)
            fresh = False
        if "\n" in text:
            line += text.count("\n")
            fresh = kind == "space"


def read(body: str) -> Document:
    """Return the tree of a rule set's text.

    Raises:
        RuleSetInvalid: it is not a JSON object, even with comments allowed.
    """
    jsontext.load(body)
    return _Reading(list(tokens(body))).document()


def formatted(body: str) -> str:
    """Return the text laid out anew: comments and the order of keys stay, trailing commas go.

    Raises:
        RuleSetInvalid: it is not a JSON object, even with comments allowed.
    """
    document = read(body)
    lines = [*document.before, _laid_out(document.root, 0, broken=True), *document.after]
    return "\n".join(lines) + "\n"


class _Reading:
    """One pass over the tokens of a text that is known to be JSON with comments."""

    def __init__(self, pieces: list[Token]) -> None:
        self._pieces = pieces
        self._at = 0

    def document(self) -> Document:
        before = self._comments()
        root = self._container()
        return Document(root, tuple(before), tuple(self._comments()))

    def _comments(self, *, same_line: bool = False) -> list[str]:
        found: list[str] = []
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            if piece.kind != "comment" or (same_line and piece.fresh):
                break
            found.append(piece.text.rstrip())
            self._at += 1
        return found

    def _next(self) -> Token:
        piece = self._pieces[self._at]
        self._at += 1
        return piece

    def _peek(self) -> str:
        return self._pieces[self._at].text

    def _container(self) -> Container:
        opening = self._next()
        made = Container("{}" if opening.text == "{" else "[]")
        comma = 0
        while True:
            before = self._comments()
            if self._peek() in {"}", "]"}:
                made.end, made.loose_comma = before, comma
                self._at += 1
                return made
            entry = self._entry(before)
            entry.after = self._comments(same_line=True)
            made.entries.append(entry)
            ahead = self._comments()
            comma = 0
            if self._peek() == ",":
                comma = self._next().line
                entry.after += ahead + self._comments(same_line=True)
            else:
                made.end = ahead
                made.loose_comma = 0
                self._at += 1
                return made

    def _entry(self, before: list[str]) -> Entry:
        line, key = self._pieces[self._at].line, ""
        value = self._value(before)
        if self._at < len(self._pieces) and self._peek() == ":" and isinstance(value, str):
            self._at += 1
            key = value
            before += self._comments()
            value = self._value(before)
        before += self._comments() if self._at < len(self._pieces) and self._peek() == ":" else []
        return Entry(key, value, line, before)

    def _value(self, _before: list[str]) -> "str | Container":
        return self._container() if self._peek() in {"{", "["} else self._next().text


def _laid_out(node: "str | Container", level: int, *, broken: bool = False) -> str:
    if isinstance(node, str):
        return node
    flat = _flat(node)
    if flat is not None and not broken and len(flat) + level * len(INDENT) <= WIDTH:
        return flat
    inner, lines = INDENT * (level + 1), [node.brackets[0]]
    for place, entry in enumerate(node.entries):
        lines += [inner + each for each in entry.before]
        comma = "," if place < len(node.entries) - 1 else ""
        key = f"{entry.key}: " if entry.key else ""
        tail = "".join(f"  {each}" for each in entry.after)
        lines.append(f"{inner}{key}{_laid_out(entry.value, level + 1)}{comma}{tail}")
    lines += [inner + each for each in node.end]
    return "\n".join([*lines, INDENT * level + node.brackets[1]])


def _flat(node: "str | Container") -> str | None:
    """Return a value on one line; None when comments forbid it."""
    if isinstance(node, str):
        return node
    if node.end or any(entry.before or entry.after for entry in node.entries):
        return None
    parts: list[str] = []
    for entry in node.entries:
        value = _flat(entry.value)
        if value is None:
            return None
        parts.append(f"{entry.key}: {value}" if entry.key else value)
    space = " " if node.brackets == "{}" and parts else ""
    return f"{node.brackets[0]}{space}{', '.join(parts)}{space}{node.brackets[1]}"
