"""What was handed over: every notice, numbered in order, also those that nobody subscribed to."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from muster_gamelift.state.world import Notice


@dataclass(frozen=True, slots=True)
class Recorded:
    """One notice of the record.

    Attributes:
        number: 1 for the first since the start or the last reset.
        envelope: the whole notice, as every listener gets it.
    """

    number: int
    envelope: Mapping[str, Any]


class NoticeRecord:
    """A `NoticeSink` that remembers; when it is full, the oldest notices make room."""

    def __init__(self, *, most: int) -> None:
        """Build an empty record.

        Args:
            most: so many notices are kept, 1 or more.
        """
        self._kept: deque[Recorded] = deque(maxlen=most)
        self._last = 0

    @property
    def last(self) -> int:
        """The number of the last notice; 0 before the first."""
        return self._last

    def hand_over(self, notice: Notice) -> None:
        """Write *notice* down under the next number."""
        self._last += 1
        self._kept.append(Recorded(self._last, notice.envelope))

    def after(self, number: int) -> tuple[Recorded, ...]:
        """Return the notices with higher numbers than *number* that are still kept, oldest first."""
        first = self._kept[0].number if self._kept else 1
        return tuple(islice(self._kept, max(0, number + 1 - first), None))

    def clear(self) -> None:
        """Forget everything, and number from 1 again."""
        self._kept.clear()
        self._last = 0
