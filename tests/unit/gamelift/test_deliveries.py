from muster_gamelift.deliveries import Deliveries
from muster_gamelift.state.world import Notice

NOTICE = Notice("", {"id": "e-1"})


def test_a_notice_is_finished_when_the_last_listener_is_done_with_it() -> None:
    finished: list[Notice] = []
    deliveries = Deliveries(finished.append)
    deliveries.add(deliveries.done)
    deliveries.add(lambda _notice: None)

    deliveries.hand_over(NOTICE)
    assert finished == []
    deliveries.done(NOTICE)

    assert finished == [NOTICE]


def test_a_notice_that_comes_twice_is_finished_once_both_are() -> None:
    finished: list[Notice] = []
    deliveries = Deliveries(finished.append)
    deliveries.add(lambda _notice: None)
    deliveries.hand_over(NOTICE)
    deliveries.hand_over(NOTICE)

    deliveries.done(NOTICE)
    assert finished == []
    deliveries.done(NOTICE)

    assert finished == [NOTICE]


def test_a_notice_without_listeners_is_finished_at_once() -> None:
    finished: list[Notice] = []

    Deliveries(finished.append).hand_over(NOTICE)

    assert finished == [NOTICE]
