"""Amazon Resource Names of one region and account.

The account id is always present: AWS's own examples leave it empty in API answers and write it in notices; newer
accounts see it in both.
Source: GameLift API reference, ARN examples.
"""

from dataclasses import dataclass


def name_of(name_or_arn: str) -> str:
    """Return the resource name of *name_or_arn*: what follows the last slash of an ARN, or the name itself."""
    return name_or_arn.rsplit("/", 1)[-1] if name_or_arn.startswith("arn:") else name_or_arn


@dataclass(frozen=True, slots=True)
class Arns:
    """Builds ARNs.

    Attributes:
        region: a real-looking region name; game server SDKs check the pattern.
        account: twelve digits.
    """

    region: str
    account: str

    def _of(self, kind: str, name: str) -> str:
        return f"arn:aws:gamelift:{self.region}:{self.account}:{kind}/{name}"

    def rule_set(self, name: str) -> str:
        """Return the ARN of a matchmaking rule set."""
        return self._of("matchmakingruleset", name)

    def configuration(self, name: str) -> str:
        """Return the ARN of a matchmaking configuration."""
        return self._of("matchmakingconfiguration", name)

    def queue(self, name: str) -> str:
        """Return the ARN of a game session queue."""
        return self._of("gamesessionqueue", name)

    def fleet(self, fleet_id: str) -> str:
        """Return the ARN of a fleet."""
        return self._of("fleet", fleet_id)

    def alias(self, alias_id: str) -> str:
        """Return the ARN of a fleet alias."""
        return self._of("alias", alias_id)

    def location(self, name: str) -> str:
        """Return the ARN of a custom location."""
        return self._of("location", name)

    def compute(self, name: str) -> str:
        """Return the ARN of a compute."""
        return self._of("compute", name)

    def game_session(self, fleet_id: str, location: str, session_id: str) -> str:
        """Return the ARN of a game session; the home region's own location is not part of it."""
        middle = "" if location == self.region else f"{location}/"
        return self._of("gamesession", f"{fleet_id}/{middle}{session_id}")
