"""Bring the committed templates into an account: the emulator's, LocalStack's or a real one."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from muster_deploy.environment import Credentials
from muster_deploy.problems import CannotStart, leaves
from muster_deploy.templates import SHARED, Template
from muster_runtime.aws import ClientLimits, client_context, code_of
from muster_runtime.ids import Ids

_POLL_S = 0.05
_SLOW_POLL_S = 2.0
_STACK_TIMEOUT_S = 900.0
_BROKEN = frozenset({"ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED"})
"""A stack that never came to life: it can only be deleted."""
OPERATOR = "operator"
"""The OAuth client of the operator's tools."""
_CLIENTS = {OPERATOR: "operator", "arena": "server"}
"""The OAuth clients that every stage has, with their scope; `arena` is the sample game's servers."""


class ApplyFailed(Exception):
    """A stack did not become what its template says.

    Attributes:
        stack: its name.
        reasons: what CloudFormation said, the first cause first.
    """

    def __init__(self, stack: str, reasons: Sequence[str]) -> None:
        """Build the error from what CloudFormation said."""
        super().__init__(f"{stack}: {'; '.join(reasons) or 'no reason given'}")
        self.stack = stack
        self.reasons = tuple(reasons)


@contextmanager
def told() -> Iterator[None]:
    """Say in one line what AWS refused, or why it cannot be reached.

    Raises:
        CannotStart: instead of an error of AWS.
    """
    try:
        yield
    except* (BotoCoreError, ClientError, ApplyFailed) as errors:
        first = next(leaves(errors))
        who = "AWS refused a template:" if isinstance(first, ApplyFailed) else "AWS cannot be used:"
        advice = "Check the endpoint, the region and the credentials."
        raise CannotStart(f"{who} {str(first).strip().rstrip('.')}.", advice) from errors


async def apply(templates: Sequence[Template], *, prefix: str, limits: ClientLimits, local: bool) -> dict[str, str]:
    """Create or update every stack, and return all their outputs.

    Safe to repeat: a stack that is as its template says is left alone.

    Args:
        templates: what to deploy; the shared one goes first, the others at the same time.
        prefix: begins every physical name.
        limits: how long AWS may take.
        local: an emulator answers: ask it often, and do by API what its CloudFormation leaves out.

    Raises:
        ApplyFailed: CloudFormation refused a template, or gave up on it.
    """
    outputs: dict[str, str] = {}
    async with client_context("cloudformation", limits) as cloudformation:
        poll_s = _POLL_S if local else _SLOW_POLL_S
        stacks = Stacks(cloudformation, prefix=prefix, poll_s=poll_s)
        for template in (template for template in templates if template.name == SHARED):
            outputs |= await stacks.bring(template)
        async with asyncio.TaskGroup() as group:
            rest = [group.create_task(stacks.bring(template)) for template in templates if template.name != SHARED]
        for task in rest:
            outputs |= task.result()
    if local:
        await _expire_rows(templates, outputs, limits)
    return outputs


async def outputs_of(templates: Sequence[Template], *, prefix: str, limits: ClientLimits) -> dict[str, str] | None:
    """Return the outputs of stacks that exist already, or None when one of them does not."""
    outputs: dict[str, str] = {}
    async with client_context("cloudformation", limits) as cloudformation:
        stacks = Stacks(cloudformation, prefix=prefix, poll_s=_POLL_S)
        for template in templates:
            stack = await stacks.find(template.stack(prefix))
            if stack is None:
                return None
            outputs |= _outputs(stack)
    return outputs


class Stacks:
    """Create, update and wait for stacks."""

    def __init__(self, cloudformation: Any, *, prefix: str, poll_s: float) -> None:  # noqa: ANN401 - a client
        """Talk through *cloudformation*, asking every *poll_s* seconds."""
        self._cloudformation = cloudformation
        self._prefix = prefix
        self._poll_s = poll_s

    async def bring(self, template: Template) -> dict[str, str]:
        """Create the stack, or bring it up to date; return its outputs once that is done.

        Raises:
            ApplyFailed: CloudFormation refused the template, or gave up on it.
        """
        name = template.stack(self._prefix)
        existing = await self.find(name)
        if existing is not None and existing["StackStatus"] in _BROKEN:
            await self._cloudformation.delete_stack(StackName=name)
            await self._settled(name)
            existing = None
        arguments = {
            "StackName": name,
            "TemplateBody": template.body,
            "Parameters": [{"ParameterKey": "Prefix", "ParameterValue": self._prefix}],
            "Capabilities": ["CAPABILITY_IAM"],
            "Tags": [{"Key": "muster:stage", "Value": self._prefix}],
        }
        try:
            if existing is None:
                await self._cloudformation.create_stack(**arguments)
            else:
                await self._cloudformation.update_stack(**arguments)
        except ClientError as error:
            if not _nothing_to_do(error):
                raise ApplyFailed(name, [error.response["Error"].get("Message", code_of(error))]) from error
        stack = await self._settled(name)
        if stack is None or stack["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
            raise ApplyFailed(name, await self._reasons(name))
        return _outputs(stack)

    async def find(self, name: str) -> Mapping[str, Any] | None:
        """Return the stack as CloudFormation describes it, or None when there is none."""
        try:
            found = await self._cloudformation.describe_stacks(StackName=name)
        except ClientError as error:
            if code_of(error) == "ValidationError":
                return None
            raise
        stack: Mapping[str, Any] = found["Stacks"][0]
        return None if stack["StackStatus"] == "DELETE_COMPLETE" else stack

    async def _settled(self, name: str) -> Mapping[str, Any] | None:
        async with asyncio.timeout(_STACK_TIMEOUT_S):
            while True:
                stack = await self.find(name)
                if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
                    return stack
                await asyncio.sleep(self._poll_s)

    async def _reasons(self, name: str) -> list[str]:
        try:
            events = await self._cloudformation.describe_stack_events(StackName=name)
        except ClientError as error:
            return [code_of(error)]
        failed = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
            for event in events["StackEvents"]
            if event["ResourceStatus"].endswith("_FAILED")
        ]
        return failed[::-1]


async def seed_clients(secret: str, *, limits: ClientLimits, ids: Ids) -> Mapping[str, Credentials]:
    """Give the OAuth clients their secrets, unless they have them, and return the clients by id.

    Safe to repeat: what is there stays.

    Args:
        secret: name of the secret that holds the clients.
        limits: how long AWS may take.
        ids: where new secrets come from.
    """
    async with client_context("secretsmanager", limits) as secrets:
        try:
            answer = await secrets.get_secret_value(SecretId=secret)
            clients: dict[str, dict[str, str]] = json.loads(answer.get("SecretString") or "{}")
        except ClientError as error:
            # A secret without a value is not found either: CloudFormation made only its shell.
            if code_of(error) != "ResourceNotFoundException":
                raise
            clients = {}
        missing = {
            name: {"secret": ids.secret(), "scope": scope} for name, scope in _CLIENTS.items() if name not in clients
        }
        if missing:
            clients |= missing
            await secrets.put_secret_value(SecretId=secret, SecretString=json.dumps(clients))
    return {name: Credentials(name, client["secret"]) for name, client in clients.items()}


async def _expire_rows(templates: Sequence[Template], outputs: Mapping[str, str], limits: ClientLimits) -> None:
    """Turn on the expiry that the templates ask for: the emulator's CloudFormation leaves it out."""
    wanted = {
        outputs[label]: table["TimeToLiveSpecification"]["AttributeName"]
        for template in templates
        for label, table in template.of_type("AWS::DynamoDB::Table").items()
        if "TimeToLiveSpecification" in table
    }
    async with client_context("dynamodb", limits) as dynamodb, asyncio.TaskGroup() as group:
        for table, attribute in wanted.items():
            group.create_task(_expire(dynamodb, table, attribute))


async def _expire(dynamodb: Any, table: str, attribute: str) -> None:  # noqa: ANN401 - a client
    now = await dynamodb.describe_time_to_live(TableName=table)
    if now["TimeToLiveDescription"]["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}:
        return
    await dynamodb.update_time_to_live(
        TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
    )


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _nothing_to_do(error: ClientError) -> bool:
    return "No updates are to be performed" in error.response["Error"].get("Message", "")
