"""Make the benchmark's rules from a seed: what a shop's team might write, each rule in four tongues.

Each leaf knows its YAML, the Python expression a person would write in an `if`, and the column it becomes in a
pre-joined fact (for the bare rule engines). One description, so that every rival decides the very same thing.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.benchmarks.shop import COLOURS, COUNTRIES, SEASONS, US_PER_DAY, Shop

CHANNELS: Final = ("email", "push", "advert")
CAMPAIGNS: Final = ("spring-sale", "autumn-sale", "newsletter", "win-back", "new-arrivals")
TAGS: Final = {"autumn-sale": ("reach", "clearance"), "newsletter": ("weekdays-only",), "win-back": ("reach",)}
SIZES: Final = (10, 50, 200)
STOCK_MAX_AGE_HOURS: Final = 6
_OPERATORS: Final = {"is": "==", "below": "<", "above": ">", "in": "in", "not_in": "not in"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One condition: `yaml` as in a file, `python` an expression, `column` its place in the joined fact."""

    yaml: dict[str, Any]
    python: str
    column: str
    column_python: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRule:
    """One `drop: item` rule: all of `leaves`, or any of them, unless the item is due for replenishment."""

    id: str
    kind: str
    code: str
    leaves: tuple[Leaf, ...]
    any_of: bool = False
    unless_due: bool = False
    when_unknown: str = "allow"

    @property
    def python(self) -> str:
        """The whole condition as a Python expression."""
        joined = (" or " if self.any_of else " and ").join(f"({leaf.python})" for leaf in self.leaves)
        return f"({joined}) and not due" if self.unless_due else joined

    @property
    def yaml(self) -> dict[str, Any]:
        """The rule as it stands in the file."""
        parts = [leaf.yaml for leaf in self.leaves]
        when = parts[0] if len(parts) == 1 else {"any" if self.any_of else "all": parts}
        rule: dict[str, Any] = {"id": self.id, "drop": "item", "code": self.code, "when": when}
        if self.when_unknown != "allow":
            rule["when_unknown"] = self.when_unknown
        if self.unless_due:
            rule["unless"] = {"item.replenishment_due": True}
        return rule


@dataclass(kw_only=True)
class Maker:
    """Draws rules for one shop."""

    shop: Shop
    rng: random.Random = field(default_factory=lambda: random.Random(7))
    made: int = 0
    taken: set[tuple[str, str]] = field(default_factory=set)

    def rules(self, count: int) -> list[BenchRule]:
        """The first `count` rules: ten of the everyday kind, then a seeded mixture."""
        base = [
            self._status(),
            self._sold_out(),
            self._sku(365),
            self._style_under(180),
            self._category_shelf(2 * 365),
            self._brand_often(),
            self._campaign_brands(),
            self._low_stock_under(),
            self._season(),
            self._style_often(),
            self._sold_out_or_few(),
        ]
        kinds = (
            [self._style_under] * 9
            + [self._category_shelf] * 8
            + [self._low_stock_under] * 5
            + [self._campaign_brands] * 4
            + [self._brand_often] * 4
            + [self._season] * 3
            + [self._price] * 3
            + [self._country_under] * 2
            + [self._sku_under] * 3
        )
        while len(base) < count - 1:
            base.append(self.rng.choice(kinds)())
        return base[: count - 1]

    def _rule(self, kind: str, code: str, *leaves: Leaf, **more: Any) -> BenchRule:
        self.made += 1
        return BenchRule(id=f"{kind}-{self.made:03d}", kind=kind, code=code, leaves=leaves, **more)

    def _days(self) -> int:
        return self.rng.choice((30, 60, 90, 180, 365))

    def _part(self, kind: str, levels: int = 3) -> str:
        """A part of the catalogue that no rule of this kind is about yet: 1 = department, 2 = aisle, 3 = shelf."""
        while True:
            path = "/".join(self.rng.choice(self.shop.catalogue.categories).split("/")[:levels])
            if (kind, path) not in self.taken:
                self.taken.add((kind, path))
                return path

    def _brands(self, least: int, most: int) -> list[str]:
        known = self.shop.catalogue.brands
        return sorted(
            {known[int(self.rng.paretovariate(0.6) * 3) % len(known)] for _ in range(self.rng.randint(least, most))}
        )

    def _status(self) -> BenchRule:
        return self._rule(
            "status", "not_for_sale", _plain("item.status", "status", "in", ["discontinued", "hidden", "recalled"])
        )

    def _sold_out(self) -> BenchRule:
        return self._rule("stock", "out_of_stock", _available("below", 1, block=True), when_unknown="block")

    def _sku(self, days: int | None = None) -> BenchRule:
        return self._rule("bought-sku", "recently_purchased", _bought("sku", days or self._days()), unless_due=True)

    def _sku_under(self) -> BenchRule:
        shelf = _under(self._part("bought-sku"))
        return self._rule("bought-sku", "recently_purchased", shelf, _bought("sku", 730), unless_due=True)

    def _style_under(self, days: int | None = None) -> BenchRule:
        shelf = _under(self._part("bought-style"))
        return self._rule("bought-style", "recently_purchased", shelf, _bought("item_group", days or self._days()))

    def _style_often(self) -> BenchRule:
        often = _bought("item_group", 730, not_within=30, at_least=2, kept=False)
        return self._rule("bought-style", "already_owned", often)

    def _category_shelf(self, days: int | None = None) -> BenchRule:
        shelf = _under(self._part("bought-category"))
        return self._rule("bought-category", "one_is_enough", shelf, _bought("category", days or self._days()))

    def _brand_often(self) -> BenchRule:
        brands = _plain("item.brand", "brand", "in", self._brands(1, 4))
        return self._rule(
            "bought-brand", "recent_buyer", brands, _bought("brand", self.rng.choice((14, 30)), at_least=2)
        )

    def _campaign_brands(self) -> BenchRule:
        campaign = _plain("campaign.id", "campaign", "in", sorted(self.rng.sample(CAMPAIGNS, 2)))
        return self._rule(
            "campaign-brands", "campaign_excluded", campaign, _plain("item.brand", "brand", "in", self._brands(3, 8))
        )

    def _low_stock_under(self) -> BenchRule:
        return self._rule(
            "stock-category",
            "low_stock",
            _under(self._part("stock", 2)),
            _available("below", self.rng.choice((3, 5, 10, 20))),
        )

    def _season(self) -> BenchRule:
        season = _attribute("season", "is", self.rng.choice(SEASONS[1:]))
        return self._rule(
            "attributes",
            "campaign_excluded",
            season,
            _attribute("colour", "in", sorted(self.rng.sample(COLOURS, 2))),
            _plain("message.channel", "channel", "is", self.rng.choice(CHANNELS)),
        )

    def _price(self) -> BenchRule:
        channel = _plain("message.channel", "channel", "in", sorted(self.rng.sample(CHANNELS, 2)))
        price = _plain("item.price_minor", "price", "below", self.rng.choice((200, 300, 400)))
        return self._rule("price", "price_out_of_range", channel, price, _under(self._part("price", 2)))

    def _country_under(self) -> BenchRule:
        country = _plain("customer.country", "country", "in", sorted(self.rng.sample(COUNTRIES, 2)))
        return self._rule("country", "restricted", country, _under(self._part("country")))

    def _sold_out_or_few(self) -> BenchRule:
        sold_out = _plain("stock.availability", "availability", "is", "out_of_stock")
        return self._rule("stock", "low_stock", sold_out, _available("below", 2), any_of=True)


def write_rules(rules: Sequence[BenchRule], folder: Path, name: str, *, last: bool = True) -> Path:
    """Write a rule file: these rules and, as the last, one that holds back a message with nothing left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.yaml"
    nothing_left = {
        "id": "nothing-left",
        "suppress": "message",
        "code": "nothing_left",
        "when": {"message.items_kept": {"below": 1}},
    }
    content = {
        "version": 1,
        "ruleset": name,
        "defaults": {"when_unknown": "allow", "stock_max_age": f"{STOCK_MAX_AGE_HOURS} hours"},
        "rules": [*(rule.yaml for rule in rules), *([nothing_left] if last else [])],
    }
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def make_up(rules: list[BenchRule]) -> str:
    """What the rules are, in one line."""
    kinds = Counter(rule.kind for rule in rules)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) + ", 1 message rule"


def _plain(name: str, variable: str, operator: str, value: Any) -> Leaf:
    written: Any = tuple(value) if isinstance(value, list) else value
    return Leaf(
        yaml={name: value if operator == "is" else {operator: value}},
        python=f"{variable} {_OPERATORS[operator]} {written!r}",
        column=variable,
        column_python=variable,
        operator=operator,
        value=value,
    )


def _attribute(name: str, operator: str, value: Any) -> Leaf:
    return _plain(f"item.attributes.{name}", name, operator, value)


def _available(operator: str, value: int, *, block: bool = False) -> Leaf:
    leaf = _plain("stock.available_units", "available", operator, value)
    unknown = "available is None or" if block else "available is not None and"
    return Leaf(
        yaml=leaf.yaml,
        python=f"{unknown} {leaf.python}",
        column="available",
        column_python="available",
        operator=operator,
        value=value,
    )


def _under(path: str) -> Leaf:
    expression = f"category == {path!r} or category.startswith({path + '/'!r})"
    return _yes({"item.category": {"under": path}}, f"under {path}", expression)


def _bought(same: str, within: int, *, not_within: int = 0, at_least: int = 1, kept: bool = True) -> Leaf:
    condition: dict[str, Any] = {"same": same, "within": f"{within} days"}
    if not_within:
        condition["not_within"] = f"{not_within} days"
    if at_least > 1:
        condition["at_least"] = at_least
    if not kept:
        condition["kept"] = "any"
    short = {"item_group": "style"}.get(same, same)
    low = f"as_of_us - {within * US_PER_DAY}"
    if at_least == 1 and not not_within and kept:
        expression = f"{short}_last_us > {low}"
    else:
        which = 1 if kept else 2
        expression = f"units({short}_lines, {which}, {low}, as_of_us - {not_within * US_PER_DAY}) >= {at_least}"
    return _yes({"bought": condition}, f"bought {condition}", expression)


def _yes(written: dict[str, Any], column: str, expression: str) -> Leaf:
    return Leaf(yaml=written, python=expression, column=column, column_python=expression, operator="is", value=True)
