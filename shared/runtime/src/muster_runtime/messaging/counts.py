"""The metrics of one consumer, with its label looked up once: looking up costs more than counting."""

from functools import cached_property

from prometheus_client import Counter, Gauge, Histogram

from muster_runtime.metrics import Metrics


class Counts:
    """One consumer's share of `Metrics`; a series begins when it is first used, as it would without this."""

    def __init__(self, metrics: Metrics, consumer: str) -> None:
        """Take the share of *consumer*."""
        self._metrics = metrics
        self._consumer = consumer

    @cached_property
    def received(self) -> Counter:
        """Messages received."""
        return self._metrics.messages_received.labels(consumer=self._consumer)

    @cached_property
    def done(self) -> Counter:
        """Messages handled."""
        return self._metrics.messages_done.labels(consumer=self._consumer)

    @cached_property
    def unrecognised(self) -> Counter:
        """Messages that are not for this consumer."""
        return self._metrics.messages_unrecognised.labels(consumer=self._consumer)

    @cached_property
    def returned(self) -> Counter:
        """Messages given back unstarted."""
        return self._metrics.messages_returned.labels(consumer=self._consumer)

    @cached_property
    def in_flight(self) -> Gauge:
        """Messages being handled."""
        return self._metrics.messages_in_flight.labels(consumer=self._consumer)

    @cached_property
    def seconds(self) -> Histogram:
        """Time of handling."""
        return self._metrics.message_seconds.labels(consumer=self._consumer)

    @cached_property
    def age_s(self) -> Histogram:
        """Age at the start of handling."""
        return self._metrics.message_age_s.labels(consumer=self._consumer)

    @cached_property
    def receive_failures(self) -> Counter:
        """Receives that failed."""
        return self._metrics.receive_failures.labels(consumer=self._consumer)

    def retried(self, code: str) -> Counter:
        """Messages returned because of *code*."""
        return self._metrics.messages_retried.labels(consumer=self._consumer, code=code)

    def parked(self, reason: str) -> Counter:
        """Messages parked because of *reason*."""
        return self._metrics.messages_parked.labels(consumer=self._consumer, reason=reason)
