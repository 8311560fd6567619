"""A ruleset as a page people can approve: what it says of modes, versions and texts of strangers."""

from pathlib import Path

import pytest

from suppress.rules.compile import fingerprint
from suppress.rules.reading import is_rule_file, parse_ruleset, read_ruleset
from suppress.rules.ruleset import Ruleset
from suppress.rules.wording import rule_sentence
from suppress.rules.wording_definitions import definitions
from suppress.rules.wording_page import page
from tests.rules.test_wording import LANGUAGE, ROOT

_TOP = "version: 1\nruleset: shop\n"
_RULES = """rules:
  - {id: sold-out, drop: item, code: out_of_stock, when: {stock.available_units: {below: 1}}}
  - {id: recalled, drop: item, code: recalled, always: yes, when: {item.status: recalled}}
"""


def a_ruleset(top: str = "", rules: str = _RULES) -> Ruleset:
    """The ruleset of such a file."""
    ruleset, problems = parse_ruleset(f"{_TOP}{top}{rules}".encode(), "shop.yaml")
    assert ruleset is not None, problems
    return ruleset


@pytest.mark.parametrize(
    ("top", "said"),
    [
        ("", ["- Rules: 2 in force", "- State: in force", "- Owner: nobody is named"]),
        ("owner: Legal\n", ["- Owner: Legal"]),
        (
            "mode: shadow\n",
            [
                "- Rules: 1 in force, 1 on trial",
                "**This ruleset is on trial: what its rules would do is recorded, and not done.** "
                "Only rules that begin with “Always” are obeyed.",
            ],
        ),
        (
            "mode: off\n",
            ["- Rules: 2 switched off", "**This ruleset is switched off: none of its rules is looked at.**"],
        ),
        ("control_group: 2.5%\n", ["For 2.5% of customers", "except those that begin with “Always”"]),
        ("max_share: 40%\n", ["- Limit: nothing is released when more than 40% of a campaign's messages"]),
        ("on_unavailable: block\n", ["- When the service cannot have the facts in time: no message is sent"]),
        ("defaults: {stock_max_age: 1 day}\n", ["| stock figures | 1 day |", "| the catalogue | none |"]),
        ("time_zone: Europe/Zurich\n", ["- Dates are meant in: Europe/Zurich"]),
        ("cycles: {food/tea: 14 days}\n", ["| food/tea | 14 days |"]),
        ("regions: {ZH: [a, b]}\n", ["| ZH | a, b |"]),
        ("attributes: {item.attributes.bio: yes/no}\n", ["| item.attributes.bio | yes/no |"]),
    ],
)
def test_what_the_file_says_is_on_the_page(top: str, said: list[str]) -> None:
    """Each key at the top of a rule file is told in words."""
    told = page(a_ruleset(top))

    assert [] == [text for text in said if text not in told]


AGES = {
    "a field of the catalogue": ("drop: item, code: recalled, when: {item.status: recalled}", ["the catalogue"]),
    "the clock": (
        'suppress: message, code: quiet_hours, when: {message.local_time: {below: "08:00"}}', ["customers"]),
    "the weekday": ("suppress: message, code: quiet_hours, when: {message.local_weekday: sunday}", ["customers"]),
    "the customer's midnight": (
        "suppress: message, code: quiet_hours, when: {sent: {calendar: day, zone: customer}}",
        ["customers", "the log of messages sent"]),
    "the shop's midnight": (
        "suppress: message, code: quiet_hours, when: {sent: {calendar: day, zone: shop}}",
        ["the log of messages sent"]),
    "a hold until a time": (
        'hold: {until: "08:00"}, code: quiet_hours, when: {message.channel: sms}', ["customers"]),
    "a hold for a time": ("hold: {for: 1 hour}, code: quiet_hours, when: {message.channel: sms}", []),
    "a hold until restocked": (
        "hold: {until: restock}, code: quiet_hours, when: {message.channel: sms}", ["stock figures"]),
    "a limit": ("limit: {messages_per_unit: 1}, code: stock_shared_out, when: {item.sku: A}", ["stock figures"]),
    "the customer's region": (
        "drop: item, code: out_of_stock, when: {stock.on_hand: {at: customer.region, below: 1}}",
        ["stock figures", "customers"]),
    "a place": (
        "drop: item, code: out_of_stock, when: {stock.on_hand: {at: zurich-1, below: 1}}", ["stock figures"]),
    "replenishment": (
        "drop: item, code: recalled, when: {item.replenishment_due: no}", ["the catalogue", "orders"]),
    "the style in stock": (
        "drop: item, code: out_of_stock, when: {stock.group_in_stock_share: {below: 50%}}",
        ["the catalogue", "stock figures"]),
    "the household": (
        "drop: item, code: already_owned, when: {bought: {same: sku, by: household}}", ["orders", "customers"]),
    "unless": (
        "drop: item, code: recalled, when: {item.sku: A}, unless: {customer.region: ZH}", ["customers"]),
    "what was said": (
        "drop: item, code: recalled, when: {said: {says: not_interested, same: category}}",
        ["the catalogue", "what customers said"]),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "feeds"), AGES.values(), ids=AGES)
def test_every_feed_a_rule_depends_on_is_on_the_page(rule: str, feeds: list[str]) -> None:
    """Who approves the page sees how old each feed may be that decides a rule, and no other."""
    told = page(a_ruleset(rules=f"rules:\n  - {{id: r, {rule}}}\n"))

    assert feeds == [line.split("|")[1].strip() for line in told.splitlines() if line.endswith("| none |")]


def test_the_page_names_its_version() -> None:
    """The version approved is the fingerprint of the meaning."""
    ruleset = a_ruleset()

    assert f"- Version: `{fingerprint(ruleset)}`" in page(ruleset)


def test_rules_stand_in_file_order_within_what_they_do() -> None:
    """Rules are grouped by effect, and keep their order within."""
    rules = """rules:
  - {id: b-message, suppress: message, code: nothing_left, when: {message.items_kept: 0}}
  - {id: z-item, drop: item, code: recalled, when: {item.status: recalled}}
  - {id: a-item, drop: item, code: out_of_stock, when: {stock.available_units: 0}}
  - {id: a-message, hold: {for: 1 hour}, code: quiet_hours, when: {message.local_time: {at_least: "22:00"}}}
"""
    headings = [line for line in page(a_ruleset(rules=rules)).splitlines() if line.startswith("### ")]

    assert ["### z-item", "### a-item", "### b-message", "### a-message"] == headings


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("a | b", "### a \\| b"),
        ("*all* of <b>it</b>", "### \\*all\\* of \\<b\\>it\\</b\\>"),
        ("`code` [link](x) a_b", "### \\`code\\` \\[link\\](x) a\\_b"),
        ("&amp; \\", "### \\&amp; \\\\"),
    ],
)
def test_texts_of_strangers_stay_text(title: str, shown: str) -> None:
    """What an author writes is shown as written and never taken for Markdown or HTML."""
    rules = f"rules:\n  - {{id: r, title: '{title}', drop: item, code: recalled, when: {{item.status: recalled}}}}\n"

    assert shown in page(a_ruleset(rules=rules)).splitlines()


def test_what_is_defined_is_said() -> None:
    """Each term the page explains stands in a sentence of it, and is explained once."""
    ruleset, problems = read_ruleset(LANGUAGE)
    assert ruleset is not None, problems
    sentences = " ".join(rule_sentence(rule) for rule in ruleset.rules)
    terms = [term for term, _ in definitions(ruleset)]

    assert [] == [term for term in terms if term.partition(", of ")[0] not in sentences]
    assert sorted(set(terms)) == sorted(terms)


SHIPPED = [path for path in sorted((ROOT / "rulesets").glob("*.yaml")) if is_rule_file(path)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_rulesets_have_a_page(path: Path) -> None:
    """Every rule of every shipped ruleset stands on the page of its ruleset, once."""
    ruleset, problems = read_ruleset(path)
    assert ruleset is not None, problems
    lines = page(ruleset).splitlines()

    assert [] == [rule.id for rule in ruleset.rules if lines.count(f"- Rule: `{rule.id}`") != 1]
