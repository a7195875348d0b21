"""The table of who listens to what."""

from muster_events import routing
from muster_events.gamelift import NOTICES
from muster_events.registry import EVENTS

PRODUCERS = {each.TYPE: each.PRODUCER for each in EVENTS}


def test_every_subscription_is_to_a_registered_event_of_its_producer() -> None:
    assert {each.event_type: each.producer for each in routing.SUBSCRIPTIONS}.items() <= PRODUCERS.items()


def test_nobody_subscribes_twice() -> None:
    pairs = [(each.event_type, each.consumer) for each in routing.SUBSCRIPTIONS]

    assert len(pairs) == len(set(pairs))


def test_a_queue_belongs_to_one_service_and_says_so() -> None:
    owners = {(each.queue, each.consumer) for each in routing.SUBSCRIPTIONS}
    owners |= {(each.queue, each.consumer) for each in routing.NOTICE_FEEDS}

    assert len(owners) == len({queue for queue, _ in owners})
    assert all(queue.startswith(f"muster-{consumer}-") for queue, consumer in owners)


def test_the_notice_feeds_carry_what_the_registry_knows() -> None:
    assert {each.detail_type for each in routing.NOTICE_FEEDS} == set(NOTICES)


def test_a_pattern_selects_one_type_of_one_producer() -> None:
    subscription = routing.listeners_to("ticket.refused")[0]

    assert subscription.pattern == {"source": ["muster.matchmaking"], "detail-type": ["ticket.refused"]}
    assert subscription.dead_letters == "muster-tickets-events-dead-letters"


def test_the_pattern_of_a_queue_lets_in_exactly_what_its_service_listens_to() -> None:
    for queue, pattern in routing.patterns_by_queue().items():
        admitted = {
            kind
            for kind, producer in PRODUCERS.items()
            if f"muster.{producer}" in pattern["source"] and kind in pattern["detail-type"]
        }

        assert admitted == {each.event_type for each in routing.SUBSCRIPTIONS if each.queue == queue}


def test_what_a_service_hears_is_listed_in_the_order_of_the_table() -> None:
    assert routing.heard_by("achievements") == ("match.finished",)
    assert routing.heard_by("identity") == ()
    assert {each.consumer for each in routing.listeners_to("match.finished")} == {"achievements", "listener"}
