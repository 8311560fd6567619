"""A worker as it is put together: what settings say, and what goes on while something else hangs."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner

from suppress.access.memory import KeyMemory
from suppress.cli import cli
from suppress.ledger.writer import Ledger
from suppress.settings import Settings
from suppress.web import serve as serving_processes
from suppress.web import worker
from suppress.web.upkeep import Lookout, Upkeep
from tests.web.driver import ask

Result = TypeVar("Result")

RULES = "version: 1\nruleset: shop\nrules:\n  - {id: gone, drop: item, code: out_of_stock, when: {item.sku: A}}\n"
WAIT_S = 20.0


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to serve from, with rules and a database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "rulesets/shop.yaml").write_text(RULES)
    assert 0 == CliRunner().invoke(cli, ["db", "upgrade"]).exit_code
    return tmp_path


@pytest.mark.parametrize(
    ("environment", "flags", "wanted"),
    [(None, [], "answer"), ("refuse", [], "refuse"), ("refuse", ["--on-log-failure", "answer"], "answer")],
)
def test_what_a_log_failure_means_is_a_setting(
    shop: Path, monkeypatch: pytest.MonkeyPatch, environment: str | None, flags: list[str], wanted: str
) -> None:
    """`on_log_failure` comes from the flag, else from the environment, else it is `answer`."""
    if environment is not None:
        monkeypatch.setenv("SUPPRESS_ON_LOG_FAILURE", environment)
    served: list[serving_processes.ServeOptions] = []
    monkeypatch.setattr(serving_processes, "serve", served.append)

    got = CliRunner().invoke(cli, ["serve", *flags], catch_exceptions=False)

    assert 0 == got.exit_code, got.output
    assert [wanted] == [options.worker.settings.on_log_failure for options in served]


def test_keys_are_asked_about_while_another_task_hangs(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that waits for a paused database holds the asking after keys up no more than requests."""
    hangs, ends, asked = threading.Event(), threading.Event(), threading.Event()

    def look(self: Lookout) -> None:
        if threading.current_thread().name == "suppress-upkeep":
            hangs.set()
            ends.wait(WAIT_S)

    def refresh(self: KeyMemory) -> bool:
        if hangs.is_set():
            asked.set()
        return True

    monkeypatch.setattr(Lookout, "look", look)
    monkeypatch.setattr(KeyMemory, "refresh", refresh)
    monkeypatch.setattr(worker, "Upkeep", partial(Upkeep, every_s=0.01))
    guard: Any = worker.worker_app(worker.WorkerOptions(settings=Settings(), rate=100, burst=100))

    async def go_on() -> bool:
        went_on = await asyncio.to_thread(asked.wait, WAIT_S)
        ends.set()
        return went_on

    assert asyncio.run(_living(guard, go_on))


@pytest.mark.parametrize(("on_log_failure", "status"), [("refuse", 503), ("answer", 200)])
def test_readiness_tells_of_a_log_that_cannot_be_written(
    shop: Path, monkeypatch: pytest.MonkeyPatch, on_log_failure: str, status: int
) -> None:
    """It is told either way; not ready is who refuses to decide without the log."""
    monkeypatch.setattr(Ledger, "is_failing", True)
    settings = Settings(on_log_failure=on_log_failure)
    guard: Any = worker.worker_app(worker.WorkerOptions(settings=settings, rate=100, burst=100))
    got = asyncio.run(_living(guard, lambda: ask(guard, "GET", "/readyz", key=None)))

    assert status == got.status
    assert "the last write failed" in got.body.decode()


async def _living(guard: Any, do: Callable[[], Awaitable[Result]]) -> Result:
    """Do something between the start of an application and its end."""
    events = [{"type": "lifespan.startup"}]
    told: list[str] = []
    started, stop = asyncio.Event(), asyncio.Event()

    async def receive() -> Any:
        if events:
            return events.pop()
        await stop.wait()
        return {"type": "lifespan.shutdown"}

    async def send(event: Any) -> None:
        told.append(event["type"])
        started.set()

    life = asyncio.create_task(guard({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send))
    await started.wait()
    result = await do()
    stop.set()
    await life
    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == told
    return result
