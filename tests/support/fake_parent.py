"""A parent for the tests of supervision: starts one child as the supervisor does, prints its id, and waits."""

import asyncio
from pathlib import Path

from muster_deploy.children import start


async def main() -> None:
    import sys  # noqa: PLC0415 - a test program of its own

    environment = {"PYTHONPATH": str(Path(__file__).parent), "FAKE_BEHAVIOUR": "obedient"}
    ready = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        child = await start(
            [sys.executable, "-m", "fake_child"],
            group=group,
            environment=environment,
            on_line=lambda _line: ready.set(),
        )
        await ready.wait()
        sys.stdout.write(f"{child.pid}\n")
        sys.stdout.flush()
        await child.wait()


if __name__ == "__main__":
    asyncio.run(main())
