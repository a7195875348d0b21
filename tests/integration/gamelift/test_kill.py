"""`kill -9` in the middle of tickets in all states; `tests/support/gamelift_kill.py` does the same with thousands."""

from pathlib import Path
from typing import Any

import pytest
from gamelift_kill import trial
from gamelift_kill_kinds import ENDS


@pytest.mark.timeout(600)
async def test_no_ticket_is_lost_or_doubled_by_kill_and_every_notice_arrives(sandbox: Any, tmp_path: Path) -> None:
    tickets = 4 * len(ENDS)

    found = await trial(tmp_path, sandbox, tickets=tickets, kills=1, seed=7)

    assert found.problems == []
    assert found.kills == 2
    assert set(ENDS.values()) == set(found.states[-1])
    assert found.states[-1].total() == tickets
