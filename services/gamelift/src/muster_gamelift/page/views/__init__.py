"""What the page shows, as JSON-compatible values: pure functions of a region, a question and the time."""
