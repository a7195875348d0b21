"""Everything the local GameLift remembers, as frozen values with pure transitions."""
