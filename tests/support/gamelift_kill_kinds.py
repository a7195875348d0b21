"""The kinds of tickets that `gamelift_kill` starts: how each is configured, where it ends, what is told of it."""

from typing import Any, Final

FINAL: Final = {"COMPLETED", "CANCELLED", "TIMED_OUT", "FAILED"}
ENDS: Final = {
    "completed": "COMPLETED",
    "accepted": "COMPLETED",
    "rejected": "CANCELLED",
    "asked": "REQUIRES_ACCEPTANCE",
    "placing": "PLACING",
    "searching": "SEARCHING",
    "stopped": "CANCELLED",
    "late": "TIMED_OUT",
    "failed": "FAILED",
}
"""Kind of ticket -> where it stands in the end."""
TOLD: Final = {
    "completed": ["MatchmakingSearching", "PotentialMatchCreated", "MatchmakingSucceeded"],
    "accepted": ["MatchmakingSearching", "PotentialMatchCreated", "AcceptMatch", "MatchmakingSucceeded"],
    "rejected": ["MatchmakingSearching", "PotentialMatchCreated", "AcceptMatchCompleted"],
    "asked": ["MatchmakingSearching", "PotentialMatchCreated"],
    "placing": ["MatchmakingSearching", "PotentialMatchCreated"],
    "searching": ["MatchmakingSearching"],
    "stopped": ["MatchmakingCancelled"],
    "late": ["MatchmakingTimedOut"],
    "failed": ["MatchmakingSearching", "PotentialMatchCreated", "MatchmakingFailed"],
}
"""Kind of ticket -> notices that must arrive for it."""
ONCE: Final = {"MatchmakingSucceeded", "MatchmakingCancelled", "MatchmakingTimedOut", "MatchmakingFailed"}
"""Of these, one ticket has one; the same one may arrive twice."""


TEAMS: Final = [{"name": name, "minPlayers": 1, "maxPlayers": 1} for name in ("red", "blue")]
RULE_SETS: Final[dict[str, dict[str, Any]]] = {
    "anybody": {"name": "any", "ruleLanguageVersion": "1.0", "teams": TEAMS},
    # Players of unequal number never meet, and all numbers are unequal.
    "nobody": {
        "name": "none",
        "ruleLanguageVersion": "1.0",
        "teams": TEAMS,
        "playerAttributes": [{"name": "number", "type": "number"}],
        "rules": [
            {
                "name": "SameNumber",
                "type": "distance",
                "measurements": ["max(teams[red].players.attributes[number])"],
                "referenceValue": "max(teams[blue].players.attributes[number])",
                "maxDistance": 0,
            }
        ],
    },
}


CONFIGURATIONS: Final[dict[str, dict[str, Any]]] = {
    "completed": {},
    "accepted": {"AcceptanceRequired": True, "AcceptanceTimeoutSeconds": 600},
    "rejected": {"AcceptanceRequired": True, "AcceptanceTimeoutSeconds": 600},
    "asked": {"AcceptanceRequired": True, "AcceptanceTimeoutSeconds": 600},
    "placing": {"FlexMatchMode": "WITH_QUEUE"},
    "searching": {"RuleSetName": "nobody"},
    "stopped": {"RuleSetName": "nobody"},
    "late": {"RuleSetName": "nobody", "RequestTimeoutSeconds": 2},
    "failed": {"FlexMatchMode": "WITH_QUEUE"},
}
