"""Every rule reads as English: golden sentences, and the words of each comparison."""

import os
from pathlib import Path

import pytest

from suppress.facts.fields import FIELDS, OPERATORS, Field, FieldType, Operator, find_field
from suppress.rules.reading import read_rulesets
from suppress.rules.tree import Bought, ClockTime, Compare, Day, Duration, Instant, Same, Scalar
from suppress.rules.wording import leaf_words, rule_sentence

ROOT = Path(__file__).parent.parent.parent
GOLDEN = Path(__file__).parent / "golden"
REWRITE = bool(os.environ.get("SUPPRESS_REWRITE"))

_VALUES: dict[FieldType, tuple[Scalar, Scalar]] = {
    FieldType.TEXT: ("Acme", "Bell & Co"),
    FieldType.CHOICE: ("in_stock", "preorder"),
    FieldType.PATH: ("home/bedroom", "garden"),
    FieldType.NUMBER: (1, 5),
    FieldType.DURATION: (Duration(3600, "1 hour"), Duration(7200, "2 hours")),
    FieldType.INSTANT: (
        Instant(1_796_083_200_000_000, "2026-12-01"),
        Instant(1_798_761_600_000_000, "2027-01-01T00:00:00Z"),
    ),
    FieldType.YES_NO: (True, False),
    FieldType.CLOCK: (ClockTime(75_600_000_000, "21:00"), ClockTime(28_800_000_000, "08:00")),
    FieldType.DAY: (Day(20_812, "2026-12-25"), Day(20_819, "2027-01-01")),
    FieldType.WORDS: ("spring", "clearance"),
}


def a_leaf_for(field: Field, operator: Operator) -> Compare:
    """A comparison of that field with plausible values."""
    first, second = _VALUES[field.type]
    if field.type is FieldType.CHOICE:
        first, second = field.choices[0], field.choices[1]
    match operator:
        case Operator.EXISTS:
            return Compare(field=field, operator=operator, values=(True,))
        case Operator.IN | Operator.NOT_IN | Operator.BETWEEN:
            return Compare(field=field, operator=operator, values=(first, second))
        case _:
            return Compare(field=field, operator=operator, values=(first,))


def clauses() -> str:
    """Every comparison and purchase condition, plain and negated, one a line."""
    leaves: list[Compare | Bought] = []
    for field in (*FIELDS.values(), find_field("item.attributes.colour")):
        assert field is not None
        leaves += [a_leaf_for(field, operator) for operator in OPERATORS[field.type]]
    day, year = Duration(1, "1 day"), Duration(2, "365 days")
    for same in Same:
        for within, not_within in ((None, None), (year, None), (day, None), (None, day), (year, day)):
            leaves.append(Bought(same=same, within=within, not_within=not_within))
        leaves.append(Bought(same=same, at_least=3, kept=False, within=year))
    return "".join(f"{leaf_words(leaf)}\n    {leaf_words(leaf, negated=True)}\n" for leaf in leaves)


def sentences(folder: Path) -> str:
    """Every rule of a folder as its sentence."""
    rulesets, _ = read_rulesets(folder)
    return "".join(
        f"{name}/{rule.id}: {rule_sentence(rule)}\n" for name, ruleset in rulesets.items() for rule in ruleset.rules
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("clauses", clauses),
        ("shipped", lambda: sentences(ROOT / "rulesets")),
        ("cases", lambda: sentences(ROOT / "tests" / "cases")),
    ],
)
def test_words_are_those_read_aloud(name: str, text) -> None:
    """The words are the ones somebody has read aloud; SUPPRESS_REWRITE=1 rewrites them for the next reading."""
    golden = GOLDEN / f"{name}.txt"
    if REWRITE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text())

    assert golden.read_text() == text()
