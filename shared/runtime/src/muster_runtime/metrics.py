"""Every metric of the chassis, typed and documented: names and labels are an interface.

Label values are closed sets or names from code (a route's pattern, a reason code), never identifiers: a label that
takes one value a player would grow without bound.
"""

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

_QUICK_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW_S: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)


class Metrics:
    """The metrics of one service, in a registry of its own.

    One registry a service, so that several services in one process keep apart what they count.

    Attributes:
        registry: what `/metrics` shows; a service may register more in it through `counter`, `gauge`, `histogram`.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Register every metric of the chassis.

        Args:
            registry: where to; a new one when left out.
        """
        self.registry = registry if registry is not None else CollectorRegistry()
        self._http()
        self._queues()
        self._events()

    def counter(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Counter:
        """Register a counter of the service's own; its name ends up with `_total`."""
        return Counter(name, documentation, labels, registry=self.registry)

    def gauge(self, name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
        """Register a gauge of the service's own."""
        return Gauge(name, documentation, labels, registry=self.registry)

    def histogram(
        self, name: str, documentation: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = _QUICK_S
    ) -> Histogram:
        """Register a histogram of the service's own; *buckets* are upper bounds, in the unit of the name."""
        return Histogram(name, documentation, labels, buckets=buckets, registry=self.registry)

    def exposition(self) -> tuple[bytes, str]:
        """Return the body of `/metrics` and its content type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST

    def _http(self) -> None:
        self.http_requests = self.counter(
            "muster_http_requests", "Requests answered, by route pattern and status", ("method", "route", "status")
        )
        self.http_seconds = self.histogram(
            "muster_http_request_seconds", "Time from request head to answer", ("method", "route")
        )
        self.http_in_flight = self.gauge("muster_http_requests_in_flight", "Requests being handled now")
        self.http_problems = self.counter(
            "muster_http_problems", "Error answers, by route pattern and stable code", ("route", "code")
        )
        self.tokens_refused = self.counter(
            "muster_tokens_refused", "Access tokens refused, by the stable code of the refusal", ("code",)
        )
        self.jwks_fetches = self.counter(
            "muster_jwks_fetches", "Fetches of the issuer's key set: `ok` or `failed`", ("outcome",)
        )
        self.revocation_reads = self.counter(
            "muster_revocation_reads", "Reads of the issuer's list of revocations: `ok` or `failed`", ("outcome",)
        )
        self.requests_limited = self.counter(
            "muster_requests_limited", "Requests refused because somebody asked too often, by limit", ("limit",)
        )
        self.ready = self.gauge("muster_ready", "1 while the service reports itself ready")
        self.probe_up = self.gauge("muster_probe_up", "1 when the dependency answered its last probe", ("probe",))

    def _queues(self) -> None:
        by_consumer = ("consumer",)
        self.messages_received = self.counter(
            "muster_messages_received", "Messages received, repeats included", by_consumer
        )
        self.messages_done = self.counter("muster_messages_done", "Messages handled and deleted", by_consumer)
        self.messages_retried = self.counter(
            "muster_messages_retried",
            "Messages returned to the queue, by the code of what went wrong",
            ("consumer", "code"),
        )
        self.messages_parked = self.counter(
            "muster_messages_parked", "Messages moved to the dead-letter queue, by reason", ("consumer", "reason")
        )
        self.messages_unrecognised = self.counter(
            "muster_messages_unrecognised", "Well-formed messages that are not for this consumer", by_consumer
        )
        self.messages_returned = self.counter(
            "muster_messages_returned", "Messages given back unstarted while stopping", by_consumer
        )
        self.messages_in_flight = self.gauge("muster_messages_in_flight", "Messages being handled now", by_consumer)
        self.message_seconds = self.histogram(
            "muster_message_handling_seconds", "Time from start of handling to its outcome", by_consumer
        )
        self.message_age_s = self.histogram(
            "muster_message_age_seconds",
            "Time from a message's first send to the start of its handling",
            by_consumer,
            buckets=_SLOW_S,
        )
        self.heartbeat_failures = self.counter(
            "muster_heartbeat_failures", "Visibility extensions that failed", by_consumer
        )
        self.receive_failures = self.counter("muster_receive_failures", "ReceiveMessage calls that failed", by_consumer)
        self.settle_failures = self.counter(
            "muster_settle_failures",
            "Calls that failed for good after handling (`delete`, `return`, `park`): the message will be repeated",
            ("consumer", "step"),
        )

    def _events(self) -> None:
        self.events_published = self.counter(
            "muster_events_published", "Events accepted by the bus, by type", ("type",)
        )
        self.events_failed = self.counter(
            "muster_events_failed", "Tries that the bus refused or did not answer, by error code", ("code",)
        )
        self.publish_seconds = self.histogram("muster_publish_seconds", "Time of a publish, its retries included")
        self.outbox_relayed = self.counter("muster_outbox_relayed", "Outbox rows published and deleted")
        self.outbox_failures = self.counter("muster_outbox_failures", "Outbox passes that failed and will repeat")
        self.outbox_stuck = self.gauge(
            "muster_outbox_stuck_rows", "Outbox rows in the last pass that the bus refuses for good; look at the logs"
        )
        self.outbox_age_s = self.gauge(
            "muster_outbox_oldest_seconds", "Age of the oldest row found by the last outbox pass; 0 when it was empty"
        )
