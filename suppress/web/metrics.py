"""What the service did, as Prometheus reads it. Right with several workers: see `figures`.

No label holds a sku, a customer or anything else a stranger may choose freely.
"""

import os
from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from suppress.decisions.decision import ItemDecision
from suppress.facts.instants import US_PER_SECOND, to_us
from suppress.web.shared_figures import make_room

if TYPE_CHECKING:
    from suppress.ledger.opening import OpenLedger
    from suppress.serving.ports import Answer
    from suppress.serving.revisions import Health
    from suppress.serving.service import Figures

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
CHANNELS: Final = frozenset({"email", "sms", "push", "web", "app", "ads", "mail", "phone", "whatsapp"})
MOST_RULES: Final = 1_000
_BUCKETS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of one process. Several processes share a folder (`PROMETHEUS_MULTIPROC_DIR`), if one is set."""

    def __init__(self) -> None:
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder:
            make_room(Path(folder))
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
        self._in_flight = self._gauge("suppress_http_requests_in_flight", "Requests being answered.", "livesum")
        self._revision = Gauge(
            "suppress_ruleset_info",
            "1 for the rules that decide now.",
            ["ruleset", "version", "revision"],
            registry=here,
            multiprocess_mode="livemax",
        )
        self._told_revision: tuple[str, str, str] | None = None
        self._loaded = self._gauge(
            "suppress_ruleset_last_success_timestamp_seconds",
            "When the rules that decide were last known to be the newest.",
            "livemin",
        )
        self._refused = self._gauge(
            "suppress_ruleset_refused", "1 while newer rules cannot be used and the last good ones decide.", "livemax"
        )
        self._circuit = self._gauge(
            "suppress_database_circuit_open", "1 while the database counts as gone and is not asked.", "livemax"
        )
        self._stuck = self._gauge(
            "suppress_fact_threads_stuck", "Threads held up by a question nobody waits for any more.", "livesum"
        )
        self._log_waiting = self._gauge("suppress_decision_log_waiting", "Decisions that wait for the disk.", "livesum")
        self._log_behind = self._gauge(
            "suppress_decision_log_behind", "Decisions that are in files and not yet in the table.", "livesum"
        )
        self._age = Gauge(
            "suppress_data_age_seconds",
            "How old the newest facts of a source were when they were last used, by now.",
            ["source"],
            registry=here,
            multiprocess_mode="livemin",
        )
        self._facts_as_of: dict[str, datetime | None] = {}
        self._rules: set[str] = set()

    def note_answers(self, answers: "Sequence[Answer]", channel: str | None) -> None:
        """Count decisions."""
        known = channel if channel in CHANNELS else "none" if channel is None else "other"
        for answer in answers:
            decision = answer.decision
            self._checks.labels(known, decision.verdict.value).inc()
            if answer.unavailable is not None:
                self._unavailable.labels(answer.unavailable.value).inc()
            if not answer.is_logged:
                self._lost.inc()
            if decision.facts_as_of:
                self._facts_as_of.update(decision.facts_as_of)
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

    def note_rules(self, name: str, version: int | None, fingerprint: str) -> None:
        """Which rules decide now."""
        told = (name, "" if version is None else str(version), fingerprint)
        if self._told_revision is not None and told != self._told_revision:
            self._revision.labels(*self._told_revision).set(0)
        self._told_revision = told
        self._revision.labels(*told).set(1)

    def note_health(self, rules: "Health", gate: "Figures", log: "OpenLedger", now_us: int) -> None:
        """How the parts behind the service do, just now."""
        self._loaded.set(rules.last_success_us / US_PER_SECOND)
        self._refused.set(rules.last_error is not None)
        self._circuit.set(gate.circuit_is_open)
        self._stuck.set(gate.stuck)
        self._log_waiting.set(log.ledger.counts.waiting)
        self._log_behind.set(0 if log.follower is None else log.follower.counts.behind)
        for source, at in list(self._facts_as_of.items()):
            if at is not None:
                self._age.labels(source).set(max(0, now_us - to_us(at)) / US_PER_SECOND)

    def figures(self) -> bytes:
        """All counters as text: of all processes that share the folder, else of this one."""
        folder = os.environ.get(FOLDER_VARIABLE)
        if not folder:
            return generate_latest(self._registry)
        _forget_dead(Path(folder))
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)

    def _gauge(self, name: str, meaning: str, mode: Literal["livesum", "livemax", "livemin"]) -> Gauge:
        return Gauge(name, meaning, registry=self._registry, multiprocess_mode=mode)

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


def _forget_dead(folder: Path) -> None:
    """What a worker was doing when it was killed is done by nobody now; what it did stays counted."""
    for path in folder.glob("gauge_live*_*.db"):
        process = path.stem.rpartition("_")[2]
        if process.isdigit() and not _is_alive(int(process)):
            mark_process_dead(int(process), str(folder))  # type: ignore[no-untyped-call]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
