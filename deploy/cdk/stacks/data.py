"""The data stack of one service: its tables, queues, subscriptions, rules and secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from muster_events.routing import BUS, NOTICE_FEEDS, SUBSCRIPTIONS
from stacks.base import MusterStack, deny_plain_text, pascal, same_account

_DAY_S = 86_400
_VISIBILITY_S = 30
"""The consumers' default; they extend it by heartbeat while a handler runs."""
_MAX_RECEIVES = 200
"""Consumers park what can never succeed at their own five receives, with the reason; this catches what kills the
process itself. It must outlast an outage of what the handlers need, during which a message comes back every half
minute on average: 200 receives are well over an hour."""
_RETRY_S = 6 * 3_600
"""How long EventBridge goes on trying a queue before the event goes to the dead-letter queue."""
_RETRY_ATTEMPTS = 185
"""The most that EventBridge allows: time, not the count, ends the attempts."""


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index.

    Attributes:
        name: of the index.
        partition: partition key, text.
        sort: sort key, as `name:S` or `name:N`.
    """

    name: str
    partition: str
    sort: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """A queue with the dead-letter queue beside it."""

    name: str
    label: str
    queue: sqs.CfnQueue
    dead_letters: sqs.CfnQueue


class DataStack(MusterStack):
    """Everything one service stores and hears; the builders return what they declared."""

    def __init__(self, scope: Construct, service: str, *, disposable: bool) -> None:
        """Start the data stack of *service*."""
        super().__init__(
            scope,
            f"muster-{service}-data",
            description=f"Muster: what the {service} service stores and hears",
            disposable=disposable,
        )
        self.service = service

    def table(
        self,
        name: str,
        *,
        partition: str,
        sort: str | None = None,
        expires: bool = False,
        indexes: Sequence[Index] = (),
    ) -> dynamodb.CfnTable:
        """Declare a table: on demand, encrypted, recoverable to any second of the last 35 days.

        Args:
            name: after the service's own, empty for its main table.
            partition: partition key, text.
            sort: sort key, text.
            expires: rows go some time after the epoch seconds in their `expires_at`.
            indexes: global secondary indexes, all attributes projected.
        """
        full = f"muster-{self.service}" + (f"-{name}" if name else "")
        label = pascal(f"{self.service}-{name}-table" if name else f"{self.service}-table")
        kinds = {partition: "S"} | ({sort: "S"} if sort else {})
        for index in indexes:
            sort_name, kind = index.sort.split(":")
            kinds |= {index.partition: "S", sort_name: kind}
        table = dynamodb.CfnTable(
            self,
            label,
            table_name=self.named(full),
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[
                dynamodb.CfnTable.AttributeDefinitionProperty(attribute_name=key, attribute_type=kind)
                for key, kind in kinds.items()
            ],
            key_schema=_key_schema(partition, sort),
            global_secondary_indexes=[
                dynamodb.CfnTable.GlobalSecondaryIndexProperty(
                    index_name=index.name,
                    key_schema=_key_schema(index.partition, index.sort.split(":")[0]),
                    projection=dynamodb.CfnTable.ProjectionProperty(projection_type="ALL"),
                )
                for index in indexes
            ]
            or None,
            point_in_time_recovery_specification=dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
                point_in_time_recovery_enabled=True
            ),
            sse_specification=dynamodb.CfnTable.SSESpecificationProperty(sse_enabled=True),
            time_to_live_specification=(
                dynamodb.CfnTable.TimeToLiveSpecificationProperty(attribute_name="expires_at", enabled=True)
                if expires
                else None
            ),
            deletion_protection_enabled=not self.disposable,
        )
        self.keep(table)
        self.out(label, table.ref, f"Name of the table {full}")
        return table

    def outbox(self) -> dynamodb.CfnTable:
        """Declare the table whose rows are events still to be published."""
        return self.table("outbox", partition="lane", sort="id")

    def secret(self, name: str, description: str) -> secretsmanager.CfnSecret:
        """Declare a secret without a value; whoever owns it writes the first one."""
        full = f"muster-{self.service}-{name}"
        label = pascal(f"{self.service}-{name}-secret")
        secret = secretsmanager.CfnSecret(self, label, name=self.named(full), description=description)
        self.keep(secret)
        self.out(label, self.named(full), f"Name of the secret {full}")
        return secret

    def inbox(self, name: str, senders: Sequence[dict[str, Any]] = ()) -> Inbox:
        """Declare a queue, its dead-letter queue, and who may send to them.

        Args:
            name: after the service's own.
            senders: policy statements that let senders in, without resource; those that hear of an event or a notice
                are added by themselves.
        """
        full = f"muster-{self.service}-{name}"
        label = pascal(f"{self.service}-{name}")
        dead_letters = sqs.CfnQueue(
            self,
            f"{label}DeadLetters",
            queue_name=self.named(f"{full}-dead-letters"),
            message_retention_period=14 * _DAY_S,
            sqs_managed_sse_enabled=True,
            redrive_allow_policy={
                "redrivePermission": "byQueue",
                "sourceQueueArns": [self.arn("sqs", full)],
            },
        )
        queue = sqs.CfnQueue(
            self,
            f"{label}Queue",
            queue_name=self.named(full),
            visibility_timeout=_VISIBILITY_S,
            message_retention_period=4 * _DAY_S,
            sqs_managed_sse_enabled=True,
            redrive_policy={
                "deadLetterTargetArn": dead_letters.attr_arn,
                "maxReceiveCount": _MAX_RECEIVES,
            },
        )
        inbox = Inbox(full, label, queue, dead_letters)
        allowed = [*senders, *self._subscribe(inbox), *self._listen(inbox)]
        for target, suffix in ((queue, "Queue"), (dead_letters, "DeadLetters")):
            sqs.CfnQueuePolicy(
                self,
                f"{label}{suffix}Policy",
                queues=[target.ref],
                policy_document={
                    "Version": "2012-10-17",
                    "Statement": [
                        *({**statement, "Resource": target.attr_arn} for statement in allowed),
                        deny_plain_text("sqs:*", target.attr_arn),
                    ],
                },
            )
        self.out(f"{label}Queue", queue.ref, f"URL of the queue {full}")
        self.out(f"{label}DeadLetters", dead_letters.ref, f"URL of the queue {full}-dead-letters")
        return inbox

    def _subscribe(self, inbox: Inbox) -> list[dict[str, Any]]:
        """Subscribe the inbox to the topics whose notices it is meant for; return the sender's statement."""
        topics = [feed.topic for feed in NOTICE_FEEDS if feed.queue == inbox.name]
        for topic in topics:
            sns.CfnSubscription(
                self,
                f"{inbox.label}From{pascal(topic.removeprefix('muster-'))}",
                topic_arn=self.arn("sns", topic),
                protocol="sqs",
                endpoint=inbox.queue.attr_arn,
                redrive_policy={"deadLetterTargetArn": inbox.dead_letters.attr_arn},
            )
        if not topics:
            return []
        return [
            {
                "Sid": "TopicsSend",
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Condition": {
                    "ArnEquals": {"aws:SourceArn": [self.arn("sns", topic) for topic in topics]},
                    **same_account(),
                },
            }
        ]

    def _listen(self, inbox: Inbox) -> list[dict[str, Any]]:
        """Make a rule for each event type the inbox is meant for; return the sender's statement."""
        rules = []
        for each in (each for each in SUBSCRIPTIONS if each.queue == inbox.name):
            rule = f"muster-{self.service}-{each.event_type.replace('.', '-')}"
            events.CfnRule(
                self,
                f"{inbox.label}From{pascal(each.event_type)}",
                name=self.named(rule),
                description=f"{each.event_type} of {each.producer}, for {each.consumer}",
                event_bus_name=self.named(BUS),
                event_pattern=each.pattern,
                state="ENABLED",
                targets=[
                    events.CfnRule.TargetProperty(
                        id="inbox",
                        arn=inbox.queue.attr_arn,
                        dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=inbox.dead_letters.attr_arn),
                        retry_policy=events.CfnRule.RetryPolicyProperty(
                            maximum_event_age_in_seconds=_RETRY_S, maximum_retry_attempts=_RETRY_ATTEMPTS
                        ),
                    )
                ],
            )
            rules.append(
                cdk.Fn.sub(
                    "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/${Prefix}/"
                    + rule.replace("muster", "${Prefix}", 1)
                )
            )
        if not rules:
            return []
        return [
            {
                "Sid": "RulesSend",
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
            }
        ]


def _key_schema(partition: str, sort: str | None) -> list[dynamodb.CfnTable.KeySchemaProperty]:
    keys = [(partition, "HASH"), *([(sort, "RANGE")] if sort else [])]
    return [dynamodb.CfnTable.KeySchemaProperty(attribute_name=name, key_type=kind) for name, kind in keys]
