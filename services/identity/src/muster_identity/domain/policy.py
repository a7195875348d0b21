"""How accounts are treated; every time in seconds."""

from dataclasses import dataclass

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class AccountPolicy:
    """What an operator decides about accounts.

    Attributes:
        recent_s: linking, unlinking, exporting and deleting need a sign-in that is no older than this.
        deletion_grace_s: how long an account that asked to be deleted waits for its player to come back.
        resolution_s: how long a conflict may be resolved.
        compatible_link_switches: whether a compatible link request for an identity that opens another account signs
            in to that account without a word, as the published design does.
    """

    recent_s: int = 3600
    deletion_grace_s: int = 14 * DAY_S
    resolution_s: int = 600
    compatible_link_switches: bool = False
