"""The shared stack: the event bus, and the topics that GameLift is told to notify."""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from muster_events.routing import BUS, NOTICE_FEEDS
from stacks.base import MusterStack, deny_plain_text, pascal

# GameLift signs with the ARN of the resource whose notification target the topic is.
# Source: Amazon GameLift Servers developer guide, "Set up event notification", read 2026-11.
_PUBLISHERS = {
    "muster-matchmaking-notices": "matchmakingconfiguration/*",
    "muster-placement-notices": "gamesessionqueue/*",
}


class MessagingStack(MusterStack):
    """What more than one service needs; deployed before the others."""

    def __init__(self, scope: Construct, *, disposable: bool) -> None:
        """Declare bus and topics.

        Args:
            scope: the CDK app.
            disposable: see `MusterStack`.
        """
        super().__init__(
            scope,
            "muster-messaging",
            description="Muster: event bus and GameLift notice topics",
            disposable=disposable,
        )
        bus = events.CfnEventBus(self, "EventBus", name=self.named(BUS), description="Muster's own events")
        self.out("EventBusName", bus.ref, "Name of the bus that carries Muster's events")
        for topic in sorted({feed.topic for feed in NOTICE_FEEDS}):
            self._topic(topic)

    def _topic(self, name: str) -> None:
        # No KMS key: a topic under the AWS managed key takes no notices from GameLift, and a notice rests in the
        # topic only while it is under way. The queues behind it are encrypted.
        label = f"{pascal(name.removeprefix('muster-'))}Topic"
        topic = sns.CfnTopic(self, label, topic_name=self.named(name))
        sns.CfnTopicPolicy(
            self,
            f"{label}Policy",
            topics=[topic.ref],
            policy_document={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "GameLiftPublishes",
                        "Effect": "Allow",
                        "Principal": {"Service": "gamelift.amazonaws.com"},
                        "Action": "sns:Publish",
                        "Resource": topic.ref,
                        "Condition": {
                            "ArnLike": {"aws:SourceArn": self.arn("gamelift", _PUBLISHERS[name])},
                            "StringEquals": {"aws:SourceAccount": cdk.Fn.ref("AWS::AccountId")},
                        },
                    },
                    deny_plain_text("sns:Publish", topic.ref),
                ],
            },
        )
        self.out(label, topic.ref, f"ARN of the SNS topic {name}")
