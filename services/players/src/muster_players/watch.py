"""Watch the arena in a terminal: `python -m muster_players.watch`. Ctrl-C ends it.

It asks the arena which of its slots has a match, and draws that; with an address it stays with that one slot.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import aiohttp

from muster_players.arena import frames
from muster_players.arena.render import CLEAR, HOME, View, draw, seen
from muster_players.seat import open_tcp

_AGAIN_S = 1.0
_ASK_AGAIN_S = 0.3
_ASK_S = 5.0
ARENA_URL = "http://127.0.0.1:8087"
"""Where `make up` puts the arena's HTTP edge."""


async def find_match(arena_url: str, *, show: Callable[[str], None]) -> tuple[str, int]:
    """Return host and TCP port of a slot that has a match; asks until there is one.

    Args:
        arena_url: base URL of the arena's HTTP edge; its `/v1/arena` lists the slots.
        show: takes what there is to see while nothing happens.
    """
    host = urlsplit(arena_url).hostname or "127.0.0.1"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_S)) as http:
        while True:
            try:
                async with http.get(f"{arena_url}/v1/arena") as answer:
                    slots = (await answer.json())["slots"]
                for slot in slots:
                    if slot["match_id"] is not None:
                        return host, int(slot["port"])
                show("no match at the moment; `make demo` sends two players")
            except (aiohttp.ClientError, TimeoutError, ValueError, KeyError) as error:
                show(f"no arena at {arena_url} ({type(error).__name__}); trying again")
            await asyncio.sleep(_ASK_AGAIN_S)


async def follow(arena_url: str, *, show: Callable[[str], None], colour: bool = True, matches: int = 0) -> None:
    """Draw one match after the other, in whichever slot it is; arguments as for `watch` and `find_match`."""
    watched = 0
    while not matches or watched < matches:
        host, port = await find_match(arena_url, show=show)
        await watch(host, port, show=show, colour=colour, matches=1)
        watched += 1


async def watch(host: str, port: int, *, show: Callable[[str], None], colour: bool = True, matches: int = 0) -> None:
    """Draw what happens in one slot of the arena, match after match.

    Args:
        host: where the arena is.
        port: TCP port of the slot.
        show: takes each picture.
        colour: use ANSI colours.
        matches: stop after so many; 0 goes on for ever.
    """
    watched = 0
    while not matches or watched < matches:
        try:
            watched += await _watch_one(host, port, show, colour=colour)
        except OSError as error:
            show(f"nobody at {host}:{port} ({type(error).__name__}); trying again")
        if not matches or watched < matches:
            await asyncio.sleep(_AGAIN_S)


async def _watch_one(host: str, port: int, show: Callable[[str], None], *, colour: bool) -> bool:
    """Draw one match; return whether it was seen to its end."""
    view = View(note="waiting for a match")
    show(draw(view, colour=colour))
    reader, writer = await open_tcp(host, port)
    try:
        writer.write(frames.text_line(frames.WATCH))
        while (line := await reader.readline()).endswith(b"\n"):
            frame = frames.decode(line)
            view = seen(view, frame)
            show(draw(view, colour=colour))
            if frame["type"] == "end":
                return True
    except (frames.BadFrame, ValueError):
        show("this is not an arena, or one of another version")
    finally:
        writer.close()
    return False


def _screen(picture: str) -> None:
    sys.stdout.write(f"{HOME}{CLEAR}{picture}\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Watch until interrupted; returns 0, or 2 when the address makes no sense."""
    parser = argparse.ArgumentParser(prog="python -m muster_players.watch", description="Watch a match.")
    parser.add_argument("address", nargs="?", help="host:port of one slot, such as 127.0.0.1:7777 (default: any)")
    parser.add_argument("--arena", default=ARENA_URL, help="the arena's HTTP edge (default: %(default)s)")
    parser.add_argument("--matches", type=int, default=0, help="stop after so many (default: never)")
    parser.add_argument("--no-colour", action="store_true", help="plain text")
    options = parser.parse_args(arguments)
    colour = not options.no_colour
    if options.address is None:
        watching = follow(options.arena, show=_screen, colour=colour, matches=options.matches)
    else:
        host, _, port = options.address.rpartition(":")
        if not host or not port.isdigit():
            sys.stderr.write("the address is host:port, such as 127.0.0.1:7777\n")
            return 2
        watching = watch(host, int(port), show=_screen, colour=colour, matches=options.matches)
    try:
        asyncio.run(watching)
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
