"""The table of threats names tests; they have to be there."""

import re
from pathlib import Path

import pytest

from muster_runtime.errors import Malformed
from muster_runtime.http import strictjson

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "services" / "identity" / "docs" / "threats.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> dict[int, str]:
    found = (re.match(r"\| (\d+) \|", line) for line in TABLE.read_text().splitlines())
    return {int(match[1]): match.string for match in found if match}


def test_all_eighteen_findings_are_answered() -> None:
    assert list(rows()) == list(range(1, 19))


@pytest.mark.parametrize("number", range(1, 19))
def test_every_finding_names_tests_that_exist(number: int) -> None:
    named = NAMED.findall(rows()[number])

    assert named
    for path, test in named:
        assert re.search(rf"def {test}\(", (ROOT / path).read_text()), f"{path} has no {test}"


@pytest.mark.parametrize(
    "body",
    [
        b"__import__('os').getcwd()",
        b'{"latencyInMs": {"us-east-1": 10 ** 9}}',
        b"{'latencyInMs': {'us-east-1': 10}}",
        b'{"latencyInMs": dict(us=1)}',
        b'{"a": True}',
        b"[1, 2][0]",
    ],
)
def test_a_body_that_is_a_program_is_no_json(body: bytes) -> None:
    """Each of these has a value where a body is evaluated; none is JSON."""
    with pytest.raises(Malformed):
        strictjson.loads(body)
