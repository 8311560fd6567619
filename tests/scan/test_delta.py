"""A delta of a scan over a store that changed: what it decides again is all that a full scan would decide otherwise."""

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from suppress.decisions.report import Verdicts
from suppress.errors import ShareError
from suppress.facts.book import FactBook
from suppress.facts.instants import US_PER_HOUR, from_us
from suppress.facts.message import Item, Message
from suppress.facts.records import CustomerRecord, OrderRecord, ProductRecord, Record, SentRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.reports.words import headline
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.scanning import ScanOutcome, ScanRequest, running, scan
from suppress.service import load_ruleset
from suppress.stores.database import Database
from suppress.stores.lake import open_lake
from suppress.stores.lake_rebuild import rebuild
from suppress.stores.lake_refresh import refresh
from suppress.stores.load import Loader
from suppress.stores.schema import upgrade
from tests.agreement.generate import AS_OF_US, a_ruleset
from tests.conftest import LONG, SEED
from tests.scan.campaign import Row, Scanned, no_report, read_back, write_jsonl
from tests.scan.draw import a_campaign, a_shop
from tests.stores.shops import SOURCE_OF

SHM = Path("/dev/shm")
TEMPORARY = SHM if os.access(SHM, os.W_OK) else None
CORNERS = 5
"""Shops of the same size side by side, so that what changes in one leaves messages of the others alone."""
MESSAGES_PER_CORNER = 6
CAMPAIGNS = int(os.environ.get("SUPPRESS_DELTA_CAMPAIGNS") or 8)
DICE = st.integers(min_value=0, max_value=2**63)
"""One number a campaign is drawn from: drawn throw by throw, Hypothesis takes longer to draw it than to scan it."""
AMONG_RESTATED = ("evidence",)
"""What may say an older time of a stock figure that was stated again as it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """A store, its lake and a campaign, in one folder."""

    root: Path
    database: Database

    @property
    def lake(self) -> Path:
        """Where the lake is."""
        return self.root / "lake"

    def load(self, records: Iterable[Record]) -> None:
        """Write records, source by source."""
        for kind, batch in groupby(records, key=type):
            with Loader(self.database, SOURCE_OF[kind]) as loader:
                loader.write(list(batch))

    def feed(self, feeds_us: Mapping[Source, int | None]) -> None:
        """State as of when sources are complete."""
        for source, at_us in feeds_us.items():
            if at_us is not None:
                with Loader(self.database, source) as loader:
                    loader.finish(at_us)

    def scan(self, out: str, compiled: CompiledRuleset, *, previous: str | None = None, **other: Any) -> ScanOutcome:
        """Scan the campaign by rules that stand in no file, with what the lake has now."""
        with open_lake(self.lake) as lake, patch.object(running, "load_ruleset", lambda *_, **__: compiled):
            request = ScanRequest(
                messages=self.root / "in.jsonl",
                out=self.root / out,
                rules=self.root,
                facts=lake.folder,
                lake=lake,
                as_of=from_us(AS_OF_US),
                memory="300MB",
                threads=1,
                allow_stale=True,
                previous=None if previous is None else self.root / previous,
            )
            return scan(replace(request, **other))


@contextmanager
def a_store(messages: Sequence[Message]) -> Iterator[Store]:
    """An empty store with a campaign."""
    with tempfile.TemporaryDirectory(dir=TEMPORARY) as folder:
        root = Path(folder)
        with Database.open(f"sqlite:///{root}/shop.db", require_schema=False) as database:
            upgrade(database)
            write_jsonl(messages, root / "in.jsonl")
            yield Store(root=root, database=database)


@seed(SEED)
@settings(LONG, max_examples=CAMPAIGNS)
@given(DICE)
def test_a_delta_leaves_out_only_what_stayed(dice: int) -> None:
    """What a delta decides is what a full scan decides, row for row; all else is in the full scan as it was before."""
    rng = Random(dice)
    compiled = compile_ruleset(a_ruleset(rng))
    books = [a_shop(rng) for _ in range(CORNERS)]
    messages = [
        in_corner(corner, message) for corner in range(CORNERS) for message in a_campaign(rng, MESSAGES_PER_CORNER)
    ]
    rng.shuffle(messages)
    with a_store(messages) as store, no_report(), patch("suppress.scan.delta.of_whole", lambda _, told, *__: told):
        store.load(record for corner, book in enumerate(books) for record in moved(corner, book, 0))
        store.feed(books[0].feeds_us)
        rebuild(store.database, store.lake)
        store.scan("first", compiled)
        previous = "first"
        for number in range(rng.choice((1, 1, 2))):
            change(rng, store, number + 1, books[0].feeds_us)
            refresh(store.database, store.lake)
            delta = store.scan(f"delta{number}", compiled, previous=previous)
            full = store.scan(f"full{number}", compiled)
            check_delta(read_back_in("first", store), read_back(delta), read_back(full), delta)
            previous = f"delta{number}" if delta.decided_all_because is None else previous


RULES = """\
version: 1
ruleset: shop
max_share: 0.6
rules:
  - id: has-it
    drop: item
    code: recently_purchased
    when: {bought: {same: sku, within: 60 days%s}}
%s  - id: nothing-left
    suppress: message
    code: too_few_items
    when: {message.items_kept: {below: 1}}
"""
SCARCE = """\
  - id: scarce
    limit: {messages_per_unit: 1}
    code: out_of_stock
    when: {stock.available_units: {exists: true}}
"""
LATER_US = AS_OF_US + 1


def product(sku: str, **other: Any) -> ProductRecord:
    told = dict.fromkeys(ProductRecord._fields) | {"status": "active", "bundle_of": "[]", "attributes": "{}"}
    return ProductRecord(**{**told, "sku": sku, "updated_at_us": AS_OF_US, **other})


def customer(name: str, **other: Any) -> CustomerRecord:
    told = dict.fromkeys(CustomerRecord._fields) | {"consent": "{}", "attributes": "{}", "identities": ()}
    return CustomerRecord(**{**told, "customer_id": name, "updated_at_us": AS_OF_US, **other})


def order(number: int, who: str, sku: str) -> OrderRecord:
    return OrderRecord(f"o{number}", "1", who, sku, 1, AS_OF_US - 1, 0, 0, False, None, None, None, LATER_US)


def to(name: str, *skus: str, **other: Any) -> Message:
    items = tuple(Item(sku=sku) for sku in skus)
    return Message(**{"message_id": f"to-{name}", "customer_id": name, "items": items, **other})


@contextmanager
def scanned_before(
    messages: Sequence[Message], *, rules: str = RULES % ("", ""), as_of_us: int = AS_OF_US
) -> Iterator[tuple[Store, CompiledRuleset]]:
    """A shop of two in a household and eight others, scanned once."""
    with a_store(messages) as store:
        (store.root / "shop.yaml").write_text(rules)
        compiled = load_ruleset(store.root / "shop.yaml")
        store.load([product(sku) for sku in "AB"])
        store.load([customer(f"c{n}", household_id="h" if n < 2 else None) for n in range(10)])
        store.load([order(0, "c9", "A")])
        store.feed(dict.fromkeys(Source, AS_OF_US))
        rebuild(store.database, store.lake)
        store.scan("first", compiled, as_of=from_us(as_of_us))
        yield store, compiled


CAMPAIGN = [to(f"c{n}", "A") for n in range(10)]


def test_nothing_changed() -> None:
    """Where nothing changed nothing is decided again, and the campaign is still told as a whole."""
    with scanned_before(CAMPAIGN) as (store, compiled):
        for name, previous in (("delta", "first"), ("again", "delta")):
            delta = store.scan(name, compiled, previous=previous)

            assert (0, None) == (delta.decided_anew, delta.decided_all_because)
            assert [] == changes_of(delta.out)
            assert Verdicts(send=9, suppress=1) == delta.report.whole
            assert "Of 10 messages, 9 go out and 1 stays home." == headline(delta.report)


def test_a_delta_is_stopped_by_the_share_of_the_whole() -> None:
    """Most of the few that changed may be suppressed; too many of the whole campaign may not, and it is counted."""
    with scanned_before(CAMPAIGN) as (store, compiled):
        store.load([order(n, f"c{n}", "A") for n in range(2, 7)])
        refresh(store.database, store.lake)
        delta = store.scan("delta", compiled, previous="first")

        assert (5, Verdicts(send=4, suppress=6)) == (delta.decided_anew, delta.report.whole)
        assert [(6, 10)] == [(share.acted_on, share.total) for share in delta.report.shares]
        assert 5 == len(changes_of(delta.out))

        # Built on the delta: it goes back to the full scan before it.
        store.load([order(7, "c7", "A")])
        refresh(store.database, store.lake)
        with pytest.raises(ShareError):
            store.scan("second", compiled, previous="delta")


def test_shares_of_items_are_those_of_the_whole() -> None:
    """A rule that may drop only so many items is held to all items of the campaign, not to those decided again."""
    campaign = [to(f"c{n}", "A", "B") for n in range(10)]
    rules = (RULES % ("", "")).replace("    drop: item\n", "    drop: item\n    max_share: 0.4\n")
    with scanned_before(campaign, rules=rules) as (store, compiled):
        store.load([order(n, f"c{n}", "A") for n in range(2, 6)])
        refresh(store.database, store.lake)
        delta = store.scan("delta", compiled, previous="first")
        full = store.scan("full", compiled)

        assert 4 == delta.decided_anew
        assert [("has-it", 5, 20)] == [(s.rule, s.acted_on, s.total) for s in delta.report.shares if s.rule]
        assert full.report.shares == delta.report.shares


def test_a_household_is_decided_again_as_one() -> None:
    """Where the purchases of households count, a member's order concerns messages to the others."""
    with scanned_before(CAMPAIGN, rules=RULES % (", by: household", "")) as (store, compiled):
        store.load([order(1, "c1", "A")])
        refresh(store.database, store.lake)
        delta = read_back(store.scan("delta", compiled, previous="first"))

        assert ["to-c0", "to-c1"] == [row["message_id"] for row in delta.messages]


def test_messages_with_times_of_their_own_need_no_other() -> None:
    """The scan's own time may be another when no message goes by it."""
    timed = [replace(message, send_at=from_us(AS_OF_US)) for message in CAMPAIGN]
    with scanned_before(timed, as_of_us=AS_OF_US + US_PER_HOUR) as (store, compiled):
        store.load([order(1, "c1", "A")])
        refresh(store.database, store.lake)

        assert 1 == store.scan("delta", compiled, previous="first").decided_anew


@pytest.mark.parametrize(
    ("because", "rules", "what"),
    [
        ("the rules are others", RULES % ("", ""), "rules"),
        ("the message files are others", RULES % ("", ""), "messages"),
        ("it is decided as of another time", RULES % ("", ""), "as_of"),
        ("what changed in the facts since cannot be told", RULES % ("", ""), "rebuilt"),
        ("the earlier output keeps nothing to build on", RULES % ("", ""), "no state"),
        ("limited stock is shared out over all messages together", RULES % ("", SCARCE), "nothing"),
        ("a source was loaded for the first time, is fresh again, or grew too old",
         RULES.replace("rules:", "defaults: {orders_max_age: 1 hours}\nrules:") % ("", ""), "fed"),
        ("who lives with whom, or whose address it is, may have changed", RULES % (", by: household", ""), "customers"),
    ],
)  # fmt: skip
def test_everything_is_decided_again(because: str, rules: str, what: str) -> None:
    """Where it cannot be said what stayed, all is decided, and the operator is told why."""
    late = replace(CAMPAIGN[0], send_at=from_us(AS_OF_US + US_PER_HOUR + 5))
    with scanned_before([late, *CAMPAIGN[1:]], rules=rules) as (store, before):
        compiled = before
        other: dict[str, Any] = {}
        match what:
            case "rules":
                (store.root / "shop.yaml").write_text(rules.replace("60 days", "61 days"))
                compiled = load_ruleset(store.root / "shop.yaml")
            case "messages":
                write_jsonl(CAMPAIGN[1:], store.root / "in.jsonl")
            case "as_of":
                other = {"as_of": from_us(AS_OF_US + 1)}
            case "rebuilt":
                shutil.rmtree(store.lake)
                store.load([order(1, "c1", "A")])
                rebuild(store.database, store.lake)
            case "no state":
                shutil.rmtree(store.root / "first" / "state")
            case "fed":
                # Fresh enough for all but the last message before, and for that one now.
                store.feed({Source.ORDERS: AS_OF_US + 10})
                refresh(store.database, store.lake)
            case "customers":
                store.load([customer("c5", household_id="h", updated_at_us=LATER_US)])
                refresh(store.database, store.lake)
        told = store.scan("again", compiled, previous="first", **other)

        assert because == told.decided_all_because
        assert because == json.loads((told.out / "run.json").read_text())["decided_all_because"]
        assert told.decided_anew == len(read_back(told).messages) == told.report.verdicts.messages


def check_delta(before: Scanned, delta: Scanned, full: Scanned, outcome: ScanOutcome) -> None:
    """Assert that a delta and the scan before it say together what a full scan says."""
    decided = {row["message_id"] for row in delta.messages}
    all_rows = {row["message_id"]: row for row in full.messages}
    same = [row for row in full.messages if row["message_id"] not in decided]

    assert [row for row in full.messages if row["message_id"] in decided] == delta.messages
    assert {name: full.items[name] for name in decided} == delta.items
    assert outcome.decided_anew == len(decided)
    assert (outcome.decided_all_because is None) == (outcome.out / "changes.csv").exists()
    if outcome.decided_all_because is not None:
        assert decided == set(all_rows), outcome.decided_all_because
        return
    earlier = {row["message_id"]: row for row in before.messages}
    for row in same:
        name = row["message_id"]

        assert earlier[name] == row
        assert without_times(before.items[name]) == without_times(full.items[name])

    changed = {
        name: (earlier[name]["verdict"], row["verdict"], "|".join(earlier[name]["kept"]), "|".join(row["kept"]))
        for name, row in all_rows.items()
        if (earlier[name]["verdict"], earlier[name]["kept"]) != (row["verdict"], row["kept"])
    }
    assert changed == {
        row["message_id"]: (row["verdict_before"], row["verdict"], row["items_before"], row["items"])
        for row in changes_of(outcome.out)
    }


def without_times(items: list[Row]) -> list[Row]:
    """Items without when what was seen of stock was stated, which changes nothing."""
    return [
        {
            **item,
            "evidence": [
                {**one, "at": None if one["field"].startswith("stock.") else one["at"]}
                for one in item["evidence"] or ()
            ],
        }
        for item in items
    ]


def changes_of(out: Path) -> list[dict[str, str]]:
    """The rows of changes.csv."""
    with (out / "changes.csv").open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def read_back_in(out: str, store: Store) -> Scanned:
    """What an earlier scan wrote."""
    return read_back(FakeOutcome(out=store.root / out))  # type: ignore[arg-type]


@dataclass(frozen=True)
class FakeOutcome:
    """Where a scan wrote that is long over."""

    out: Path


def change(rng: Random, store: Store, round_: int, feeds_us: Mapping[Source, int | None]) -> None:
    """Load a few records of another shop over those of one corner, and now and then state a source complete again."""
    corner = rng.randrange(CORNERS)
    records = [record for record in moved(corner, a_shop(rng), round_) if rng.random() < 0.3]
    wanted = rng.sample(tuple(SOURCE_OF), rng.choice((1, 1, 2, 6)))
    store.load(record for record in records if type(record) in wanted)
    if rng.random() < 0.3:
        store.feed({source: at_us + US_PER_HOUR for source, at_us in feeds_us.items() if at_us and rng.random() < 0.3})


def moved(corner: int, book: FactBook, later: int) -> list[Record]:
    """The records of a shop as those of one corner; stated `later` microseconds after."""
    tables = (book.products, book.stock, book.customers, book.orders, book.sent, book.feedback)
    return [
        _moved(corner, record)._replace(updated_at_us=record.updated_at_us + later)
        for table in tables
        for record in table.values()
    ]


def in_corner(corner: int, message: Message) -> Message:
    """The message as one to a customer of that corner, with the things that are sold there."""
    return replace(
        message,
        message_id=f"{message.message_id}/{corner}",
        customer_id=None if message.customer_id is None else at_corner(corner, message.customer_id),
        email=message.email and (f"{corner}{message.email.strip()}" if corner else message.email),
        items=tuple(replace(item, sku=at_corner(corner, item.sku)) for item in message.items),
        replacements=tuple(at_corner(corner, sku) for sku in message.replacements),
    )


def at_corner(corner: int, name: str) -> str:
    """The name of a thing or a person in a corner."""
    return f"{name}~{corner}" if corner else name


def _moved(corner: int, record: Any) -> Any:
    match record:
        case ProductRecord():
            parts = json.dumps([at_corner(corner, sku) for sku in json.loads(record.bundle_of)])
            return record._replace(sku=at_corner(corner, record.sku), bundle_of=parts)
        case StockRecord():
            return record._replace(sku=at_corner(corner, record.sku))
        case CustomerRecord():
            addresses = tuple(
                (kind, f"{corner}{value}" if corner and kind == "email" else value) for kind, value in record.identities
            )
            home = record.household_id and at_corner(corner, record.household_id)
            return record._replace(
                customer_id=at_corner(corner, record.customer_id), household_id=home, identities=addresses
            )
        case OrderRecord():
            return record._replace(
                customer_id=at_corner(corner, record.customer_id),
                sku=at_corner(corner, record.sku),
                order_id=at_corner(corner, record.order_id),
            )
        case SentRecord():
            shown = json.dumps([at_corner(corner, sku) for sku in json.loads(record.items)])
            return record._replace(customer_id=at_corner(corner, record.customer_id), items=shown)
        case _:
            about = at_corner(corner, record.about) if record.about_kind == "sku" else record.about
            return record._replace(customer_id=at_corner(corner, record.customer_id), about=about)
