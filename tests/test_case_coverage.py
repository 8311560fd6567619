"""Which branches of rules the cases beside them try."""

from pathlib import Path
from typing import Final

import pytest

from suppress.cases.coverage import Coverage, percent_of
from suppress.cases.play import case_files, play

HEAD: Final = "version: 1\nruleset: shop\nrules:\n  - id: rule\n    drop: item\n    code: out_of_stock\n"
GIVEN: Final = """given:
  products: [{sku: A, brand: Clay}, {sku: B, brand: Linen}, {sku: C, brand: Clay}, {sku: X}]
  stock: [{sku: A, on_hand: 0}, {sku: B, on_hand: 5}, {sku: C, on_hand: 5}]
cases:
"""
AT: Final = "2026-11-22T09:00:00Z"
COVERED: Final = {
    "a leaf seen both ways": ("    when: {stock.available_units: {below: 1}}\n", ["A, B"], []),
    "a leaf that is always true": (
        "    when: {stock.available_units: {below: 1}}\n",
        ["A"],
        ["4 the rule rule fires every time", "7 no unit is available: never false"],
    ),
    "a leaf that is never true": (
        "    when: {stock.available_units: {below: 1}}\n",
        ["B"],
        ["4 the rule rule never fires", "7 no unit is available: never true"],
    ),
    "what is unknown tries nothing": (
        "    when: {stock.available_units: {below: 1}}\n",
        ["A, X"],
        ["7 no unit is available: never false"],
    ),
    "what is unknown fires where it blocks": (
        "    when_unknown: block\n    when: {stock.available_units: {below: 1}}\n",
        ["B, X"],
        ["8 no unit is available: never true"],
    ),
    "several stories together": ("    when: {stock.available_units: {below: 1}}\n", ["A", "B"], []),
    "every part of all": (
        "    when:\n      stock.available_units: {at_least: 1}\n      item.brand: Clay\n",
        ["B, C"],
        ["8 at least 1 unit is available: never false"],
    ),
    "an exception": (
        "    when: {stock.available_units: {at_least: 1}}\n    unless: {item.brand: Clay}\n",
        ["B"],
        [
            "4 the rule rule fires every time",
            "7 at least 1 unit is available: never false",
            "8 the item's brand is “Clay”: never true",
        ],
    ),
    "an alternative of several parts": (
        "    when:\n      any:\n        - item.brand: Linen\n"
        "        - {stock.available_units: {at_least: 1}, item.brand: Clay}\n",
        ["A, B"],
        [
            "10 at least 1 unit is available and the item's brand is “Clay”: never true",
        ],
    ),
    "a rule outside its dates": (
        "    starts: 2027-01-01\n    when: {any: [{item.brand: Linen}, {item.brand: Clay}]}\n",
        ["A, B"],
        ["4 the rule rule is never judged"],
    ),
    "a rule that is off": ("    mode: off\n    when: {item.brand: Linen}\n", ["A"], []),
    "a replacement is judged too": (
        "    when: {stock.available_units: {below: 1}}\n",
        ["A], replacements: [B"],
        [],
    ),
}


def _coverage(folder: Path, rule: str, items: list[str]) -> Coverage:
    (folder / "shop.yaml").write_text(HEAD + rule)
    cases = "".join(
        f"  - {{name: n{n}, as_of: {AT}, message: {{items: [{each}]}}, want: {{verdict: send}}}}\n"
        for n, each in enumerate(items)
    )
    (folder / "shop.cases.yaml").write_text(GIVEN + cases)
    file = play(folder / "shop.cases.yaml", covering=True)
    assert () == file.problems
    assert file.coverage is not None
    return file.coverage


@pytest.mark.parametrize("name", COVERED)
def test_what_no_case_tries_is_named(name: str, tmp_path: Path) -> None:
    """Each branch that no item or message of a case went through is told with its line; nothing else is."""
    rule, items, gaps = COVERED[name]
    coverage = _coverage(tmp_path, rule, items)
    told = [f"{place.line} {words}" for each in coverage.rules for place, words in each.uncovered]

    assert gaps == told
    assert (not gaps) == coverage.reaches(100)


def test_equal_leaves_of_two_rules_have_each_their_own_line(tmp_path: Path) -> None:
    """A comparison that stands in two rules is named in the line of each."""
    second = HEAD.partition("rules:\n")[2].replace("id: rule", "id: other") + "    when: {item.brand: Clay}\n"
    coverage = _coverage(tmp_path, "    when: {stock.available_units: {below: 1}, item.brand: Clay}\n" + second, ["A"])

    assert [[4, 7, 7], [8, 11]] == [[point.position.line for point in rule.points] for rule in coverage.rules]


def test_message_rules_are_covered(tmp_path: Path) -> None:
    """A rule about the message has its branches from messages."""
    few = "  - {id: few, suppress: message, code: too_few_items, when: {message.items_kept: 0}}\n"
    rule = "    when: {item.brand: Clay}\n" + few

    assert (8, 8) == ((both := _coverage(tmp_path, rule, ["A", "B"])).covered, both.total)
    assert (4, 8) == ((one := _coverage(tmp_path, rule, ["B"])).covered, one.total)


def test_percent_is_rounded_down_and_nothing_to_try_is_all(tmp_path: Path) -> None:
    """99.9 is not 100, and a ruleset whose rules are off has nothing left to try."""
    coverage = _coverage(
        tmp_path, "    when: {item.brand: {in: [Clay]}, stock.available_units: {below: 1}}\n", ["A, B"]
    )
    off = _coverage(tmp_path, "    mode: off\n    when: {item.brand: Clay}\n", ["A"])

    assert (6, 6, 100.0) == (coverage.covered, coverage.total, percent_of(coverage))
    assert (0, 0, 100.0) == (off.covered, off.total, percent_of(off))
    assert 83.3 == percent_of(
        _coverage(tmp_path, "    when: {item.brand: Clay, stock.available_units: {below: 1}}\n", ["A, C"])
    )


@pytest.mark.parametrize("path", case_files(Path(__file__).parent.parent / "rulesets"), ids=lambda path: path.name)
def test_cases_of_shipped_rules_try_nearly_every_branch(path: Path) -> None:
    """At least 95 % of the branches of each ruleset we ship are tried by its cases."""
    coverage = play(path, covering=True).coverage
    assert coverage is not None
    gaps = [f"{place.file}:{place.line} {words}" for rule in coverage.rules for place, words in rule.uncovered]

    assert coverage.reaches(95), "\n".join(gaps)
