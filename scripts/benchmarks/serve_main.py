"""Measure the service with wrk beside an echo and a plain FastAPI route: `scripts/bench serve [--seconds 600]`."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from scripts.benchmarks.generate import sqlite_store
from scripts.benchmarks.grid import Bench
from scripts.benchmarks.rules import make_up
from scripts.benchmarks.serve_load import Load, Target, ask, free_port, load, running
from scripts.benchmarks.serve_rivals import PATH
from scripts.benchmarks.shop import Shop, Spec
from scripts.benchmarks.table import Bar, machine, markdown_table, met_or_missed
from scripts.benchmarks.told import say, write_block
from suppress import Message

_DATA: Final = Path(__file__).parents[2] / "bench-data"
_BEGIN: Final = "<!-- serve table: written by scripts/bench serve -->"
_END: Final = "<!-- end of serve table -->"
_MESSAGES: Final = 5_000
_COMPARED: Final = 200
_ITEMS: Final = 10
_RULES: Final = 200
_CROWDS: Final = (2, 4, 16, 32)
"""How many more connections are tried, for a while each."""
_OURS, _ECHO, _ORM = "suppress serve", "Starlette echo of the same body", "FastAPI route with the ORM loop"


def main() -> None:
    """Make the store and the messages, start each server in its turn, load it, print the table."""
    options = _options()
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed; on Debian: apt-get install wrk")
    folder = _DATA / f"scale-{options.scale:g}"
    folder.mkdir(parents=True, exist_ok=True)
    shop = Shop(Spec.of(options.scale))
    say("store")
    built = sqlite_store(shop, folder)
    bench = Bench(shop, folder / "rules", built.url, 1)
    work = folder / "serve"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        messages = bench.messages(-1, _ITEMS, _MESSAGES)
        log_told = ""
        bodies = work / "bodies.jsonl"
        bodies.write_text("".join(json.dumps(_told(message)) + "\n" for message in messages), encoding="utf-8")
        # What is decided is written to the store: a copy, so that the store stays as it was made.
        shutil.copyfile(built.url.removeprefix("sqlite:///"), work / "shop.db")
        url = f"sqlite:///{work / 'shop.db'}"
        measured: dict[str, Load] = {}
        crowds: dict[int, Load] = {}
        answers: dict[str, list[Any]] = {}
        for name in (_ECHO, _ORM, _OURS):
            with _server(name, options, work, url, bench.files[_RULES]) as target:
                say(name)
                if name != _ECHO:
                    answers[name] = [_dropped(ask(target, PATH, _body(m))) for m in messages[:_COMPARED]]
                seconds = options.seconds if name == _OURS else min(options.seconds, options.rivals)
                measured[name] = load(target, PATH, bodies, seconds=seconds, connections=options.connections)
                if name == _OURS:
                    log_told = _log_told(work, measured[name])
                    for number in _CROWDS:
                        say(f"{number} connections")
                        crowds[number] = load(target, PATH, bodies, seconds=options.rivals, connections=number)
        if answers[_OURS] != answers[_ORM]:
            sys.exit("the service and the ORM loop do not drop the same items")
        text = "\n\n".join(
            [
                _about(shop, built.rows, bench, options),
                _bars_table(measured),
                _load_table(measured),
                log_told,
                _crowds_table({**crowds, options.connections: measured[_OURS]}),
            ]
        )
    finally:
        if not options.keep:
            shutil.rmtree(work)
    print(text)
    if options.write:
        write_block(options.write, text, _BEGIN, _END, "The service")


@contextmanager
def _server(name: str, options: argparse.Namespace, work: Path, url: str, rules: Path) -> Iterator[Target]:
    port = free_port()
    key = ""
    if name == _OURS:
        key = _suppress("keys", "create", "--role", "sender", "--name", "bench", "--database", url)
        command = [
            sys.executable, "-m", "suppress", "serve", "--database", url, "--rules", str(rules), "--port", str(port),
            "--workers", str(options.workers), "--rate", "1000000", "--burst", "1000000",
        ]  # fmt: skip
    else:
        which = "echo" if name == _ECHO else "orm"
        command = [sys.executable, "-m", "scripts.benchmarks.serve_rivals", which, str(port), str(options.workers)]
    env = {
        "BENCH_SCALE": str(options.scale),
        "BENCH_RULES": str(_RULES),
        "BENCH_STORE": url,
        "SUPPRESS_LOG_DIR": str(work / "decisions"),
    }
    with running(command, env, port, key, work / "server.log") as target:
        yield target


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench serve", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the store; 1 = 1 M customers, 20 M lines")
    parser.add_argument("--seconds", type=float, default=60, help="how long the service is loaded; the bar says 600")
    parser.add_argument("--rivals", type=float, default=30, help="how long what stands beside it is loaded, at most")
    parser.add_argument("--workers", type=int, default=2, help="processes of each server")
    parser.add_argument("--connections", type=int, default=8, help="connections, each with one request at a time")
    parser.add_argument("--keep", action="store_true", help="leave the copy of the store, the log and the bodies")
    parser.add_argument("--write", type=Path, metavar="FILE", help="replace the table in FILE")
    return parser.parse_args()


def _told(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "customer_id": message.customer_id,
        "channel": message.channel,
        "campaign_id": message.campaign_id,
        "campaign_tags": list(message.campaign_tags),
        "send_at": None if message.send_at is None else message.send_at.isoformat(),
        "items": [item.sku for item in message.items],
    }


def _body(message: Message) -> bytes:
    return json.dumps(_told(message)).encode()


def _dropped(answer: dict[str, Any]) -> dict[str, str]:
    """Sku -> deciding rule, of either answer."""
    if "dropped" in answer:
        return dict(answer["dropped"])
    enforced = {item["sku"]: [r["rule"] for r in item["reasons"] if r["mode"] == "enforce"] for item in answer["items"]}
    return {sku: rules[0] for sku, rules in enforced.items() if rules}


def _suppress(*arguments: str) -> str:
    command = [sys.executable, "-m", "suppress", *arguments]
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout.strip()


def _about(shop: Shop, rows: dict[str, int], bench: Bench, options: argparse.Namespace) -> str:
    lines = [
        f"- Machine: {machine()}; load of other work before the run: {os.getloadavg()[2]:.1f} (15 minutes).",
        f"- Store (SQLite, scale {options.scale:g}, seed {shop.spec.seed}): {rows['customers']:,} customers, "
        f"{rows['order_lines']:,} order lines, {rows['products']:,} skus.",
        f"- {_RULES} rules: {make_up(bench.rules[_RULES])}.",
        f"- {_MESSAGES:,} messages of {_ITEMS} items to customers as they come, in turns; {options.connections} "
        f"connections of wrk on loopback, {options.workers} workers each, {options.seconds:g} s (the others at most "
        f"{options.rivals:g} s).",
        "- The service: a key, the decision log on (files and table), requests logged, reasons and sentences told. "
        f"Its first {_COMPARED} answers drop the same items by the same rules as the ORM loop.",
    ]
    return "\n".join(lines)


def _bars_table(measured: dict[str, Load]) -> str:
    ours = measured[_OURS]
    unwell = ours.failed + ours.broken
    bars = [
        Bar(">= 2,000 requests/s", f"{ours.rate:,.0f}", ours.rate >= 2_000),
        Bar("p99 <= 50 ms", f"{ours.p99_ms:.1f} ms", ours.p99_ms <= 50),
        Bar("0 non-2xx", f"{unwell:,} of {ours.requests:,}", unwell == 0),
        Bar("memory grows < 5 %", f"{ours.growth:+.1%}", ours.growth < 0.05),
    ]
    return markdown_table(("bar", "measured"), [(bar.promise, met_or_missed(bar)) for bar in bars])


def _load_table(measured: dict[str, Load]) -> str:
    heads = ("server", "requests/s", "p50 ms", "p99 ms", "most ms", "non-2xx", "no answer", "CPU ms a request",
             "cores it had", "requests per CPU s", "MB before", "MB after")  # fmt: skip
    rows = [
        (
            name, f"{m.rate:,.0f}", f"{m.p50_ms:.2f}", f"{m.p99_ms:.1f}", f"{m.most_ms:.0f}", str(m.failed),
            str(m.broken), f"{m.cpu_ms:.3f}", f"{m.cores:.2f}", f"{1000 / m.cpu_ms:,.0f}", f"{m.before_mb:.0f}",
            f"{m.after_mb:.0f}",
        )
        for name, m in measured.items()
    ]  # fmt: skip
    return markdown_table(heads, rows)


def _crowds_table(crowds: dict[int, Load]) -> str:
    heads = ("connections", "requests/s", "p50 ms", "p99 ms", "most ms", "non-2xx")
    rows = [
        (str(number), f"{m.rate:,.0f}", f"{m.p50_ms:.2f}", f"{m.p99_ms:.1f}", f"{m.most_ms:.0f}", str(m.failed))
        for number, m in sorted(crowds.items())
    ]
    return f"How many ask at once, each with one request at a time:\n\n{markdown_table(heads, rows)}"


def _log_told(work: Path, ours: Load) -> str:
    files = list((work / "decisions").glob("*.jsonl"))
    lines = 0
    for file in files:
        with file.open("rb") as opened:
            lines += sum(chunk.count(b"\n") for chunk in iter(lambda: opened.read(1 << 20), b""))
    megabytes = sum(file.stat().st_size for file in files) / 1e6
    return (
        f"The log has {lines:,} decisions in {megabytes:,.0f} MB ({megabytes * 1e6 / max(1, lines):,.0f} bytes each), "
        f"the warm-up's among them; {ours.requests:,} requests were counted."
    )


if __name__ == "__main__":
    main()
