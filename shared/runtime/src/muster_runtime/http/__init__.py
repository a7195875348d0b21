"""The HTTP edge: routes as data, strict input, problem answers, OpenAPI."""
