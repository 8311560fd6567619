"""The figures for Prometheus: right for one process and for several, and bounded whatever strangers send."""

import os
import subprocess
import sys
from pathlib import Path

from suppress.serving.ports import Unavailable
from suppress.web.app import make_app
from tests.web.driver import ask_now, post
from tests.web.fakes import FakeChecks, make_service


def figures(text: bytes) -> dict[str, float]:
    """Each figure by its name and labels."""
    lines = [line.rpartition(" ") for line in text.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_decisions_items_and_requests_are_counted() -> None:
    """By verdict and channel, by deciding rule, by route and status."""
    checks = FakeChecks()
    app = make_app(make_service(checks=checks))
    post(app, "/v1/check", {"customer_id": "C", "channel": "email", "items": ["A", "B", "gone"]})
    checks.unavailable = Unavailable.LATE
    post(app, "/v1/check:batch", {"messages": [{"customer_id": "C", "items": ["gone"]}] * 2})
    post(app, "/v1/check", {"items": []})
    told = figures(ask_now(app, "GET", "/metrics", key="Bearer analyst").body)

    assert {
        'suppress_checks_total{channel="email",decision="send"}': 1,
        'suppress_checks_total{channel="none",decision="suppress"}': 2,
        'suppress_items_total{decision="keep",rule=""}': 2,
        'suppress_items_total{decision="drop",rule="sold-out"}': 3,
        'suppress_checks_unavailable_total{why="late"}': 2,
        'suppress_http_requests_total{method="POST",path="/v1/check",status="200"}': 1,
        'suppress_http_requests_total{method="POST",path="/v1/check",status="422"}': 1,
        'suppress_http_request_duration_seconds_count{path="/v1/check"}': 2,
        "suppress_decision_log_dropped_total": 0,
        "suppress_http_requests_in_flight": 1,
    }.items() <= told.items()


def test_strangers_choose_no_label() -> None:
    """Whatever channels, paths and methods are made up, the series stay as many."""
    app = make_app(make_service())

    def asked(round_: int) -> set[str]:
        for number in range(20):
            name = f"x{round_}-{number}"
            post(app, "/v1/check", {"customer_id": name, "channel": name, "items": [name]})
            ask_now(app, "GET", f"/{name}")
            ask_now(app, name.upper(), "/v1/check")
            ask_now(app, "GET", f"/v1/decisions/{name.replace('-', '')}")
        return set(figures(ask_now(app, "GET", "/metrics").body))

    first = asked(1)

    assert first | {name for name in asked(2) if "/metrics" in name} == asked(3)
    assert 'suppress_checks_total{channel="other",decision="send"}' in first
    assert not [name for name in first if "x1" in name]


_WORKER = """
import sys
from suppress.web.metrics import Metrics
metrics = Metrics()
metrics.note_in_flight(1)
for _ in range(int(sys.argv[1])):
    metrics.note_request("POST", "/v1/check", 200, 0.01)
sys.stdout.buffer.write(metrics.figures())
"""


def test_several_processes_are_added_up(tmp_path: Path) -> None:
    """Whichever worker is asked tells what all did; what a dead one was doing is done by nobody."""
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": "."}
    command = [sys.executable, "-c", _WORKER]
    subprocess.run([*command, "3"], env=environment, check=True, capture_output=True)
    second = subprocess.run([*command, "4"], env=environment, check=True, capture_output=True)
    told = figures(second.stdout)

    assert 7 == told['suppress_http_requests_total{method="POST",path="/v1/check",status="200"}']
    assert 7 == told['suppress_http_request_duration_seconds_count{path="/v1/check"}']
    assert 1 == told["suppress_http_requests_in_flight"]
