"""Pages of rows: every statement of the documents with the tests that pin it, as the tests' marks tell.

A test names its rows with the marker `row`: `@row("3.2.time", "3.2.id")` or `@pytest.mark.row(...)`, or as `marks=` of
a parameter. A parametrized test may go through a dictionary of its module whose keys are rows. Sources are read only.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
FOLDERS = tuple(
    TESTS / level / package
    for package in ("flexmatch", "gamelift", "gameserver")
    for level in ("unit", "contract", "integration")
)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def rows_of(texts: str) -> Mapping[str, str]:
    """Return rows by name from lines of the form `name | what it says`."""
    rows: dict[str, str] = {}
    for line in texts.strip().splitlines():
        name, _, text = (part.strip() for part in line.partition(" | "))
        if name in rows:
            raise ValueError(f"the row {name} is there twice")
        rows[name] = text
    return rows


@dataclass(frozen=True)
class RowsPage:
    """One page.

    Attributes:
        path: where it is.
        introduction: its beginning, with the title.
        sections: titles by number; a row belongs to the section that its name begins with.
        rows: what each says.
    """

    path: Path
    introduction: str
    sections: Mapping[str, str]
    rows: Mapping[str, str]

    def problems(self) -> list[str]:
        """Return what is wrong: rows without tests, marks of rows that are not there, rows outside all sections."""
        tests = marked()
        found = [f"{name}: has no test" for name in self.rows if name not in tests]
        strange = [name for name in tests if self._owns(name) and name not in self.rows]
        found += [f"{name}: is no row, but {tests[name][0]} names it" for name in strange]
        return found + [f"{name}: is in no section" for name in self.rows if not self._owns(name)]

    def text(self) -> str:
        """Return the page as it should be."""
        tests = marked()
        lines = [self.introduction]
        for section, title in self.sections.items():
            lines += [f"## {section} {title}", "", "| row | what it says | test |", "|---|---|---|"]
            for name, text in self.rows.items():
                if _in(name, section):
                    shown = "<br>".join(f"`{place}`" for place in tests.get(name, ())) or "none"
                    lines.append(f"| `{name}` | {text} | {shown} |")
            lines.append("")
        return "\n".join(lines)

    def _owns(self, name: str) -> bool:
        return any(_in(name, section) for section in self.sections)


def strays(pages: Sequence[RowsPage]) -> list[str]:
    """Return the marks that no page has a section for."""
    sections = [section for page in pages for section in page.sections]
    return [
        f"{name}: {places[0]}"
        for name, places in marked().items()
        if not any(_in(name, section) for section in sections)
    ]


@cache
def marked() -> Mapping[str, Sequence[str]]:
    """Return the tests by row, as marked in the test files, with paths below `tests/`."""
    found: dict[str, list[str]] = {}
    for path in (path for folder in FOLDERS for path in sorted(folder.glob("test_*.py"))):
        tree = ast.parse(path.read_text())
        tables = {name: keys for node in tree.body for name, keys in _table(node)}
        for node in tree.body:
            if isinstance(node, Function) and node.name.startswith("test_"):
                for name, suffix in _rows_of(node, tables):
                    place = f"{path.relative_to(TESTS).as_posix()}::{node.name}{suffix}"
                    found.setdefault(name, []).append(place)
    return found


def _table(node: ast.stmt) -> Iterator[tuple[str, list[str]]]:
    """Yield a module's dictionary with its keys: rows that one parametrized test goes through."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(node.value, ast.Dict):
        yield node.target.id, [str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)]


def _rows_of(function: Function, tables: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    for decorator in function.decorator_list:
        nodes = list(ast.walk(decorator))
        looped = [
            loop.iter.id for loop in nodes if isinstance(loop, ast.comprehension) and isinstance(loop.iter, ast.Name)
        ]
        for call in nodes:
            if not isinstance(call, ast.Call) or not _names_rows(call.func):
                continue
            yield from ((str(one.value), "") for one in call.args if isinstance(one, ast.Constant))
            if any(isinstance(one, ast.Name) for one in call.args):
                yield from ((name, f"[{name}]") for table in looped for name in tables[table])


def _names_rows(function: ast.expr) -> bool:
    match function:
        case ast.Name(id="row") | ast.Attribute(attr="row"):
            return True
        case _:
            return False


def _in(name: str, section: str) -> bool:
    return name.startswith(f"{section}.")
