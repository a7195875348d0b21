"""The operations of the GameLift API: one function each, from checked input to answer."""
