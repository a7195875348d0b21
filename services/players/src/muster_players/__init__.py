"""Virtual players and the sample game server they play on."""
