"""What travels over HTTP: `guests`, `accounts` and `operators` for our own API, `compatible` for the published wire."""
