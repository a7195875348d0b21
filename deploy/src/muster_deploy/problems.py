"""What can keep Muster from coming up, told to a person with what to do next."""

from collections.abc import Iterator


class CannotStart(Exception):
    """Something outside the program is in the way.

    Attributes:
        what: what is in the way.
        advice: what the person can do about it.
    """

    def __init__(self, what: str, advice: str) -> None:
        """Build the error from its two sentences."""
        super().__init__(f"{what} {advice}")
        self.what = what
        self.advice = advice


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Return the errors of a group that are no groups themselves, in order."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error
