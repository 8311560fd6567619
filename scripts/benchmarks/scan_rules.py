"""Write the rule files of the scan: the eight of `scan-8.yaml`, and fifty made of them by varying what they compare.

The further rules stand behind the item rules of the eight: other windows, parts of the catalogue, thresholds, seeded.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

EIGHT: Final = Path(__file__).with_name("scan-8.yaml")
_MESSAGE_RULES: Final = 2
_ONE_ENOUGH: Final = (0, 1, 2, 3, 4, 17, 26)
"""Aisles where the eight rules leave further ones nothing to decide."""
_SEED: Final = 20_261_122

Condition = dict[str, Any]


def write_rules(count: int, folder: Path) -> Path:
    """A rule file with so many rules, at least eight, under `folder`."""
    content = yaml.safe_load(EIGHT.read_text(encoding="utf-8"))
    rules = content["rules"]
    further = _further(random.Random(_SEED))
    more = [next(further) for _ in range(count - len(rules))]
    content["ruleset"] = f"scan-{count}"
    content["rules"] = [*rules[:-_MESSAGE_RULES], *more, *rules[-_MESSAGE_RULES:]]
    path = folder / f"scan-{count}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def _further(rng: random.Random) -> Iterator[dict[str, Any]]:
    kinds: dict[str, tuple[str, Callable[[], Condition]]] = {
        "sku": ("recently_purchased", lambda: _bought(rng, "sku", (100, 365))),
        "style": ("already_owned", lambda: _bought(rng, "item_group", (190, 365))),
        "category": ("one_is_enough", lambda: _bought(rng, "category", (14, 360))),
        "stock": ("low_stock", lambda: {"stock.available_units": {"below": rng.randrange(21, 40)}}),
        "region": (
            "out_of_stock",
            lambda: {"stock.available_units": {"at": "customer.region", "below": rng.randrange(3, 6)}},
        ),
        "price": ("price_out_of_range", lambda: {"item.price_minor": {"below": rng.randrange(150, 600)}}),
        "brand": (
            "campaign_excluded",
            lambda: {"item.brand": {"in": [f"brand-{n:04d}" for n in rng.sample(range(2000), 4)]}},
        ),
    }
    shelves = rng.sample([shelf for shelf in range(50) if shelf not in _ONE_ENOUGH], 50 - len(_ONE_ENOUGH))
    for number in range(len(shelves)):
        kind, (code, condition) = list(kinds.items())[number % len(kinds)]
        shelf = {"item.category": {"under": f"dept-{shelves[number] // 5:02d}/aisle-{shelves[number]:02d}"}}
        yield {
            "id": f"{kind}-{number:02d}",
            "title": f"Variation {number} on {kind}",
            "drop": "item",
            "code": code,
            "when": {"all": [shelf, condition()]},
        }


def _bought(rng: random.Random, same: str, days: tuple[int, int]) -> Condition:
    return {"bought": {"same": same, "within": f"{rng.randrange(*days)} days"}}
