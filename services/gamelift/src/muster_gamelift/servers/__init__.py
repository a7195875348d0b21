"""The Server SDK 5 protocol: game server processes over WebSocket."""
