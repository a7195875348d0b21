"""What each service stores and hears."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from stacks.base import MusterStack, deny_plain_text
from stacks.data import DataStack, Inbox, Index
from stacks.messaging import MessagingStack


def declare(app: Construct, *, disposable: bool) -> tuple[MusterStack, ...]:
    """Declare every stack.

    Args:
        app: the CDK app.
        disposable: see `MusterStack`.
    """
    return (
        MessagingStack(app, disposable=disposable),
        _identity(DataStack(app, "identity", disposable=disposable)),
        _matchmaking(DataStack(app, "matchmaking", disposable=disposable)),
        _tickets(DataStack(app, "tickets", disposable=disposable)),
        _achievements(DataStack(app, "achievements", disposable=disposable)),
        _listener(DataStack(app, "listener", disposable=disposable)),
    )


def _identity(stack: DataStack) -> DataStack:
    stack.table("users", partition="user_id", indexes=(Index("deletions", "deletion_lane", "delete_at:N"),))
    stack.table("identities", partition="identity")
    stack.table(
        "sessions",
        partition="session_id",
        expires=True,
        indexes=(Index("by_user", "user_id", "signed_in_at:N"),),
    )
    stack.table("bans", partition="identity_hash", expires=True)
    stack.table("resolutions", partition="token_hash", expires=True)
    stack.table("audit", partition="user_id", sort="entry", expires=True)
    stack.table("revocations", partition="lane", sort="mark", expires=True)
    stack.table("limits", partition="bucket", expires=True)
    stack.outbox()
    stack.secret("keys", "Signing keys of access tokens; written by the rotation job")
    stack.secret("clients", "OAuth clients: id to secret and scope")
    _issuer_bucket(stack)
    _rotation(stack)
    return stack


def _matchmaking(stack: DataStack) -> DataStack:
    stack.table("", partition="pk", expires=True)
    stack.table("players", partition="player_id")
    stack.outbox()
    stack.inbox("events")
    return stack


def _tickets(stack: DataStack) -> DataStack:
    stack.table("", partition="ticket_id", expires=True, indexes=(Index("open", "open_lane", "check_at:N"),))
    stack.inbox("notices")
    stack.inbox("events")
    return stack


def _achievements(stack: DataStack) -> DataStack:
    stack.table("definitions", partition="achievement_id")
    stack.table("progress", partition="user_id", sort="item")
    stack.outbox()
    stack.inbox("events")
    return stack


def _listener(stack: DataStack) -> DataStack:
    stack.table("", partition="pk", sort="sk", expires=True, indexes=(Index("by_status", "status", "updated_at:S"),))
    stack.inbox("notices")
    stack.inbox("events")
    return stack


def _issuer_bucket(stack: DataStack) -> None:
    """Declare the bucket whose public half of the signing keys a CDN serves."""
    bucket = s3.CfnBucket(
        stack,
        "IdentityIssuerBucket",
        # Bucket names are shared by every account of a partition.
        bucket_name=cdk.Fn.sub("${Prefix}-identity-issuer-${AWS::AccountId}-${AWS::Region}"),
        bucket_encryption=s3.CfnBucket.BucketEncryptionProperty(
            server_side_encryption_configuration=[
                s3.CfnBucket.ServerSideEncryptionRuleProperty(
                    server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                        sse_algorithm="AES256"
                    )
                )
            ]
        ),
        ownership_controls=s3.CfnBucket.OwnershipControlsProperty(
            rules=[s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
        ),
        public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        ),
        versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
    )
    stack.keep(bucket)
    s3.CfnBucketPolicy(
        stack,
        "IdentityIssuerBucketPolicy",
        bucket=bucket.ref,
        policy_document={
            "Version": "2012-10-17",
            "Statement": [deny_plain_text("s3:*", [bucket.attr_arn, cdk.Fn.sub("${IdentityIssuerBucket.Arn}/*")])],
        },
    )
    stack.out("IdentityIssuerBucket", bucket.ref, "Name of the bucket with the published signing keys")


def _rotation(stack: DataStack) -> None:
    """Declare the daily command to rotate the signing keys when that is due."""
    inbox = stack.inbox("rotation")
    # The role stands on its own below because it names the queue.
    role = iam.CfnRole(
        stack,
        "IdentityRotationRole",
        description="Lets the scheduler put the rotation command on its queue",
        assume_role_policy_document={
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "scheduler.amazonaws.com"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"aws:SourceAccount": cdk.Fn.ref("AWS::AccountId")}},
                }
            ],
        },
        policies=[iam.CfnRole.PolicyProperty(policy_name="send", policy_document=_may_send(inbox))],
    )
    scheduler.CfnSchedule(
        stack,
        "IdentityRotationSchedule",
        name=stack.named("muster-identity-rotation"),
        description="Asks identity every day whether its signing keys are due for rotation",
        schedule_expression="rate(1 day)",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
            mode="FLEXIBLE", maximum_window_in_minutes=15
        ),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=inbox.queue.attr_arn,
            role_arn=role.attr_arn,
            input='{"command": "rotate-keys"}',
            dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=inbox.dead_letters.attr_arn),
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=21_600, maximum_retry_attempts=185
            ),
        ),
    )


def _may_send(inbox: Inbox) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sqs:SendMessage",
                "Resource": [inbox.queue.attr_arn, inbox.dead_letters.attr_arn],
            }
        ],
    }
