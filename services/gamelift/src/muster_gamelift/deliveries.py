"""One notice, several listeners: hands it to each, and tells when all are done with it."""

from collections.abc import Callable

from muster_gamelift.state.world import Notice

Listener = Callable[[Notice], None]


class Countdown:
    """Counts, for each notice, those who are not done with it yet."""

    def __init__(self, finished: Listener) -> None:
        """Start with nothing under way.

        Args:
            finished: called for a notice when nobody is left; a notice that comes twice is finished once both are.
        """
        self._finished = finished
        self._open: dict[str, int] = {}

    def begin(self, notice: Notice, parts: int) -> None:
        """Expect *parts* more calls of `done` for *notice*."""
        key = notice.envelope["id"]
        self._open[key] = self._open.get(key, 0) + parts

    def done(self, notice: Notice) -> None:
        """Note that one part of *notice* is done with."""
        key = notice.envelope["id"]
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]
            self._finished(notice)


class Deliveries:
    """A `NoticeSink` in front of those that take their time, and say so when they are done."""

    def __init__(self, finished: Listener) -> None:
        """Start without listeners.

        Args:
            finished: called for each notice when every listener is done with it.
        """
        self._countdown = Countdown(finished)
        self._listeners: list[Listener] = []

    def add(self, listener: Listener) -> None:
        """Hand notices to *listener* too, from now on; it must see to it that `done` is called for each."""
        self._listeners.append(listener)

    def hand_over(self, notice: Notice) -> None:
        """Take *notice*, and hand it to every listener."""
        # One part more than listeners: the first may be done before the second has the notice.
        self._countdown.begin(notice, len(self._listeners) + 1)
        for listener in self._listeners:
            listener(notice)
        self._countdown.done(notice)

    def done(self, notice: Notice) -> None:
        """Note that one listener is done with *notice*."""
        self._countdown.done(notice)
