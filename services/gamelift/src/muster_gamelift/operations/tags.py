"""Tags of resources."""

from muster_gamelift.errors import UnknownResource
from muster_gamelift.operations.call import Call, Output, add_tags
from muster_gamelift.state.arns import name_of
from muster_gamelift.state.world import Tags


def tag_resource(call: Call) -> Output:
    """Add tags, replacing those with the same key."""
    add_tags(call, _taggable(call))
    return {}


def untag_resource(call: Call) -> Output:
    """Remove tags by key; absent keys are fine."""
    arn = _taggable(call)
    keys = set(call.given["TagKeys"])
    call.world.tags.put(arn, Tags({key: value for key, value in _pairs(call, arn).items() if key not in keys}))
    return {}


def list_tags_for_resource(call: Call) -> Output:
    """Return the tags of a resource."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in _pairs(call, _taggable(call)).items()]}


def _pairs(call: Call, arn: str) -> dict[str, str]:
    tags = call.world.tags.get(arn)
    return dict(tags.pairs) if tags else {}


def _taggable(call: Call) -> str:
    arn: str = call.given["ResourceARN"]
    world, name = call.world, name_of(arn)
    known = {
        world.arns.rule_set(name): name in world.rule_sets,
        world.arns.configuration(name): name in world.configurations,
        world.arns.queue(name): name in world.queues,
        world.arns.fleet(name): name in world.fleets,
        world.arns.location(name): name in world.locations,
        world.arns.alias(name): name in world.aliases,
    }
    if not known.get(arn):
        raise UnknownResource(f"Resource {arn} not found.")
    return arn
