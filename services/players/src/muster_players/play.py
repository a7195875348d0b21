"""Play a match from the command line: `python -m muster_players.play --players 2 --base-url http://127.0.0.1:8080`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

import aiohttp

from muster_players.domain import JourneyReport, MatchReport
from muster_players.journey import play_match
from muster_runtime.clock import SystemClock


def render(report: MatchReport) -> str:
    """Return the table of a match: a row for each step, a column for each player."""
    head = ["step", *(f"player {each.player}" for each in report.players)]
    rows = [
        head,
        *([step.name.value, *(_seconds(each, step.name) for each in report.players)] for step in report.steps),
        ["together", *(f"{each.seconds:.2f} s" for each in report.players)],
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    score = ", ".join(f"{side} {goals}" for side, goals in report.score.items())
    lines.append("")
    if score:
        lines.append(f"score: {score}")
    lines += [
        f"player {each.player}: {each.failure.kind} at '{each.failure.step.value}': {each.failure.detail}"
        for each in report.players
        if each.failure is not None
    ]
    lines.append("verified: one match, one seat each, achievement unlocked" if report.verified else "NOT verified")
    return "\n".join(lines)


def _seconds(report: JourneyReport, name: str) -> str:
    taken = next((step.seconds for step in report.steps if step.name == name), None)
    if taken is None:
        return "-"
    failed = report.failure is not None and report.failure.step == name
    return f"{taken:.2f} s{' failed' if failed else ''}"


async def _play(options: argparse.Namespace) -> MatchReport:
    async with aiohttp.ClientSession() as http:
        return await play_match(
            options.base_url, players=options.players, http=http, clock=SystemClock(), timeout_s=options.timeout_s
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, print the table, and return 0 when the match is verified, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m muster_players.play", description="Play one match on Muster.")
    parser.add_argument("--players", type=int, default=2, help="how many; as many as one match takes (default 2)")
    parser.add_argument("--base-url", default="http://127.0.0.1:8080", help="where Muster is (default %(default)s)")
    parser.add_argument("--timeout-s", type=float, default=60.0, help="for each player's journey (default 60)")
    report = asyncio.run(_play(parser.parse_args(arguments)))
    sys.stdout.write(render(report) + "\n")
    return 0 if report.verified else 1


if __name__ == "__main__":
    sys.exit(main())
