"""`kill -9` of a local GameLift with a store, again and again, in the middle of tickets in all states.

    python tests/support/gamelift_kill.py --tickets 1000 --kills 10 --seed 1

Clients start tickets and bring each to an end of its own kind; meanwhile the service is killed and started again.
None of what it answered may be lost, none of what it does may happen twice, and every notice arrives. Needs the
embedded emulator, for the topic that notices go to.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError
from gamelift_kill_kinds import CONFIGURATIONS, ENDS, FINAL, ONCE, RULE_SETS, TOLD
from gamelift_victim import Victim
from patience import PATIENT
from ports import kept_port

from muster_runtime.aws import client_context
from muster_runtime.settings import ServiceSettings
from muster_runtime.testing.local_aws import PROGRAM, Emulator
from muster_runtime.testing.sandbox import Sandbox
from muster_runtime.testing.waiting import eventually

PATIENCE_S: Final = 180.0
AT_ONCE: Final = 20
DESCRIBED: Final = 10
"""Most tickets that one DescribeMatchmaking may name."""


@dataclass(slots=True)
class Findings:
    """What was seen.

    Attributes:
        problems: everything that must not be.
        kills: how often the service was killed.
        states: at each kill, tickets by their last known status.
        notices: how many arrived, copies included.
        copies: how many of them were copies.
    """

    problems: list[str] = field(default_factory=list)
    kills: int = 0
    states: list[Counter[str]] = field(default_factory=list)
    notices: int = 0
    copies: int = 0


class Trial:
    """Clients, a victim, and a book of what they were told."""

    def __init__(self, victim: Victim, client: Any, sandbox: Sandbox, *, seed: int) -> None:
        self._victim = victim
        self._client = client
        self._sandbox = sandbox
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose, and no secret
        self._kinds: dict[str, str] = {}
        self._known: dict[str, Any] = {}
        self._topic_arn = self._queue_url = ""
        self._unanswered: dict[str, str] = {}
        self._requests = 0
        self._moments: set[int] = set()
        self._one_at_a_time = asyncio.Lock()
        self._group: asyncio.TaskGroup
        self._told: dict[str, dict[str, Any]] = {}
        self.findings = Findings()

    async def run(self, tickets: int, kills: int) -> Findings:
        """Bring *tickets* to their ends, and kill the service *kills* times meanwhile."""
        await self._victim.start()
        await self._prepare()
        # Two of a kind in turn: whoever needs a partner finds one.
        kinds = [list(ENDS)[number // 2 % len(ENDS)] for number in range(tickets)]
        order = list(enumerate(kinds))
        self._random.shuffle(order)
        self._moments = set(self._random.sample(range(tickets), kills))
        places = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as self._group:
            for number, kind in order:
                await places.acquire()
                playing = self._group.create_task(self._play(number, kind))
                playing.add_done_callback(lambda _: places.release())
            self._group.create_task(eventually(self._is_over, within_s=PATIENCE_S))
        await self._kill()
        await self._compare()
        await eventually(self._is_told, within_s=PATIENCE_S)
        self._judge()
        return self.findings

    async def _prepare(self) -> None:
        sns, queue = await self._sandbox.client("sns"), await self._sandbox.queue()
        self._topic_arn = (await sns.create_topic(Name=self._sandbox.name("topic")))["TopicArn"]
        raw = {"RawMessageDelivery": "true"}
        await sns.subscribe(TopicArn=self._topic_arn, Protocol="sqs", Endpoint=queue.arn, Attributes=raw)
        self._queue_url = queue.url
        queues: dict[str, str] = {}
        for name in ("placing", "failed"):
            made = await self._client.create_game_session_queue(Name=name, TimeoutInSeconds=600)
            queues[name] = made["GameSessionQueue"]["GameSessionQueueArn"]
        for name, body in RULE_SETS.items():
            await self._client.create_matchmaking_rule_set(Name=name, RuleSetBody=json.dumps(body))
        usual = {"RuleSetName": "anybody", "RequestTimeoutSeconds": 3600, "AcceptanceRequired": False}
        for name, own in CONFIGURATIONS.items():
            given = {**usual, "FlexMatchMode": "STANDALONE", "NotificationTarget": self._topic_arn, **own}
            if given["FlexMatchMode"] == "WITH_QUEUE":
                given["GameSessionQueueArns"] = [queues[name]]
            await self._client.create_matchmaking_configuration(Name=name, **given)
        # Matches that lead to a queue which is gone fail.
        await self._client.delete_game_session_queue(Name="failed")

    async def _play(self, number: int, kind: str) -> None:
        ticket_id = f"{kind}-{number}"
        player: dict[str, Any] = {"PlayerId": f"player-{number}", "PlayerAttributes": {"number": {"N": number}}}
        self._kinds[ticket_id] = kind
        await self._surely(
            lambda: self._client.start_matchmaking(TicketId=ticket_id, ConfigurationName=kind, Players=[player])
        )
        self._known.setdefault(ticket_id, {"Status": "QUEUED"})
        if kind == "stopped":
            await self._surely(lambda: self._client.stop_matchmaking(TicketId=ticket_id))
        if kind in {"accepted", "rejected"}:
            self._unanswered[ticket_id] = "REJECT" if kind == "rejected" else "ACCEPT"

    async def _answer(self) -> None:
        """Answer for those who are asked."""
        await self._look()
        for ticket_id, answer in tuple(self._unanswered.items()):
            if ticket_id in self._known and self._known[ticket_id]["Status"] in {"REQUIRES_ACCEPTANCE", *FINAL}:
                named = [player["PlayerId"] for player in self._known[ticket_id]["Players"]]
                given = {"TicketId": ticket_id, "PlayerIds": named, "AcceptanceType": answer}
                await self._surely(partial(self._client.accept_match, **given))
                del self._unanswered[ticket_id]

    async def _surely(self, ask: Callable[[], Awaitable[Any]]) -> None:
        """Ask until there is an answer; a refusal after a lost answer means that it was done."""

        async def answered() -> bool:
            if self._requests in self._moments:
                self._moments.discard(self._requests)
                self._group.create_task(self._kill())
            self._requests += 1
            try:
                await ask()
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "InvalidRequestException":
                    return True
                if error.response["ResponseMetadata"]["HTTPStatusCode"] < 500:
                    raise
                return False
            except (BotoCoreError, aiohttp.ClientError, ConnectionError):
                return False
            return True

        await eventually(answered, within_s=PATIENCE_S)

    async def _kill(self) -> None:
        async with self._one_at_a_time:
            await self._look()
            self.findings.kills += 1
            self.findings.states.append(Counter(ticket["Status"] for ticket in self._known.values()))
            await self._victim.kill()
            await self._victim.start()
            await self._compare()

    async def _look(self) -> None:
        """Write down how the tickets stand, as far as it can be learnt."""
        with suppress(ClientError, BotoCoreError, aiohttp.ClientError, ConnectionError):
            open_ids = [one for one, ticket in self._known.items() if ticket["Status"] not in FINAL]
            for ticket in await self._described(open_ids):
                self._known[ticket["TicketId"]] = ticket

    async def _described(self, asked: list[str]) -> list[Any]:
        found: list[Any] = []
        for place in range(0, len(asked), DESCRIBED):
            some = asked[place : place + DESCRIBED]
            found += (await self._client.describe_matchmaking(TicketIds=some))["TicketList"]
        return found

    async def _compare(self) -> None:
        """Every ticket that was answered for is there, and what had ended is as it was."""
        expected = dict(self._known)
        found = {ticket["TicketId"]: ticket for ticket in await self._described(list(expected))}
        for ticket_id, before in expected.items():
            after = found.get(ticket_id)
            if after is None:
                self._complain(f"{ticket_id} is lost; it was {before['Status']}")
            elif before["Status"] != "QUEUED" and after["Status"] == "QUEUED":
                self._complain(f"{ticket_id} was {before['Status']} and is new again")
            elif before["Status"] in FINAL and before != after:
                self._complain(f"{ticket_id} was {before['Status']} and is {after['Status']}")
        self._known |= found

    async def _is_over(self) -> bool:
        await self._answer()
        return all(
            self._known.get(ticket_id, {}).get("Status") == ENDS[kind] for ticket_id, kind in self._kinds.items()
        )

    async def _is_told(self) -> bool:
        for message in await self._sandbox.take(self._queue_url):
            envelope = json.loads(message["Body"])
            self.findings.notices += 1
            self.findings.copies += envelope["id"] in self._told
            self._told[envelope["id"]] = envelope["detail"]
        heard = self._heard()
        return all(set(TOLD[kind]) <= heard.get(ticket_id, Counter()).keys() for ticket_id, kind in self._kinds.items())

    def _heard(self) -> dict[str, Counter[str]]:
        heard: dict[str, Counter[str]] = {}
        for detail in self._told.values():
            for ticket in detail["tickets"]:
                heard.setdefault(ticket["ticketId"], Counter())[detail["type"]] += 1
        return heard

    def _judge(self) -> None:
        for ticket_id, types in self._heard().items():
            for kind in ONCE & types.keys():
                if types[kind] > 1:
                    self._complain(f"{ticket_id} was told {types[kind]} different notices of type {kind}")
        for detail in self._told.values():
            tickets = {ticket["ticketId"] for ticket in detail["tickets"]}
            if detail["type"] == "MatchmakingSucceeded" and len(tickets) != 2:
                self._complain(f"match {detail['matchId']} has {len(tickets)} tickets")

    def _complain(self, problem: str) -> None:
        self.findings.problems.append(problem)


async def trial(folder: Path, sandbox: Sandbox, *, tickets: int, kills: int, seed: int) -> Findings:
    """Run one trial in *folder*; the environment leads to an AWS with SNS and SQS, and no further.

    Args:
        folder: where the store and the log go.
        sandbox: makes the topic and its queue.
        tickets: how many, all kinds in turn.
        kills: how often the service is killed while they are under way; once more at the end.
        seed: of the order and of the moments.
    """
    with kept_port() as port:
        victim = Victim(folder, port)
        with patch.dict(os.environ, {"AWS_ENDPOINT_URL_GAMELIFT": victim.url}):  # noqa: TID251 - leads clients to it
            try:
                async with client_context("gamelift", ServiceSettings(**PATIENT)) as client:
                    return await Trial(victim, client, sandbox, seed=seed).run(tickets, kills)
            finally:
                await victim.kill()


async def _main(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        emulator = Emulator(PROGRAM.absolute(), Path(folder))
        local_aws = emulator.start()
        os.environ.update(local_aws.environment)  # noqa: TID251 - leads clients to it
        try:
            async with AsyncExitStack() as stack:
                sandbox = Sandbox(local_aws, stack, prefix="kill")
                found = await trial(
                    Path(folder), sandbox, tickets=arguments.tickets, kills=arguments.kills, seed=arguments.seed
                )
        finally:
            emulator.stop()
    for number, states in enumerate(found.states, 1):
        sys.stdout.write(f"kill {number}: {dict(sorted(states.items()))}\n")
    sys.stdout.write(
        f"{arguments.tickets} tickets, {found.kills} kills, {found.notices} notices, {found.copies} copies\n"
    )
    sys.stdout.writelines(f"PROBLEM {problem}\n" for problem in found.problems)
    return 1 if found.problems else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tickets", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    sys.exit(asyncio.run(_main(parser.parse_args())))
