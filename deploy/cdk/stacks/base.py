"""What every Muster stack has: a name prefix, and outputs whose names are environment variables in PascalCase.

First-level constructs are used on purpose: a logical id is then exactly the name written here, so that moving code
about never replaces a table, and a template reads like its source.
"""

from typing import Any

import aws_cdk as cdk
from constructs import Construct

PREFIX = "muster"


class MusterStack(cdk.Stack):
    """One template that can be deployed alone: other stacks are referred to by name, never imported from."""

    def __init__(self, scope: Construct, name: str, *, description: str, disposable: bool) -> None:
        """Start a stack.

        Args:
            scope: the CDK app.
            name: of the stack and of its template file.
            description: one line shown in the CloudFormation console.
            disposable: tables, secrets and buckets go when the stack goes; for stages that hold nothing of worth.
        """
        super().__init__(
            scope,
            name,
            description=description,
            # No assets and no bootstrap stack: the template is a file that any CloudFormation takes.
            synthesizer=cdk.LegacyStackSynthesizer(),
        )
        self.disposable = disposable
        cdk.CfnParameter(
            self,
            "Prefix",
            default=PREFIX,
            allowed_pattern="[a-z][a-z0-9-]{0,30}",
            description="Begins every physical name; one prefix for each stage in an account and region.",
        )

    def named(self, name: str) -> str:
        """Return *name*, as written in code with the default prefix, with this stage's prefix in its place.

        `muster` alone becomes the prefix alone: the name of the bus.
        """
        if name == PREFIX:
            return cdk.Fn.ref("Prefix")
        if not name.startswith(f"{PREFIX}-"):
            message = f"physical names begin with {PREFIX}-: {name}"
            raise ValueError(message)
        return cdk.Fn.sub("${Prefix}" + name.removeprefix(PREFIX))

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region, known by its default name."""
        resource = resource.replace(PREFIX, "${Prefix}", 1)
        return cdk.Fn.sub("arn:${AWS::Partition}:" + service + ":${AWS::Region}:${AWS::AccountId}:" + resource)

    def out(self, name: str, value: str, description: str) -> None:
        """Give *value* out under *name*: the environment variable that carries it, in PascalCase."""
        cdk.CfnOutput(self, f"{name}Output", value=value, description=description).override_logical_id(name)

    def keep(self, resource: cdk.CfnResource) -> None:
        """Let *resource* outlive its stack, unless the stage is disposable."""
        policy = cdk.RemovalPolicy.DESTROY if self.disposable else cdk.RemovalPolicy.RETAIN
        resource.apply_removal_policy(policy)


def pascal(name: str) -> str:
    """Return `TicketsNotices` for `tickets-notices` and for `tickets.notices`."""
    return "".join(part.capitalize() for part in name.replace(".", "-").split("-"))


def same_account() -> dict[str, Any]:
    """Return the policy condition that lets a service act only on behalf of this account."""
    return {"StringEquals": {"aws:SourceAccount": cdk.Fn.ref("AWS::AccountId")}}


def deny_plain_text(actions: str, resource: str | list[str]) -> dict[str, Any]:
    """Return the policy statement that refuses everybody who does not come over TLS."""
    return {
        "Sid": "RefusePlainText",
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
