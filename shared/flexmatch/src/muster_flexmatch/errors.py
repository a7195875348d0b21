"""What can be wrong with a rule set or with a player's attributes."""


class RuleSetInvalid(ValueError):
    """The rule set cannot be used.

    Attributes:
        problems: everything that is wrong, one sentence each, beginning with the element.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Build the error.

        Args:
            problems: what is wrong, at least one.
        """
        super().__init__("; ".join(problems))
        self.problems = problems


class AttributeInvalid(ValueError):
    """A player cannot be matched by this rule set.

    Attributes:
        attribute: its name.
        problem: what is wrong with it.
    """

    def __init__(self, attribute: str, problem: str) -> None:
        """Build the error.

        Args:
            attribute: its name.
            problem: what is wrong with it.
        """
        super().__init__(f"attribute {attribute}: {problem}")
        self.attribute = attribute
        self.problem = problem


class ExpressionInvalid(ValueError):
    """A property expression does not parse or measures something that does not exist."""


class StatementInvalid(ValueError):
    """The statement of a compound rule does not parse."""
