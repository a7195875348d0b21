"""Define the sample game's achievements, as an operator would: through the public API."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import aiohttp

from muster_deploy.environment import Credentials

_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One achievement of the sample game; the fields are those of the API."""

    title: str
    description: str
    points: int
    target: int
    stat: str
    sort_order: int


ACHIEVEMENTS: Final[Mapping[str, Wanted]] = {
    "first_match": Wanted("First match", "Play one match to its end.", 10, 1, "matches_played", 1),
    "first_win": Wanted("First win", "Win a match.", 10, 1, "matches_won", 2),
    "first_goal": Wanted("First goal", "Score a goal.", 10, 1, "goals_scored", 3),
    "regular": Wanted("Regular", "Play ten matches.", 25, 10, "matches_played", 4),
    "sharp_shooter": Wanted("Sharp shooter", "Score twenty-five goals.", 50, 25, "goals_scored", 5),
}
"""What the game servers report is enough for each; `first_match` is what a virtual player waits for."""


async def define(base_url: str, operator: Credentials) -> Sequence[str]:
    """Define what is missing; what an operator changed stays as it is.

    Safe to repeat: nothing is missing then.

    Args:
        base_url: of all services.
        operator: an OAuth client with the scope `operator`.

    Returns:
        Ids of those that were missing.

    Raises:
        aiohttp.ClientError: a service refused, or did not answer.
    """
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(base_url, timeout=timeout, raise_for_status=True) as http:
        headers = {"Authorization": f"Bearer {await _token(http, operator)}"}
        async with http.get("/v1/achievements/definitions", headers=headers) as answer:
            known = {each["achievement_id"] for each in (await answer.json())["definitions"]}
        missing = [name for name in ACHIEVEMENTS if name not in known]
        for name in missing:
            url = f"/v1/achievements/definitions/{name}"
            async with http.put(url, json=asdict(ACHIEVEMENTS[name]), headers=headers):
                pass
    return missing


async def _token(http: aiohttp.ClientSession, operator: Credentials) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": operator.client_id,
        "client_secret": operator.secret,
        "scope": "operator",
    }
    async with http.post("/v1/oauth/token", data=form) as answer:
        token: str = (await answer.json())["access_token"]
        return token
