import asyncio

import pytest
from virtual_time import virtual_time

from muster_runtime.deadlines import Deadlines
from muster_runtime.testing import eventually


async def test_a_block_that_takes_too_long_ends_with_a_time_out() -> None:
    limit = Deadlines(0.01).limit()

    with pytest.raises(TimeoutError), limit:
        await asyncio.Event().wait()

    assert limit.expired
    assert 0 == asyncio.current_task().cancelling()  # type: ignore[union-attr] # it runs in a task


async def test_a_block_in_time_is_left_alone() -> None:
    deadlines = Deadlines(30)

    with deadlines.limit() as limit:
        await asyncio.sleep(0)

    assert not limit.expired
    assert {} == deadlines._open


async def test_each_of_many_blocks_has_its_own_time() -> None:
    deadlines, ended = Deadlines(0.02), []

    async def block(name: str, event: asyncio.Event) -> None:
        try:
            with deadlines.limit():
                await event.wait()
            ended.append(f"{name} done")
        except TimeoutError:
            ended.append(f"{name} late")

    never, soon = asyncio.Event(), asyncio.Event()
    with virtual_time():
        async with asyncio.TaskGroup() as group:
            group.create_task(block("first", never))
            group.create_task(block("second", soon))
            await asyncio.sleep(0)
            soon.set()
            await eventually(lambda: "first late" in ended)
            group.create_task(block("third", never))

    assert ["second done", "first late", "third late"] == ended


async def test_blocks_that_begin_later_end_later_by_one_timer() -> None:
    deadlines, ended = Deadlines(0.05), []
    loop = asyncio.get_running_loop()

    async def block(begin: asyncio.Event) -> None:
        await begin.wait()
        begun_s = loop.time()
        with pytest.raises(TimeoutError), deadlines.limit():
            await asyncio.Event().wait()
        ended.append(loop.time() - begun_s)

    begin, later = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(block(begin))
        group.create_task(block(later))
        begin.set()
        loop.call_later(0.03, later.set)

    assert all(took_s >= 0.05 for took_s in ended)
    assert 2 == len(ended)
    assert deadlines._timer is None


async def test_a_cancellation_by_somebody_else_goes_on() -> None:
    entered = asyncio.Event()

    async def block() -> None:
        with Deadlines(30).limit():
            entered.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(block())
        await entered.wait()
        task.cancel()

    assert task.cancelled()


async def test_a_cancellation_beside_an_expiry_is_not_swallowed() -> None:
    deadlines, entered = Deadlines(30), asyncio.Event()

    async def block() -> None:
        with deadlines.limit():
            entered.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(block())
        await entered.wait()
        next(iter(deadlines._open)).expire()
        task.cancel()

    assert task.cancelled()


async def test_an_error_in_the_block_stays_what_it_is() -> None:
    with pytest.raises(KeyError), Deadlines(30).limit():
        raise KeyError


async def test_a_time_out_of_the_blocks_own_is_no_expiry() -> None:
    limit = Deadlines(30).limit()

    with pytest.raises(TimeoutError), limit:
        raise TimeoutError

    assert not limit.expired
