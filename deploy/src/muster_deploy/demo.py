"""Play one verified match between two virtual players, and tell how long each step took."""

import aiohttp

from muster_deploy.env import saved_environment
from muster_deploy.problems import CannotStart
from muster_deploy.report import Report
from muster_deploy.settings import Settings
from muster_players.domain import MatchReport
from muster_players.journey import play_match
from muster_runtime.clock import Clock

PLAYERS = 2
TIMEOUT_S = 60.0
_HTTP_TIMEOUT_S = 30.0


async def play(base_url: str, *, report: Report, clock: Clock) -> bool:
    """Play one match; return whether it was played to its end and unlocked something for everybody.

    Args:
        base_url: of all services.
        report: where the steps are told.
        clock: measures them.
    """
    timeout = aiohttp.ClientTimeout(total=_HTTP_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        match = await play_match(base_url, players=PLAYERS, http=http, clock=clock, timeout_s=TIMEOUT_S)
    for line in lines(match):
        report.line(line)
    return match.verified


async def play_again(settings: Settings, *, report: Report, clock: Clock) -> bool:
    """Play one match on the Muster that is up.

    Raises:
        CannotStart: none is up.
    """
    base_url = saved_environment(settings).get("MUSTER_BASE_URL", f"http://{settings.host}:{settings.port}")
    try:
        return await play(base_url, report=report, clock=clock)
    except* aiohttp.ClientConnectionError as errors:
        raise CannotStart(f"Nobody answers at {base_url}.", "Start Muster with `make up` first.") from errors


def lines(match: MatchReport) -> list[str]:
    """Render what the players went through: a table of seconds, a row for each step and a column for each player."""
    names = [step.name for step in match.steps]
    title = f"One match between {len(match.players)} virtual players, seconds for each step"
    header = " " * 18 + "".join(f"{f'player {each.player}':>10}" for each in match.players)
    rows = [f"  {name.value:<16}" for name in names]
    for each in match.players:
        took = {step.name: f"{step.seconds:.2f}" for step in each.steps}
        rows = [row + f"{took.get(name, '-'):>10}" for row, name in zip(rows, names, strict=True)]
    total = f"  {'together':<16}" + "".join(f"{each.seconds:>10.2f}" for each in match.players)
    return [title, header, *rows, total, *_verdict(match), ""]


def _verdict(match: MatchReport) -> list[str]:
    if match.verified:
        score = " : ".join(f"{side} {goals}" for side, goals in sorted(match.score.items()))
        unlocked = ", ".join(sorted({each for player in match.players for each in player.unlocked}))
        return [f"  verified: {score}, unlocked {unlocked}", f"  match {match.players[0].match_id}"]
    return [
        f"  NOT verified: {failure.step.value}: {failure.kind}: {failure.detail}" for failure in match.failures
    ] or ["  NOT verified: the players did not meet in one match"]
