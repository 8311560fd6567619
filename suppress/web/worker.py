"""Put a worker together: database, rules, log, keys and limits into an application, and take it apart again."""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from suppress.access.authenticate import Authenticator
from suppress.access.limits import Limits as Budget
from suppress.access.limits import Rate
from suppress.errors import StoreError
from suppress.facts.instants import to_us
from suppress.ledger.opening import OpenLedger, open_ledger
from suppress.serving.ports import OnLogFailure
from suppress.serving.revisions import (
    FolderRules,
    PublishedElseFolder,
    PublishedRules,
    Revisions,
    Rules,
    Watcher,
)
from suppress.serving.service import Serving, open_serving
from suppress.settings import Settings
from suppress.stores.database import Database
from suppress.stores.decision_log import DecisionLog
from suppress.stores.idempotency import Requests
from suppress.stores.keys import Keys
from suppress.stores.versions import Versions
from suppress.web.app import make_app
from suppress.web.desk import PublishingDesk
from suppress.web.guard import Guard
from suppress.web.log_reading import LogReader
from suppress.web.metrics import Metrics
from suppress.web.ports import Service
from suppress.web.upkeep import Lookout, Upkeep

THREADS: Final = 32
"""For what is neither a check nor quick: keys that are new, rules that are published, pages of the log."""

MOST_UNWRITTEN: Final = 10_000
"""How many decisions may wait for the disk before the worker counts as not ready."""

LOG_WRITING: Final = "log writing"
"""Bearable where decisions are answered without the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """`rules_from`: `published`, `folder`, or `auto` for the folder until something is published.

    `rate`: requests a second for each key and worker, `burst`: at once.
    """

    settings: Settings
    rules_from: str = "auto"
    rate: int
    burst: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a worker is made of, for upkeep and for taking it apart."""

    database: Database
    revisions: Revisions
    serving: Serving
    log: OpenLedger
    authenticator: Authenticator
    keys: Keys
    metrics: Metrics


def worker_app(options: WorkerOptions) -> Guard:
    """The application of one worker process; made in it, after any fork. Raises SuppressError when it cannot work."""
    with ExitStack() as undo:
        database = Database.open(options.settings.database)
        undo.callback(database.close)
        revisions = Revisions(rules_of(options, database), now_us)
        table = DecisionLog(database)
        log = open_ledger(options.settings, table)
        undo.callback(log.ledger.close)
        on_log_failure = OnLogFailure(options.settings.on_log_failure)
        serving = open_serving(
            database,
            revisions,
            log.ledger,
            reserve_hours=options.settings.reserve_hours,
            on_log_failure=on_log_failure,
        )
        undo.callback(serving.close)
        keys = Keys(database)
        parts = Parts(
            database=database,
            revisions=revisions,
            serving=serving,
            log=log,
            authenticator=Authenticator(keys.find, now_us, ticks_us=ticks_us),
            keys=keys,
            metrics=Metrics(),
        )
        lookout = Lookout(
            [
                ("database", lambda: _database_trouble(database)),
                ("log", lambda: _log_trouble(log)),
                (LOG_WRITING, lambda: "the last write failed" if log.ledger.is_failing else None),
            ],
            ticks_us,
        )
        service = Service(
            checks=serving,
            callers=parts.authenticator,
            budget=Budget(Rate(requests=options.rate, burst=options.burst)),
            log=LogReader(table, log.follower, log.masks),
            desk=PublishingDesk(Versions(database), revisions, now_us),
            requests=Requests(database),
            look=lookout.seen,
            clock=now_us,
            ticks_us=ticks_us,
            bearable=frozenset({LOG_WRITING} if on_log_failure is OnLogFailure.ANSWER else ()),
        )
        _tell_figures(parts)
        taking_apart = undo.pop_all()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="suppress-web")
        asyncio.get_running_loop().set_default_executor(pool)
        watcher = Watcher(revisions)
        # Each with a thread of its own: a database that hangs must hold up neither the keys of requests nor the figures
        # that tell of it.
        upkeeps = (
            Upkeep({"asking after keys": parts.authenticator.memory.refresh}),
            Upkeep({"telling figures": lambda: _tell_figures(parts)}),
            Upkeep(
                {
                    "noting which keys were used": lambda: _note_used(parts),
                    "looking whether all is well": lookout.look,
                }
            ),
        )
        try:
            yield
        finally:
            # Requests under way have been answered; what they decided is written before the log is closed.
            for upkeep in upkeeps:
                upkeep.close()
            await asyncio.to_thread(watcher.close)
            await asyncio.to_thread(taking_apart.close)

    return make_app(service, metrics=parts.metrics, lifespan=lifespan)


def rules_of(options: WorkerOptions, database: Database) -> Rules:
    """Where the rules come from."""
    settings, versions = options.settings, Versions(database)
    if options.rules_from == "published":
        return PublishedRules(versions, settings.ruleset)
    folder = FolderRules(Path(settings.rules), now_us, settings.ruleset)
    if options.rules_from == "folder":
        return folder
    return PublishedElseFolder(versions, folder, settings.ruleset)


def now_us() -> int:
    """Now, in microseconds since 1970 UTC."""
    return to_us(datetime.now(UTC))


def ticks_us() -> int:
    """Microseconds of a clock that nobody sets: for how long ago something was."""
    return time.monotonic_ns() // 1_000


def _database_trouble(database: Database) -> str | None:
    try:
        state = database.schema_state()
    except StoreError:
        database.drop_reader()
        return "it does not answer"
    return None if state.is_current else "its schema is not the one this version needs"


def _log_trouble(log: OpenLedger) -> str | None:
    return None if log.ledger.counts.waiting < MOST_UNWRITTEN else "it does not keep up"


def _note_used(parts: Parts) -> None:
    for key_id, at_us in parts.authenticator.memory.take_used().items():
        parts.keys.touch(key_id, at_us)


def _tell_figures(parts: Parts) -> None:
    revision = parts.revisions.current()
    parts.metrics.note_rules(revision.compiled.name, revision.version, revision.compiled.fingerprint)
    parts.metrics.note_health(parts.revisions.health, parts.serving.figures(), parts.log, now_us())
