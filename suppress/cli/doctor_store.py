"""What `suppress doctor` looks at in the database and beside it: schema, facts, rules, keys, log, lake, scheduler."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from suppress.cli.doctor_findings import Finding, ok, warning, wrong
from suppress.cli.exits import FACTS_STALE_OR_MISSING, RULES_INVALID
from suppress.errors import LedgerError, NoVersionError, RulesetError, StoreError
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND, from_us
from suppress.settings import Settings

if TYPE_CHECKING:
    from suppress.rules.compile import CompiledRuleset
    from suppress.stores.database import Database

BEHIND_US: Final = US_PER_MINUTE
"""From when on a table that follows the files is told to be behind."""
LATE_US: Final = 2 * US_PER_MINUTE
"""How long a scan may be due before somebody asks whether a scheduler runs."""
SOON_US: Final = 14 * US_PER_DAY
_ADDRESS: Final = "start it, or mend --database, SUPPRESS_DATABASE or suppress.toml"
_SCHEDULES: Final = "schedules.yaml"


def sqlite_library(url: str) -> Finding:
    """Whether SQLite's library has the race that can corrupt a database in WAL mode."""
    from suppress.stores.database import sqlite_module  # noqa: PLC0415

    module, may_wal = sqlite_module()
    seen = f"library {module.sqlite_version}"
    if may_wal:
        return ok("sqlite", f"{seen}, WAL mode")
    if not url.startswith("sqlite"):
        return ok("sqlite", f"{seen}, not used here")
    seen += " has a race that can corrupt WAL files, so a rollback journal is used: who reads waits for who writes"
    return warning("sqlite", seen, "`pip install pysqlite3`, which brings 3.51.3 or newer; or use PostgreSQL")


def opened(settings: Settings) -> "tuple[Finding | None, Database | None]":
    """The database, or why its address is of no use. Nothing is asked of it yet; close it."""
    from suppress.stores.database import Database  # noqa: PLC0415 - imports the database library

    try:
        return None, Database.open(settings.database, require_schema=False)
    except StoreError as error:
        return gone(error), None


def gone(error: StoreError) -> Finding:
    """The database, when it does not answer."""
    return wrong("database", str(error), _ADDRESS, FACTS_STALE_OR_MISSING)


def schema(database: "Database") -> Iterator[Finding]:
    """Whether the database answers, can be written, and has the tables this version needs; nothing more when not."""
    from suppress.stores.database import UPGRADE_HELP  # noqa: PLC0415
    from suppress.stores.looking import server  # noqa: PLC0415

    what, shown = "database", database.shown_url
    file = Path(database.url.database or "") if database.dialect == "sqlite" else None
    if file is not None and not file.exists():
        yield wrong(what, f"there is none at {shown}", UPGRADE_HELP, FACTS_STALE_OR_MISSING)
        return
    try:
        state, named = database.schema_state(), server(database)
    except StoreError as error:
        yield gone(error)
        return
    if file is not None and not (os.access(file, os.W_OK) and os.access(file.parent, os.W_OK)):
        seen = f"{shown} can be read and not be written, or its folder cannot"
        yield wrong(what, seen, "give file and folder to the user suppress runs as", FACTS_STALE_OR_MISSING)
        return
    yield ok(what, f"{shown}, {named}")
    if state.is_current:
        yield ok("schema", f"revision {state.current}")
    elif state.current is not None and state.current > state.head:
        seen = f"revision {state.current} is newer than this version knows ({state.head})"
        yield wrong("schema", seen, "install the newer version of suppress", FACTS_STALE_OR_MISSING)
    else:
        seen = f"revision {state.current or 'none'}, and {state.head} is needed"
        yield wrong("schema", seen, UPGRADE_HELP, FACTS_STALE_OR_MISSING)


def published_rules(database: "Database", settings: Settings) -> "tuple[Finding, CompiledRuleset | None]":
    """The newest published version, which decides if there is one."""
    from suppress.stores.published import find_version, load_version  # noqa: PLC0415
    from suppress.stores.versions import Versions  # noqa: PLC0415

    what, versions = "published", Versions(database)
    try:
        version = find_version(versions, settings.ruleset)
    except NoVersionError as error:
        if versions.heads():
            return warning(what, str(error), "name one with --ruleset or SUPPRESS_RULESET, or publish it"), None
        return ok(what, "nothing; `suppress serve` decides by the folder until `suppress publish`"), None
    try:
        compiled = load_version(versions, settings.ruleset)
    except RulesetError as error:
        remedy = f"publish rules this version can read, or `suppress rollback {version.ruleset} NUMBER`"
        return wrong(what, _first_line(error), remedy, RULES_INVALID), None
    at = from_us(version.published_at_us).strftime("%Y-%m-%d %H:%M UTC")
    return ok(what, f"{version.ruleset} version {version.number}, by {version.author} at {at}"), compiled


def folder_rules(settings: Settings, published: "CompiledRuleset | None") -> "tuple[Finding, CompiledRuleset | None]":
    """The rules of the folder, beside those published."""
    from suppress.service import load_ruleset  # noqa: PLC0415

    what, path = "rules", settings.rules
    if published is not None and not Path(path).exists():
        return ok(what, f"no {path} here; what is published decides"), None
    try:
        compiled = load_ruleset(path, ruleset=settings.ruleset)
    except RulesetError as error:
        remedy = f"`suppress lint {path}` tells every mistake and what to write instead"
        return wrong(what, _first_line(error), remedy, RULES_INVALID), None
    seen = f"{compiled.name} of {path}, {len(compiled.rules)} rules"
    is_other = published is not None and published.name == compiled.name
    if published is not None and is_other and published.fingerprint != compiled.fingerprint:
        seen += f", not what version {published.version} says, which decides"
        return warning(
            what, seen, "`suppress plan` shows the difference, `suppress publish` puts it in force"
        ), compiled
    return ok(what, seen), compiled


def outage_policy(compiled: "CompiledRuleset") -> Finding:
    """What the service answers when facts cannot be had."""
    if compiled.on_unavailable is None:
        seen = f"{compiled.name} does not say, so the service refuses with 503"
        return warning("outage", seen, 'write "on_unavailable: hold" (or allow, block) into the rules')
    return ok("outage", f"without facts in time {compiled.name} answers {compiled.on_unavailable.value}")


def facts(database: "Database", compiled: "CompiledRuleset", now_us: int) -> Iterator[Finding]:
    """How old the facts are that the rules ask for."""
    from suppress.stores.looking import feeds_us  # noqa: PLC0415

    found = feeds_us(database)
    for source in compiled.needs.sources:
        what, at_us = f"facts: {source.value}", found[source]
        load = f"`suppress import {source.value} FILE`"
        if at_us is None:
            seen = "never loaded; rules that ask for them do what their when_unknown says"
            yield warning(what, seen, load)
            continue
        age_us, most_us = now_us - at_us, compiled.max_age_us.get(source)
        if most_us is not None and age_us >= most_us:
            seen = f"{_age(age_us)} old, and older than {_age(most_us)} counts as unknown"
            yield wrong(what, seen, f"{load}; look why the last one did not come", FACTS_STALE_OR_MISSING)
        else:
            yield ok(what, f"{_age(age_us)} old" + ("" if most_us is None else f", good up to {_age(most_us)}"))


def keys(database: "Database", now_us: int) -> Finding:
    """Whether anybody may ask the service, and whose key ends soon."""
    from suppress.stores.keys import Keys  # noqa: PLC0415

    live = [key for key in Keys(database).all() if key.is_live(now_us)]
    if not live:
        return warning("keys", "none; nobody may ask the service", "`suppress keys create --role sender`")
    ending = [key.name for key in live if key.expires_at_us is not None and key.expires_at_us - now_us < SOON_US]
    if ending:
        seen = f"{len(live)} live; within {_age(SOON_US)} end: {', '.join(ending)}"
        return warning("keys", seen, "`suppress keys create` makes new ones; then `suppress keys revoke` the old")
    return ok("keys", f"{len(live)} live")


def log_table(database: "Database", folder: Path, now_us: int) -> Finding:
    """Whether the table has what is in the files."""
    from suppress.ledger.lag import lag_of  # noqa: PLC0415
    from suppress.stores.decision_log import DecisionLog  # noqa: PLC0415

    what = "log table"
    try:
        lag = lag_of(folder, DecisionLog(database).heads())
    except LedgerError as error:
        return wrong(what, str(error), "`suppress log verify` names what was altered")
    if not lag.lines:
        return ok(what, "has what is in the files")
    age_us = 0 if lag.oldest_us is None else now_us - lag.oldest_us
    seen = f"lacks {lag.lines:,} decisions of the files, the first made {_age(age_us)} ago"
    if age_us < BEHIND_US:
        return ok(what, seen)
    remedy = "start `suppress serve`, whose log says why it cannot copy them; nothing is lost while the files are there"
    return warning(what, seen, remedy)


def lake(database: "Database", settings: Settings) -> Finding:
    """Whether the columns scans read are those of the store."""
    from suppress.stores.lake import lake_path  # noqa: PLC0415
    from suppress.stores.lake_generations import exists  # noqa: PLC0415

    folder = lake_path(settings.database, settings.lake)
    if not exists(folder):
        return ok("lake", f"none at {folder}; scans need one, checks do not")
    try:
        from suppress.stores.lake_check import sources_behind  # noqa: PLC0415 - imports DuckDB
    except ImportError as error:
        return warning("lake", f"{folder} cannot be used: {error}", '`pip install "suppress[scan]"`')
    try:
        behind = sources_behind(database, folder)
    except StoreError as error:
        return wrong("lake", str(error), "`suppress lake rebuild`", FACTS_STALE_OR_MISSING)
    if behind:
        named = ", ".join(source.value for source in behind)
        return warning("lake", f"{folder} lacks what was loaded since of {named}", "`suppress lake refresh`")
    return ok("lake", f"{folder}, up to date with the store")


def scheduler(database: "Database", now_us: int) -> Iterator[Finding]:
    """Whether somebody runs the scans that are due."""
    from suppress.stores.looking import schedule_leases  # noqa: PLC0415

    what, start = "scheduler", "start `suppress scheduler`; `suppress runs` says what became of earlier scans"
    leases = schedule_leases(database)
    if not leases:
        if Path(_SCHEDULES).exists():
            yield warning(what, f"{_SCHEDULES} is here, and no scheduler ever read it", start)
        else:
            yield ok(what, "no schedules")
    for lease in leases:
        held = lease.owner is not None and lease.until_us > now_us
        if held:
            yield ok(what, f"{lease.schedule}: scanned just now by {lease.owner}")
        elif lease.owner is not None:
            seen = f"{lease.schedule}: {lease.owner} began a scan and gave no sign for {_age(now_us - lease.until_us)}"
            yield warning(what, seen, f"another scheduler takes it over: {start}")
        elif lease.next_slot_us is not None and now_us - lease.next_slot_us > LATE_US:
            seen = f"{lease.schedule}: a scan was due {_age(now_us - lease.next_slot_us)} ago and nobody began it"
            yield wrong(what, seen, start)
        elif lease.next_slot_us is None:
            yield ok(what, f"{lease.schedule}: no further scan")
        else:
            at = from_us(lease.next_slot_us).strftime("%Y-%m-%d %H:%M UTC")
            yield ok(what, f"{lease.schedule}: next scan {at}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _age(span_us: int) -> str:
    for unit_us, name in ((US_PER_DAY, "day"), (US_PER_HOUR, "hour"), (US_PER_MINUTE, "minute")):
        if span_us >= 2 * unit_us:
            return f"{span_us // unit_us} {name}s"
    return f"{max(span_us, 0) // US_PER_SECOND} seconds"
