"""The random cases try everything: no condition, effect or key is drawn that never comes out this way or that."""

from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from suppress.decisions.decision import Mode
from suppress.facts.feedback import SAYINGS
from suppress.facts.fields import OPERATORS, Field, Operator
from suppress.facts.instants import from_us
from suppress.rules.ruleset import Effect, Hold
from suppress.rules.tree import (
    CUSTOMER_ZONE,
    SHOP_ZONE,
    THIS,
    Bought,
    By,
    Compare,
    Count,
    Leaf,
    Parts,
    Period,
    Said,
    Same,
    Sent,
    Shown,
)
from tests.agreement.generate import AS_OF_US, DRAWN_FIELDS, a_book, a_message, a_ruleset, reservations
from tests.agreement.naive import Naive

RULESETS = 800
CASES_PER_RULESET = 6
WORDS = {True: "true", False: "false", None: "unknown"}
Seen = tuple[object, ...]


@pytest.fixture(scope="module")
def tried() -> Counter[Seen]:
    """How often each thing that may be written came out in each way."""
    seen: Counter[Seen] = Counter()
    for number in range(RULESETS):
        rng = Random(f"dice/{number}")
        ruleset = a_ruleset(rng, limits=rng.random() < 0.5)
        for _ in range(CASES_PER_RULESET // 3):
            book = a_book(rng)
            for _ in range(3):
                naive = Naive(ruleset, book, a_message(rng), from_us(AS_OF_US), reservations(rng)).decide()
                for leaf, truth in naive.seen:
                    seen.update((*facet, WORDS[truth]) for facet in _facets(leaf))
                seen.update(_of_decision(naive))
    return seen


def _facets(leaf: Leaf) -> Iterator[Seen]:
    """What is written in a condition, key by key."""
    yield (type(leaf).__name__,)
    match leaf:
        case Compare():
            yield "field", leaf.field.name
            yield "operator", leaf.field.type, leaf.operator
        case Bought():
            yield "bought", leaf.same
            yield "bought", leaf.by
            yield "bought", leaf.count
            yield "bought", "kept" if leaf.kept else "any"
            yield "bought", "gifts" if leaf.gifts else "no gifts"
            yield from (("bought", leaf.parts) for _ in range(leaf.same is Same.COMPONENT))
            yield from _edges("bought", leaf.within, leaf.not_within, leaf.at_least, leaf.channels)
        case Shown():
            yield "shown", leaf.same
            yield from _edges("shown", leaf.within, leaf.not_within, leaf.at_least, leaf.channels, leaf.campaigns)
        case Sent():
            yield "sent", leaf.calendar or "rolling"
            yield from (("sent", zone) for zone in [leaf.zone] if zone)
            yield from _edges("sent", None, None, leaf.at_least, leaf.channels, leaf.campaigns)
        case Said():
            yield "said", leaf.same
            yield "said", "within" if leaf.within else "ever"
            yield from (("said", says) for says in leaf.says)


def _edges(
    what: str, within: object, not_within: object, at_least: int, channels: tuple[str, ...],
    campaigns: tuple[str, ...] = (),
) -> Iterator[Seen]:  # fmt: skip
    yield what, "within" if within else "ever"
    yield what, "not_within" if not_within else "up to now"
    yield what, "once" if at_least == 1 else "often"
    for key, words in (("channels", channels), ("campaigns", campaigns)):
        yield what, key, "this" if THIS in words else "named" if words else "all"


def _of_decision(naive: Naive) -> Iterator[Seen]:
    """What came of the rules."""
    yield "verdict", naive.verdict
    yield "held", "without a date" if naive.hold_until is None else "until a date"
    yield from (("replaced",) for item in naive.items if item.replaced_by)
    yield from (("replacement", "dropped" if one.dropped else "kept") for one in naive.replacements)
    silenced = "shadow" if naive.ruleset.mode is Mode.SHADOW else "control group" if naive.control_group else "nothing"
    yield "ruleset", naive.ruleset.mode
    for place in (*naive.items, *naive.replacements, naive):
        for reason in place.reasons:
            yield "fired", reason.rule.effect, "sure" if reason.sure else "unknown"
            yield "silenced by", silenced, "always" if reason.rule.always else "not always", reason.obeyed
            yield from (("hold", _kind(hold), naive.verdict) for hold in [reason.rule.hold] if hold and reason.obeyed)


def _kind(hold: Hold) -> str:
    return "until" if hold.until else "for" if hold.length else "restock"


def _wanted() -> Iterator[Seen]:
    """Everything that should come up."""
    for name in ("Compare", "Bought", "Shown", "Sent", "Said"):
        yield from _each_way(name)
    for field in DRAWN_FIELDS:
        yield from _ways_of_field(field)
    for type_, operators in OPERATORS.items():
        for operator in operators:
            unknown = operator is not Operator.EXISTS and any(
                field.type is type_ and field.may_be_unknown for field in DRAWN_FIELDS
            )
            yield from _each_way("operator", type_, operator, unknown=unknown)
    for word in (*Same, *By, *Count, *Parts, "kept", "any", "gifts", "no gifts", *_WINDOW):
        yield from _each_way("bought", word)
    for key in ("all", "named"):
        yield from _each_way("bought", "channels", key)
    for word in (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY, *_WINDOW):
        yield from _each_way("shown", word)
    for word in (*Period, "rolling", CUSTOMER_ZONE, SHOP_ZONE, "Asia/Kathmandu", "once", "often"):
        yield from _each_way("sent", word)
    for what in ("shown", "sent"):
        for key in ("channels", "campaigns"):
            for words in ("all", "named", "this"):
                yield from _each_way(what, key, words)
    for word in (Same.SKU, Same.ITEM_GROUP, Same.CATEGORY, "within", "ever", *SAYINGS):
        yield from _each_way("said", word)
    yield from (("verdict", verdict) for verdict in ("send", "hold", "suppress"))
    yield from (("ruleset", mode) for mode in Mode)
    yield from (("fired", effect, sure) for effect in Effect for sure in ("sure", "unknown"))
    yield from (("silenced by", by, "always", True) for by in ("shadow", "control group", "nothing"))
    yield from (("silenced by", by, "not always", by == "nothing") for by in ("shadow", "control group", "nothing"))
    yield from (("hold", kind, verdict) for kind in ("until", "for", "restock") for verdict in ("hold", "suppress"))
    yield from (("replaced",), ("replacement", "kept"), ("replacement", "dropped"))


_WINDOW = ("within", "ever", "not_within", "up to now", "once", "often")


def _each_way(*what: object, unknown: bool = True) -> Iterator[Seen]:
    yield from ((*what, word) for truth, word in WORDS.items() if unknown or truth is not None)


def _ways_of_field(field: Field) -> Iterator[Seen]:
    yield from _each_way("field", field.name, unknown=field.may_be_unknown)


def test_everything_is_tried_each_way(tried: Counter[Seen]) -> None:
    """Each field, operator, key and effect is seen true, false and, where it may be, unknown; all verdicts too."""
    missing = [what for what in _wanted() if not tried[what]]

    assert [] == missing
