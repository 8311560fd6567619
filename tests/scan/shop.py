"""A small shop on the disk, and a campaign for it: what tests of kills, bytes, full disks and the command line scan."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from suppress.facts.book import FactBook
from suppress.facts.instants import US_PER_DAY, to_us
from suppress.facts.message import Item, Message
from suppress.facts.records import CustomerRecord, OrderRecord, ProductRecord, SentRecord, StockRecord
from suppress.facts.snapshot import Source
from suppress.scanning import ScanRequest
from tests.scan.book_folder import write_folder
from tests.scan.campaign import write_jsonl

AS_OF = datetime(2026, 11, 22, 9, tzinfo=UTC)
AS_OF_US = to_us(AS_OF)
SKUS = 40
TABLES = ("messages.parquet", "items.parquet")
LISTS = ("send.csv", "suppressed.csv")

RULES = """\
version: 1
ruleset: shop
defaults: {stock_max_age: 30 days}
rules:
  - id: bought-lately
    drop: item
    code: recently_purchased
    when: {bought: {same: item_group, within: 60 days}}
  - id: bought-twice
    drop: item
    code: one_is_enough
    when: {bought: {same: category, within: 1 years, at_least: 2}}
  - id: two-of-a-kind
    drop: item
    code: one_is_enough
    when: {message.kept_of_category: {at_least: 2}}
  - id: sold-out
    drop: item
    code: out_of_stock
    when_unknown: block
    when: {stock.available_units: {below: 1}}
  - id: weekly-cap
    suppress: message
    code: frequency_capped
    when: {sent: {within: 7 days, at_least: 2}}
  - id: nothing-left
    suppress: message
    code: too_few_items
    when: {message.items_kept: {below: 1}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """Where everything lies that a scan starts from."""

    root: Path

    @property
    def rules(self) -> Path:
        """The rule file."""
        return self.root / "rules" / "shop.yaml"

    @property
    def facts(self) -> Path:
        """The facts folder."""
        return self.root / "facts"

    @property
    def messages(self) -> Path:
        """The campaign."""
        return self.root / "messages.jsonl"

    def request(self, out: Path, *, threads: int = 1, resume: bool = False, allow_stale: bool = False) -> ScanRequest:
        """A scan of the campaign."""
        return ScanRequest(
            messages=self.messages,
            out=out,
            rules=self.rules,
            facts=self.facts,
            as_of=AS_OF,
            memory="300MB",
            threads=threads,
            resume=resume,
            allow_stale=allow_stale,
        )

    def arguments(self, out: Path, *more: str) -> list[str]:
        """The same scan on the command line."""
        return [
            "scan", str(self.messages), "--out", str(out), "--rules", str(self.rules), "--facts", str(self.facts),
            "--as-of", "2026-11-22T09:00:00Z", "--memory", "300MB", "--threads", "1", *more,
        ]  # fmt: skip


def open_shop(root: Path, *, messages: int = 600, seed: int = 1) -> Shop:
    """Write the shop and a campaign of so many messages."""
    dice = Random(seed)
    shop = Shop(root=root)
    people = [f"c{number:04}" for number in range(max(1, messages // 3))]
    write_folder(_book(dice, people), shop.facts)
    shop.rules.parent.mkdir()
    shop.rules.write_text(RULES)
    write_jsonl([_message(dice, number, people) for number in range(messages)], shop.messages)
    return shop


def digests(out: Path, names: tuple[str, ...] = (*TABLES, *LISTS)) -> dict[str, str]:
    """What tells the bytes of an output's tables and lists from any others."""
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names}


def _book(dice: Random, people: list[str]) -> FactBook:
    book = FactBook(feeds_us=dict.fromkeys(Source, AS_OF_US))
    book.add(
        ProductRecord(
            f"s{n}", f"Tea {n}", f"g{n // 3}", f"tea/{n % 5}", None, "active", None, 300, "EUR", "[]", "{}", 1
        )
        for n in range(SKUS)
    )  # fmt: skip
    book.add(
        StockRecord(f"s{n}", "all", dice.choice((0, 3, 9)), 0, 0, None, None, None, AS_OF_US - US_PER_DAY)
        for n in range(SKUS)
    )
    book.add(CustomerRecord(who, None, None, None, None, "{}", "{}", None, None, None, 1, ()) for who in people)
    book.add(
        OrderRecord(
            f"o{n}", "1", dice.choice(people), f"s{dice.randrange(SKUS)}", dice.choice((1, 1, 2, -1)),
            AS_OF_US - dice.randrange(400) * US_PER_DAY, 0, 0, False, "web", None, None, 1,
        )
        for n in range(2 * len(people))
    )  # fmt: skip
    book.add(
        SentRecord(
            f"before{n}", dice.choice(people), "email", "old", AS_OF_US - dice.randrange(20) * US_PER_DAY,
            json.dumps([f"s{dice.randrange(SKUS)}"]), 1,
        )
        for n in range(len(people))
    )  # fmt: skip
    return book


def _message(dice: Random, number: int, people: list[str]) -> Message:
    return Message(
        message_id=f"m{number:05}",
        customer_id=dice.choice(people),
        channel="email",
        campaign_id="winter",
        items=tuple(Item(sku=f"s{dice.randrange(SKUS)}", score=round(dice.random(), 3)) for _ in range(4)),
        replacements=tuple(f"s{dice.randrange(SKUS)}" for _ in range(2)),
        slots=3,
    )
