"""Records GameLift notices and tells the rest of the system."""
