"""What identity's documents say of the tests, the standard and the code has to be so."""

import ast
import re
from pathlib import Path

import pytest
from asvs_numbers import NUMBERS

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests"
DOCS = ROOT / "services" / "identity" / "docs"
PAGES = sorted(page.name for page in DOCS.glob("*.md"))
SOURCES = (
    ROOT / "services" / "identity" / "src" / "muster_identity",
    ROOT / "shared" / "runtime" / "src" / "muster_runtime",
)
CRYPTOGRAPHY = {"cryptography", "hashlib", "hmac", "jwt", "secrets", "ssl"}
VERDICTS = {"met", "not applicable", "operator's duty", "**not met**"}
NAMED = re.compile(r"`(?:tests/)?([\w/]+\.py)::(test_\w+)`")
LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")


def asvs_rows() -> list[list[str]]:
    lines = (DOCS / "asvs.md").read_text().splitlines()
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines if re.match(r"\| \d+\.", line)]


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_some_pages_name_tests() -> None:
    assert {"asvs.md", "clients.md", "threats.md"} <= {
        page for page in PAGES if NAMED.search((DOCS / page).read_text())
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page: str) -> None:
    text = (DOCS / page).read_text()

    # A name that is not spelled as file and function would escape the check.
    loose = re.sub(NAMED, "", text)
    assert [] == re.findall(r"\btest_\w+\b(?!\.py)", loose)
    for path in re.findall(r"tests/[\w/]+\.py", loose):
        assert (ROOT / path).is_file(), path
    for path, test in NAMED.findall(text):
        assert re.search(rf"def {test}\(", (TESTS / path).read_text()), f"{path} has no {test}"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(page: str) -> None:
    for target, anchor in LINK.findall((DOCS / page).read_text()):
        if target.startswith("http"):
            continue
        file = (DOCS / target).resolve() if target else DOCS / page
        assert file.is_file(), target
        assert not anchor or anchor in anchors(file), f"{target}#{anchor}"


def test_every_page_is_linked_from_the_readme() -> None:
    linked = re.findall(r"\]\(docs/(\w+\.md)", (DOCS.parent / "README.md").read_text())

    assert set(PAGES) == set(linked)


def test_every_requirement_has_one_row_in_the_order_of_the_standard() -> None:
    assert 146 == len(NUMBERS)
    assert [row[0] for row in asvs_rows()] == NUMBERS


def test_every_row_has_a_verdict_and_a_reason() -> None:
    for row in asvs_rows():
        number, about, verdict, reason = row
        assert verdict in VERDICTS, number
        assert about, number
        assert reason, number


def test_the_summary_names_what_is_not_met() -> None:
    summary = (DOCS / "asvs.md").read_text().split("\nNot met: ")[1].split(". Two of them")[0]

    unmet = [row[0] for row in asvs_rows() if row[2] == "**not met**"]
    assert sorted(re.findall(r"\d+\.\d+\.\d+", summary)) == sorted(unmet)


def test_cryptography_is_where_the_inventory_says_and_nowhere_else() -> None:
    """A module that starts to hash, sign or draw has to be written down; hashes are SHA-256 alone."""
    inventory = (DOCS / "asvs.md").read_text().split("### Cryptography in use")[1].split("## V6")[0]
    users, hashes = set(), set()
    for source in SOURCES:
        for module in source.rglob("*.py"):
            # Pretend providers and test kits sign for nobody.
            if "testing" in module.parts:
                continue
            tree = ast.parse(module.read_text())
            if CRYPTOGRAPHY & set(imported(tree)):
                users.add(module.relative_to(source.parent).as_posix().removeprefix("muster_identity/"))
            hashes |= {
                node.attr
                for node in ast.walk(tree)
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "hashlib"
            }

    assert set(re.findall(r"`([\w/]+\.py)`", inventory)) == users
    assert {"sha256"} == hashes


def imported(tree: ast.AST) -> list[str]:
    """Return the top-level packages that a module imports."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.append(node.module)
    return [name.partition(".")[0] for name in names]
