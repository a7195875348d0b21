"""Every case of the published design's wire, against one running identity with the pretend providers behind it.

What each case expects, and why ours differs where it does, is in the table: `services/identity/docs/differences.md`.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from difference_cases import Case
from difference_stage import Theatre
from difference_stage import theatre as running_theatre
from difference_steps import play
from identity_differences import CASES


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def theatre() -> AsyncIterator[Theatre]:
    """One server for all cases."""
    async with running_theatre() as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES if case.scene == "wire"])
async def test_a_request_is_answered_as_the_table_says(theatre: Theatre, case: Case) -> None:
    seen = await play(theatre, case)

    assert {name: seen[name] for name in case.ours} == dict(case.ours)
