"""The sample game server: five-a-side football on a walled pitch, hosted on GameLift, played over TCP."""
