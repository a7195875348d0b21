"""What can go wrong in achievements, in its own words.

MusterError
├── Invalid
│   ├── DefinitionInvalid      a definition breaks a rule
│   └── KeyReused              an idempotency key came back with another request
├── Forbidden
│   └── ServerOnly             clients may not report this achievement's progress
├── Conflict
│   ├── RecordMoved            another writer changed the player's record first
│   └── AlreadyApplied         this very cause is in the record already
└── NotFound
    └── AchievementUnknown     no such achievement
"""

from muster_runtime.errors import Conflict, Forbidden, Invalid, NotFound


class DefinitionInvalid(Invalid):
    """A definition breaks a rule."""

    code = "definition_invalid"
    advice = "Correct the definition as the detail says."


class KeyReused(Invalid):
    """An idempotency key came back with another request."""

    code = "idempotency_key_reused"
    advice = "Use a new Idempotency-Key for a new request."


class ServerOnly(Forbidden):
    """Progress of this achievement comes from the game's servers alone."""

    code = "server_only"
    advice = "Play: this achievement counts what game servers report."


class RecordMoved(Conflict):
    """Another writer changed the player's record between our read and our write."""

    code = "record_moved"
    advice = "Repeat the request."


class AlreadyApplied(Conflict):
    """This very cause is part of the record already; never leaves the service."""

    code = "already_applied"


class AchievementUnknown(NotFound):
    """There is no such achievement."""

    code = "achievement_unknown"
    advice = "List the achievements to see which there are."
