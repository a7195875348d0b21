import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest
import structlog
from runtime_edge import settings

from muster_runtime.auth.jwks import KeysUnavailable
from muster_runtime.cancellations import CancelledElsewhere
from muster_runtime.http.routes import Answer, Call, Route
from muster_runtime.scope import Scope
from muster_runtime.serve import Build, ConsumerDied, DrainCutShort, RunnableEnded, Running, serve
from muster_runtime.service import Service
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing.local_aws import free_port
from muster_runtime.testing.services import running
from muster_runtime.testing.tokens import TokenMint
from muster_runtime.testing.waiting import eventually


class Loop:
    """A consumer that the test directs."""

    def __init__(self, story: list[str], name: str = "loop") -> None:
        self.story = story
        self.name = name
        self.fail = asyncio.Event()
        self.leave = asyncio.Event()
        self.finish = asyncio.Event()
        self.finish.set()

    async def run(self, stop: asyncio.Event) -> None:
        self.story.append(f"{self.name} started")
        try:
            async with asyncio.TaskGroup() as group:
                waits = [group.create_task(event.wait()) for event in (stop, self.fail, self.leave)]
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for wait in waits:
                    wait.cancel()
            if self.fail.is_set():
                raise ValueError("the consumer broke")
            self.story.append(f"{self.name} told to stop")
            await self.finish.wait()
            self.story.append(f"{self.name} finished")
        except asyncio.CancelledError:
            self.story.append(f"{self.name} cancelled")
            raise


@asynccontextmanager
async def _noted(story: list[str], name: str) -> Any:
    story.append(f"{name} opened")
    try:
        yield
    finally:
        story.append(f"{name} closed")


def building(story: list[str], *routes: Route, **parts: Any) -> Build[ServiceSettings]:
    async def build(_settings: ServiceSettings, scope: Scope) -> Service:
        await scope.enter(_noted(story, "client"))
        return Service(routes=routes, **parts)

    return build


class Served:
    """A service that runs beside the test, with hold of its events."""

    def __init__(self) -> None:
        self.stop, self.hurry = asyncio.Event(), asyncio.Event()
        self.running: Running | None = None
        self.error: BaseException | None = None

    async def run(self, build: Build[ServiceSettings], **changes: Any) -> None:
        try:
            await serve("demo", settings(**changes), build, stop=self.stop, hurry=self.hurry, started=self._started)
        except Exception as error:  # noqa: BLE001 - kept for the test to judge
            self.error = error

    def _started(self, running: Running) -> None:
        self.running = running

    @property
    def base_url(self) -> str:
        assert self.running is not None
        return self.running.base_url


async def test_a_service_starts_from_the_inside_out_and_stops_the_other_way() -> None:
    story: list[str] = []
    loop, stop = Loop(story), asyncio.Event()

    def started(_running: Running) -> None:
        story.append("ready")
        stop.set()

    with structlog.testing.capture_logs() as logs:
        await serve("demo", settings(), building(story, consumers={"q": loop}), stop=stop, started=started)

    assert [
        "client opened",
        "loop started",
        "ready",
        "loop told to stop",
        "loop finished",
        "client closed",
    ] == story
    ready = next(line for line in logs if line["event"] == "service_ready")
    assert ready["ready_s"] >= 0


async def test_a_consumer_and_a_job_may_share_a_name() -> None:
    story: list[str] = []
    parts = {"consumers": {"same": Loop(story, "consumer")}, "jobs": {"same": Loop(story, "job")}}
    async with running("demo", settings(), building(story, **parts)):
        assert {"consumer started", "job started"} < set(story)

    assert {"consumer finished", "job finished"} < set(story)


async def test_http_listens_when_the_consumers_start() -> None:
    story: list[str] = []
    port = free_port()

    class Connecting:
        async def run(self, stop: asyncio.Event) -> None:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            story.append("connected")
            writer.close()
            await writer.wait_closed()
            await stop.wait()

    # A fixed port is the only way to know the address before the service says that it is ready.
    async with running("demo", settings(port=port), building([], consumers={"connecting": Connecting()})):
        await eventually(lambda: story)


async def test_a_service_asked_to_stop_before_it_is_ready_never_says_that_it_is() -> None:
    story: list[str] = []
    served = Served()
    served.stop.set()

    await served.run(building(story))

    assert (None, None) == (served.running, served.error)
    assert ["client opened", "client closed"] == story


async def test_while_draining_readiness_says_no_and_requests_are_still_answered(
    http_client: aiohttp.ClientSession,
) -> None:
    story: list[str] = []
    loop, served = Loop(story), Served()
    loop.finish.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(served.run(building(story, consumers={"loop": loop}), grace_s=30, readiness_cache_s=0))
        await eventually(lambda: served.running)
        async with http_client.get(served.base_url + "/readyz") as answer:
            before = answer.status
        served.stop.set()
        await eventually(lambda: "loop told to stop" in story)
        async with http_client.get(served.base_url + "/readyz") as answer:
            during = (answer.status, (await answer.json())["status"], answer.headers["Connection"])
        async with http_client.get(served.base_url + "/livez") as answer:
            alive = answer.status
        loop.finish.set()

    assert (200, (503, "draining", "close"), 200) == (before, during, alive)
    assert served.error is None


async def test_a_request_under_way_is_finished_before_the_clients_close(http_client: aiohttp.ClientSession) -> None:
    story: list[str] = []
    entered, release = asyncio.Event(), asyncio.Event()

    async def slow(_call: Call) -> Answer:
        entered.set()
        await release.wait()
        story.append("answered")
        return Answer("done")

    served = Served()

    async def ask() -> str:
        async with http_client.get(served.base_url + "/slow") as answer:
            return await answer.text()

    async with asyncio.TaskGroup() as group:
        group.create_task(served.run(building(story, Route("GET", "/slow", slow, "Slow.")), grace_s=30))
        await eventually(lambda: served.running)
        asked = group.create_task(ask())
        await entered.wait()
        served.stop.set()
        await eventually(lambda: _refuses(served.base_url))
        # Long enough for every shorter wait inside the server to be over.
        await asyncio.wait([asked], timeout=1.5)
        still_under_way = not asked.done()
        release.set()

    assert still_under_way
    assert "done" == asked.result()
    assert ["client opened", "answered", "client closed"] == story
    assert served.error is None


async def _refuses(base_url: str) -> bool:
    host, port = base_url.removeprefix("http://").split(":")
    try:
        _reader, writer = await asyncio.open_connection(host, int(port))
    except ConnectionError:
        return True
    writer.close()
    await writer.wait_closed()
    return False


@pytest.mark.parametrize("way", ["fail", "leave"])
async def test_a_consumer_that_ends_early_ends_the_service_and_lets_the_others_finish(way: str) -> None:
    story: list[str] = []
    broken, other, served = Loop(story, "broken"), Loop(story, "other"), Served()
    async with asyncio.TaskGroup() as group:
        group.create_task(served.run(building(story, consumers={"broken": broken}, jobs={"other": other})))
        await eventually(lambda: served.running)
        getattr(broken, way).set()

    assert isinstance(served.error, ConsumerDied)
    (cause,) = served.error.exceptions
    assert isinstance(cause, ValueError if way == "fail" else RunnableEnded)
    assert "other finished" in story
    assert "other cancelled" not in story
    assert "client closed" == story[-1]


async def test_what_requests_and_handlers_leave_behind_while_draining_is_relayed(
    http_client: aiohttp.ClientSession,
) -> None:
    story: list[str] = []
    consumer, relay, served = Loop(story, "consumer"), Loop(story, "relay"), Served()
    consumer.finish.clear()
    entered, release = asyncio.Event(), asyncio.Event()

    async def commit(_call: Call) -> Answer:
        entered.set()
        await release.wait()
        story.append("committed")
        return Answer("done")

    async def ask() -> None:
        async with http_client.get(served.base_url + "/commit") as answer:
            await answer.read()

    build = building(
        story, Route("GET", "/commit", commit, "Commits."), consumers={"q": consumer}, relays={"outbox": relay}
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(served.run(build, grace_s=60))
        await eventually(lambda: served.running)
        group.create_task(ask())
        await entered.wait()
        served.stop.set()
        await eventually(lambda: "consumer told to stop" in story)
        consumer.finish.set()
        await eventually(lambda: _refuses(served.base_url))
        release.set()

    assert served.error is None
    assert [
        "consumer told to stop",
        "consumer finished",
        "committed",
        "relay told to stop",
        "relay finished",
        "client closed",
    ] == story[-6:]


async def test_relays_have_their_moments_even_if_a_handler_and_a_request_take_all_the_time_there_is(
    http_client: aiohttp.ClientSession,
) -> None:
    story: list[str] = []
    consumer, relay, served = Loop(story, "consumer"), Loop(story, "relay"), Served()
    consumer.finish.clear()
    entered = asyncio.Event()

    async def stuck(_call: Call) -> Answer:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError("it never is")

    async def ask() -> None:
        with suppress(aiohttp.ClientError):
            await http_client.get(served.base_url + "/stuck")

    build = building(story, Route("GET", "/stuck", stuck, "Hangs."), consumers={"q": consumer}, relays={"r": relay})
    async with asyncio.TaskGroup() as group:
        group.create_task(served.run(build, grace_s=0.5))
        await eventually(lambda: served.running)
        group.create_task(ask())
        await entered.wait()
        served.stop.set()

    assert ["consumer cancelled", "relay told to stop", "relay finished", "client closed"] == story[-4:]
    assert isinstance(served.error, DrainCutShort)
    assert "relay" not in str(served.error)


async def test_a_relay_that_outlives_the_grace_is_cut_short_and_that_is_no_success() -> None:
    story: list[str] = []
    relay, served = Loop(story), Served()
    relay.finish.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(served.run(building(story, relays={"outbox": relay}), grace_s=0.1))
        await eventually(lambda: served.running)
        served.stop.set()

    assert isinstance(served.error, DrainCutShort)
    assert "relay outbox" in str(served.error)
    assert ["loop told to stop", "loop cancelled", "client closed"] == story[-3:]


async def test_a_consumer_that_dies_of_a_cancellation_of_something_else_ends_the_service() -> None:
    class Sharing:
        async def run(self, _stop: asyncio.Event) -> None:
            shared: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            shared.cancel()
            await shared

    served = Served()
    async with asyncio.timeout(30):
        await served.run(building([], consumers={"sharing": Sharing()}))

    assert isinstance(served.error, ConsumerDied)
    assert isinstance(served.error.exceptions[0], CancelledElsewhere)


async def test_a_consumer_that_cannot_start_keeps_the_service_from_being_ready() -> None:
    class Stillborn:
        async def run(self, _stop: asyncio.Event) -> None:
            raise ValueError("no queue")

    served = Served()
    await served.run(building([], consumers={"stillborn": Stillborn()}))

    assert isinstance(served.error, ConsumerDied)
    assert served.running is None


async def test_a_handler_that_outlives_the_grace_is_cut_short_and_that_is_no_success() -> None:
    story: list[str] = []
    loop, served = Loop(story), Served()
    loop.finish.clear()
    async with asyncio.TaskGroup() as group:
        group.create_task(served.run(building(story, consumers={"loop": loop}), grace_s=0.1))
        await eventually(lambda: served.running)
        served.stop.set()

    assert isinstance(served.error, DrainCutShort)
    assert "loop" in str(served.error)
    assert ["loop cancelled", "client closed"] == story[-2:]


async def test_hurry_skips_the_wait() -> None:
    story: list[str] = []
    loop, served = Loop(story), Served()
    loop.finish.clear()
    began_s = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as group:
        group.create_task(served.run(building(story, consumers={"loop": loop}), grace_s=3600))
        await eventually(lambda: served.running)
        served.stop.set()
        await eventually(lambda: "loop told to stop" in story)
        served.hurry.set()

    assert isinstance(served.error, DrainCutShort)
    assert asyncio.get_running_loop().time() - began_s < 60


async def test_a_build_that_fails_closes_what_it_opened() -> None:
    story: list[str] = []

    async def build(_settings: ServiceSettings, scope: Scope) -> Service:
        await scope.enter(_noted(story, "client"))
        raise ValueError("no table")

    served = Served()
    await served.run(build)

    assert isinstance(served.error, ValueError)
    assert ["client opened", "client closed"] == story


async def test_a_taken_port_is_told_and_nothing_stays_open() -> None:
    story: list[str] = []
    async with running("demo", settings(), building([])) as other:
        served = Served()
        await served.run(building(story), port=int(other.base_url.rsplit(":", 1)[1]))

    assert isinstance(served.error, OSError)
    assert "client closed" == story[-1]


async def test_two_services_in_one_loop_keep_their_context_apart(http_client: aiohttp.ClientSession) -> None:
    seen: dict[str, str] = {}

    def build_as(name: str) -> Callable[[ServiceSettings, Scope], Any]:
        async def look(_call: Call) -> Answer:
            seen[name] = structlog.contextvars.get_contextvars()["service"]
            return Answer()

        async def build(_settings: ServiceSettings, _scope: Scope) -> Service:
            return Service(routes=[Route("GET", "/look", look, "Looks.")])

        return build

    async with running("one", settings(), build_as("one")) as one, running("two", settings(), build_as("two")) as two:
        for _ in range(2):
            for service in (one, two):
                async with http_client.get(service.base_url + "/look") as answer:
                    assert 200 == answer.status

    assert {"one": "one", "two": "two"} == seen
    assert "service" not in structlog.contextvars.get_contextvars()


async def test_stopping_one_of_two_leaves_the_other_alone(http_client: aiohttp.ClientSession) -> None:
    async with running("one", settings(), building([])) as one:
        async with running("two", settings(), building([])):
            pass
        async with http_client.get(one.base_url + "/readyz") as answer:
            assert 200 == answer.status


async def test_a_cancelled_service_closes_everything() -> None:
    story: list[str] = []
    served, loop = Served(), Loop(story)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(served.run(building(story, consumers={"loop": loop})))
        await eventually(lambda: served.running)
        task.cancel()

    assert ["loop cancelled", "client closed"] == story[-2:]
    assert await _refuses(served.base_url)


async def test_keys_are_fetched_over_http_without_redirects_and_within_a_size(
    http_client: aiohttp.ClientSession,
) -> None:
    mint = TokenMint()

    async def keys(_call: Call) -> Answer:
        return Answer(json.dumps(mint.jwks()), content_type="application/json")

    async def elsewhere(_call: Call) -> Answer:
        return Answer(status=302, headers={"Location": "/keys"})

    async def endless(_call: Call) -> Answer:
        return Answer("x" * 100_000)

    routes = [
        Route("GET", "/keys", keys, "Keys."),
        Route("GET", "/elsewhere", elsewhere, "Redirects."),
        Route("GET", "/endless", endless, "Too much."),
    ]
    async with running("issuer", settings(), building([], *routes)) as issuer, Scope("demo", settings()) as scope:

        def verifier(path: str) -> Any:
            return scope.use_verifier(issuer_url=mint.issuer, jwks_url=issuer.base_url + path, audience=mint.audience)

        assert "player-1" == (await verifier("/keys").verify(mint.token())).subject
        for path in ("/elsewhere", "/endless", "/nothing"):
            with pytest.raises(KeysUnavailable):
                await verifier(path).verify(mint.token())
