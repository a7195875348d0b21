"""The committed templates hold what operating Muster relies on; nothing here needs AWS or Node."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from muster_deploy.environment import variable
from muster_deploy.services import by_name
from muster_deploy.templates import Template, load
from muster_events.routing import BUS, NOTICE_FEEDS, SUBSCRIPTIONS
from muster_runtime.settings import ServiceSettings, variable_name, variables

TEMPLATES = load()
DAY_S = 86_400
RESOURCE_WORDS = ("_TABLE", "_QUEUE", "_DEAD_LETTERS", "_SECRET", "_BUCKET")
OWNERS = ("identity", "matchmaking", "tickets", "achievements", "listener")


def named(value: Any) -> str:
    """Return a physical name, or the last part of an ARN, with the default prefix filled in."""
    match value:
        case {"Fn::Sub": str(text)}:
            return text.replace("${Prefix}", "muster").rsplit(":", 1)[-1]
        case {"Ref": "Prefix"}:
            return "muster"
        case str():
            return value
        case _:
            raise AssertionError(f"not a name: {value}")


def all_of(kind: str) -> Iterator[tuple[Template, str, Mapping[str, Any]]]:
    for template in TEMPLATES:
        for label, properties in template.of_type(kind).items():
            yield template, label, properties


def queue_called(name: str) -> Mapping[str, Any]:
    return next(queue for _, _, queue in all_of("AWS::SQS::Queue") if named(queue["QueueName"]) == name)


def ends(queue: Mapping[str, Any]) -> bool:
    return named(queue["QueueName"]).endswith("-dead-letters")


def target(template: Template, reference: Mapping[str, Any]) -> str:
    """Return the physical name of the queue that an ARN reference names."""
    label = reference["Fn::GetAtt"][0]
    return named(template.of_type("AWS::SQS::Queue")[label]["QueueName"])


def test_the_shared_stack_goes_first_and_every_service_has_its_own() -> None:
    assert "muster-messaging" == TEMPLATES[0].name
    assert {f"muster-{name}-data" for name in OWNERS} == {template.name for template in TEMPLATES[1:]}


def test_every_template_is_text_that_cloudformation_takes_inline() -> None:
    for template in TEMPLATES:
        assert len(template.body.encode()) < 51_200
        assert {"Description", "Outputs", "Parameters", "Resources"} == set(template.document)
        assert ["Prefix"] == list(template.document["Parameters"])


def test_no_template_imports_from_another() -> None:
    for template in TEMPLATES:
        assert "Fn::ImportValue" not in template.body
        assert '"Export"' not in template.body


def test_every_queue_hands_what_it_cannot_settle_to_the_dead_letter_queue_beside_it() -> None:
    working = [(template, queue) for template, _, queue in all_of("AWS::SQS::Queue") if not ends(queue)]

    assert 7 == len(working)
    for template, queue in working:
        policy = queue["RedrivePolicy"]
        assert f"{named(queue['QueueName'])}-dead-letters" == target(template, policy["deadLetterTargetArn"])
        # The consumers park after five receives, with a reason; the queue itself must not be quicker.
        # Consumers park what can never succeed themselves, with the reason. A message that waits out an outage of what
        # its handler needs may be received often, and SQS must not take it away meanwhile.
        assert 100 <= policy["maxReceiveCount"]


def test_dead_letters_are_kept_two_weeks_and_only_for_their_own_queue() -> None:
    for _, _, queue in all_of("AWS::SQS::Queue"):
        if ends(queue):
            assert 14 * DAY_S == queue["MessageRetentionPeriod"]
            allowed = queue["RedriveAllowPolicy"]
            assert "byQueue" == allowed["redrivePermission"]
            assert [named(queue["QueueName"]).removesuffix("-dead-letters")] == [
                named(arn) for arn in allowed["sourceQueueArns"]
            ]


def test_every_queue_is_encrypted_and_has_a_policy() -> None:
    for template, label, queue in all_of("AWS::SQS::Queue"):
        assert queue["SqsManagedSseEnabled"] is True
        policies = template.of_type("AWS::SQS::QueuePolicy").values()
        assert [{"Ref": label}] in [policy["Queues"] for policy in policies]


@pytest.mark.parametrize("kind", ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"])
def test_nobody_is_let_in_without_a_condition_on_where_they_come_from(kind: str) -> None:
    statements = [each for _, _, policy in all_of(kind) for each in policy["PolicyDocument"]["Statement"]]

    assert statements
    for statement in statements:
        if statement["Effect"] == "Deny":
            assert {"Bool": {"aws:SecureTransport": "false"}} == statement["Condition"]
            continue
        assert "*" not in json.dumps(statement["Principal"])
        assert statement["Action"] in {"sqs:SendMessage", "sns:Publish"}
        operators = statement["Condition"]
        sources = [value["aws:SourceArn"] for value in operators.values() if "aws:SourceArn" in value]
        assert sources, statement


@pytest.mark.parametrize("kind", ["AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"])
def test_nobody_is_let_in_without_tls(kind: str) -> None:
    for _, label, policy in all_of(kind):
        refusals = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
        assert ["RefusePlainText"] == [each["Sid"] for each in refusals], label


def test_there_is_exactly_one_rule_for_each_subscription() -> None:
    rules = {
        (named(rule["Name"]), target(template, rule["Targets"][0]["Arn"]), json.dumps(rule["EventPattern"]))
        for template, _, rule in all_of("AWS::Events::Rule")
    }

    assert rules == {
        (
            f"muster-{each.consumer}-{each.event_type.replace('.', '-')}",
            each.queue,
            json.dumps(each.pattern, sort_keys=True),
        )
        for each in SUBSCRIPTIONS
    }


def test_every_rule_target_retries_for_hours_and_then_uses_the_dead_letter_queue() -> None:
    for template, _, rule in all_of("AWS::Events::Rule"):
        assert BUS == named(rule["EventBusName"])
        assert "ENABLED" == rule["State"]
        (only,) = rule["Targets"]
        dead_letters = target(template, only["DeadLetterConfig"]["Arn"])
        assert f"{target(template, only['Arn'])}-dead-letters" == dead_letters
        assert only["RetryPolicy"]["MaximumEventAgeInSeconds"] >= 3_600


def test_a_queue_lets_in_every_rule_and_topic_that_sends_to_it_and_no_other() -> None:
    for template, _, policy in all_of("AWS::SQS::QueuePolicy"):
        (reference,) = policy["Queues"]
        queue = named(template.of_type("AWS::SQS::Queue")[reference["Ref"]]["QueueName"])
        queue = queue.removesuffix("-dead-letters")
        allowed = {
            named(arn).removeprefix("rule/muster/")
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Allow"
            for arn in statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        }
        rules = {
            f"muster-{each.consumer}-{each.event_type.replace('.', '-')}"
            for each in SUBSCRIPTIONS
            if each.queue == queue
        }
        assert rules | {feed.topic for feed in NOTICE_FEEDS if feed.queue == queue} == allowed, queue


def test_there_is_exactly_one_subscription_for_each_feed_with_its_own_dead_letters() -> None:
    found = set()
    for template, _, subscription in all_of("AWS::SNS::Subscription"):
        queue = target(template, subscription["Endpoint"])
        found.add((named(subscription["TopicArn"]), queue))
        dead_letters = target(template, subscription["RedrivePolicy"]["deadLetterTargetArn"])
        assert f"{queue}-dead-letters" == dead_letters
        assert "sqs" == subscription["Protocol"]

    assert {(feed.topic, feed.queue) for feed in NOTICE_FEEDS} == found


def test_only_gamelift_of_this_account_publishes_to_the_notice_topics() -> None:
    for _, _, policy in all_of("AWS::SNS::TopicPolicy"):
        allowed = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
        assert [{"Service": "gamelift.amazonaws.com"}] == [each["Principal"] for each in allowed]
        assert {"aws:SourceAccount": {"Ref": "AWS::AccountId"}} == allowed[0]["Condition"]["StringEquals"]


def test_tables_are_on_demand_encrypted_recoverable_and_protected() -> None:
    tables = list(all_of("AWS::DynamoDB::Table"))

    assert tables
    for template, label, table in tables:
        assert "PAY_PER_REQUEST" == table["BillingMode"]
        assert table["SSESpecification"]["SSEEnabled"] is True
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
        assert table["DeletionProtectionEnabled"] is True
        assert "Retain" == template.resources[label]["DeletionPolicy"]
        assert "Retain" == template.resources[label]["UpdateReplacePolicy"]


def test_rows_that_pass_expire() -> None:
    expiring = {
        named(table["TableName"])
        for _, _, table in all_of("AWS::DynamoDB::Table")
        if table.get("TimeToLiveSpecification") == {"AttributeName": "expires_at", "Enabled": True}
    }

    identity = {"sessions", "bans", "resolutions", "audit", "revocations", "limits"}
    others = {"muster-matchmaking", "muster-tickets", "muster-listener"}
    assert others | {f"muster-identity-{name}" for name in identity} == expiring


def test_secrets_and_the_issuer_bucket_outlive_their_stack() -> None:
    for kind in ("AWS::SecretsManager::Secret", "AWS::S3::Bucket"):
        for template, label, _ in all_of(kind):
            assert "Retain" == template.resources[label]["DeletionPolicy"], label


def test_the_issuer_bucket_is_private_and_keeps_versions() -> None:
    ((_, _, bucket),) = all_of("AWS::S3::Bucket")

    assert {True} == set(bucket["PublicAccessBlockConfiguration"].values())
    assert "Enabled" == bucket["VersioningConfiguration"]["Status"]


def test_rotation_is_commanded_daily_through_its_queue_by_a_role_that_can_do_nothing_else() -> None:
    ((template, _, schedule),) = all_of("AWS::Scheduler::Schedule")
    ((_, _, role),) = all_of("AWS::IAM::Role")

    assert "rate(1 day)" == schedule["ScheduleExpression"]
    assert {"command": "rotate-keys"} == json.loads(schedule["Target"]["Input"])
    assert "muster-identity-rotation" == target(template, schedule["Target"]["Arn"])
    dead_letters = target(template, schedule["Target"]["DeadLetterConfig"]["Arn"])
    assert "muster-identity-rotation-dead-letters" == dead_letters
    (policy,) = role["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert "sqs:SendMessage" == statement["Action"]
    assert {"muster-identity-rotation", "muster-identity-rotation-dead-letters"} == {
        target(template, reference) for reference in statement["Resource"]
    }


def test_no_policy_grants_everything() -> None:
    for template in TEMPLATES:
        for label, resource in template.resources.items():
            for statement in _statements(resource):
                if statement["Effect"] == "Allow":
                    actions = statement["Action"]
                    assert "*" not in (actions if isinstance(actions, str) else "".join(actions)), label
                    assert "*" != statement.get("Resource"), label


def _statements(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, dict):
        if "Effect" in node:
            yield node
        for value in node.values():
            yield from _statements(value)
    elif isinstance(node, list):
        for value in node:
            yield from _statements(value)


def test_no_physical_name_is_used_twice_and_each_begins_with_the_prefix() -> None:
    keys = ("TableName", "QueueName", "TopicName")
    names = [
        named(resource["Properties"][key])
        for template in TEMPLATES
        for resource in template.resources.values()
        for key in keys
        if key in resource["Properties"]
    ]

    assert len(set(names)) == len(names)
    assert [] == [name for name in names if not name.startswith("muster-")]


@pytest.mark.parametrize("name", OWNERS)
def test_a_service_reads_exactly_the_resources_that_its_stack_gives_out(name: str) -> None:
    entry = by_name()[name]
    settings: type[ServiceSettings] = entry.settings()
    rows = [row for row in variables(settings) if row.name.endswith(RESOURCE_WORDS)]
    # What holds a secret itself, and not the name of one, is no resource.
    read = {row.name for row in rows if not row.kind.startswith("secret")}
    template = next(template for template in TEMPLATES if template.name == f"muster-{name}-data")
    given = {variable(output) for output in template.document["Outputs"]}

    assert given == read
    assert f"{entry.prefix}PORT" == variable_name(settings, "port")
