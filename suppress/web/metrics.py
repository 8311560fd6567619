"""What the service did, as Prometheus reads it. Right with several workers: see `figures`.

No label holds a sku, a customer or anything else a stranger may choose freely.
"""

import os
from collections import Counter as Tally
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from suppress.decisions.decision import ItemDecision
from suppress.serving.ports import Answer

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
CHANNELS: Final = frozenset({"email", "sms", "push", "web", "app", "ads", "mail", "phone", "whatsapp"})
MOST_RULES: Final = 1_000
_BUCKETS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one process. Several processes share a folder (`PROMETHEUS_MULTIPROC_DIR`), if one is set."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        here = self._registry
        self._checks = Counter("suppress_checks", "Messages decided.", ["channel", "decision"], registry=here)
        self._items = Counter(
            "suppress_items", "Items decided, by the deciding rule.", ["decision", "rule"], registry=here
        )
        self._unavailable = Counter(
            "suppress_checks_unavailable", "Decisions that rest on on_unavailable, and why.", ["why"], registry=here
        )
        self._lost = Counter(
            "suppress_decision_log_dropped", "Decisions that were answered and are not in the log.", registry=here
        )
        self._control = Counter(
            "suppress_control_group_items", "Items decided for customers of the control group.", registry=here
        )
        self._requests = Counter(
            "suppress_http_requests", "Requests answered.", ["method", "path", "status"], registry=here
        )
        self._took = Histogram(
            "suppress_http_request_duration_seconds",
            "From the first byte of the headers to the last of the answer.",
            ["path"],
            buckets=_BUCKETS_S,
            registry=here,
        )
        self._in_flight = Gauge(
            "suppress_http_requests_in_flight", "Requests being answered.", registry=here, multiprocess_mode="livesum"
        )
        self._revision = Gauge(
            "suppress_ruleset_info",
            "1 for the rules that decide now.",
            ["ruleset", "version", "revision"],
            registry=here,
            multiprocess_mode="livemax",
        )
        self._told_revision: tuple[str, str, str] | None = None
        self._loaded = Gauge(
            "suppress_ruleset_last_success_timestamp_seconds",
            "When rules were last loaded, or found unchanged.",
            registry=here,
            multiprocess_mode="livemin",
        )
        self._load_failed = Gauge(
            "suppress_ruleset_last_error_timestamp_seconds",
            "When rules last failed to load; 0 = never.",
            registry=here,
            multiprocess_mode="livemax",
        )
        self._rules: set[str] = set()

    def note_answers(self, answers: Sequence[Answer], channel: str | None) -> None:
        """Count decisions."""
        known = channel if channel in CHANNELS else "none" if channel is None else "other"
        for answer in answers:
            decision = answer.decision
            self._checks.labels(known, decision.verdict.value).inc()
            if answer.unavailable is not None:
                self._unavailable.labels(answer.unavailable.value).inc()
            if not answer.is_logged:
                self._lost.inc()
            if decision.control_group:
                self._control.inc(len(decision.items))
            for (verdict, rule), count in Tally(map(self._decided, decision.items)).items():
                self._items.labels(verdict, rule).inc(count)

    def note_request(self, method: str, path: str, status: int, took_s: float) -> None:
        """Count one request. `path` is the route's, never the one that was asked for."""
        self._requests.labels(method, path, str(status)).inc()
        self._took.labels(path).observe(took_s)

    def note_in_flight(self, change: int) -> None:
        """One request more, or less."""
        self._in_flight.inc(change)

    def note_rules(self, name: str, version: int | None, fingerprint: str, *, success_s: float, error_s: float) -> None:
        """Which rules decide. Times in seconds since 1970 UTC."""
        told = (name, "" if version is None else str(version), fingerprint)
        if self._told_revision is not None and told != self._told_revision:
            self._revision.labels(*self._told_revision).set(0)
        self._told_revision = told
        self._revision.labels(*told).set(1)
        self._loaded.set(success_s)
        self._load_failed.set(error_s)

    def figures(self) -> bytes:
        """All counters as text: of all processes that share the folder, else of this one."""
        if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            return generate_latest(self._registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)

    def _decided(self, item: ItemDecision) -> tuple[str, str]:
        deciding = item.deciding
        if deciding is None:
            return item.verdict.value, ""
        rule = deciding.rule
        if rule not in self._rules:
            # Rules come and go with every version; a service that runs for years must not remember them all.
            if len(self._rules) >= MOST_RULES:
                return item.verdict.value, "other"
            self._rules.add(rule)
        return item.verdict.value, rule
