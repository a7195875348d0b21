"""Achievement definitions, player progress and unlocks."""
