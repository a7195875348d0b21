"""Queues and events: the consumer, the publisher, the outbox and the envelopes between them."""
