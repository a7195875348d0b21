"""Bearer tokens: verification against published keys, and the caller they prove."""
