"""`define`: a named condition means what stands behind its name, in any order, of bounded size, in no circle."""

import pytest

from suppress.rules.reading import parse_ruleset
from suppress.rules.ruleset import Ruleset
from suppress.rules.tree import All, AnyOf, Compare, Not

RULE = "rules:\n  - {id: r, drop: item, code: recalled, when: {WHEN}}\n"


def read(define: str, when: str) -> tuple[Ruleset | None, list[str]]:
    text = f"version: 1\nruleset: f\ndefine:\n{define}{RULE.replace('WHEN', when)}"
    ruleset, problems = parse_ruleset(text.encode(), "f.yaml")
    return ruleset, [str(problem) for problem in problems]


def test_a_definition_means_what_stands_behind_it() -> None:
    """The tree is the one written out by hand, wherever the name stands; later definitions may be named too."""
    ruleset, problems = read(
        "  sale: {any: [{item.brand: a}, {defined: plain}]}\n  plain: {item.brand: b}\n",
        "not: {defined: sale}, item.title: x",
    )
    assert ([], True) == (problems, ruleset is not None)
    assert ruleset is not None
    match ruleset.rules[0].when:
        case All(parts=(Not(part=AnyOf(parts=(Compare(values=first), Compare(values=second)))), Compare(values=title))):
            assert (("a",), ("b",), ("x",)) == (first, second, title)
        case other:
            raise AssertionError(other)


@pytest.mark.parametrize(
    ("define", "when", "wanted"),
    [
        (
            "  a: {defined: b}\n  b: {not: {defined: c}}\n  c: {defined: a}\n",
            "defined: b",
            "f.yaml:4:3 define-cycle: definitions name one another in a circle: a -> b -> c -> a. help: write one of "
            "them without naming the others",
        ),
        (
            "  a: {any: [{defined: a}, {item.brand: b}]}\n",
            "defined: a",
            "f.yaml:4:3 define-cycle: definitions name one another in a circle: a -> a. help: write one of them "
            "without naming the others",
        ),
        (
            "  b: {item.brand: b}\n  a: {defined: b}\n",
            "item.brand: c",
            'f.yaml:4:3 warning unused-definition: no rule uses the definition "b". help: write "defined: b" where it '
            "is meant, or delete it",
        ),
        (
            "  b: {item.brnd: b}\n",
            "defined: b",
            'f.yaml:4:7 unknown-field: no field "item.brnd". help: did you mean "item.brand"?',
        ),
        (
            "  brand: {item.brand: b}\n",
            "item.title: x, defined: brnd",
            'f.yaml:6:72 unknown-definition: no condition is defined as "brnd". help: did you mean "brand"?',
        ),
        ("  b: text\n", "defined: b", 'f.yaml:4:6 condition-expected: the definition "b" is a text, not a condition'),
    ],
)
def test_what_is_wrong_with_definitions(define: str, when: str, wanted: str) -> None:
    """Each mistake is told first and at its own place."""
    ruleset, problems = read(define, when)

    assert [wanted] == [problem[: len(wanted)] for problem in problems[:1]]
    assert ("warning" in wanted) == (ruleset is not None)


def test_every_circle_is_told_once() -> None:
    """Two circles are two Problems; what stands above a circle is not told again."""
    _, problems = read(
        "  a: {all: [{defined: a}, {defined: b}]}\n  b: {defined: c}\n  c: {defined: b}\n  above: {defined: a}\n",
        "defined: above",
    )

    assert ["define-cycle", "define-cycle"] == [problem.split()[1].rstrip(":") for problem in problems]


@pytest.mark.parametrize("levels", [12, 40])
def test_definitions_that_double_are_refused(levels: int) -> None:
    """Forty lines that would be a trillion conditions are refused at once; a few thousand are not."""
    lines = ["  d0: {item.brand: a}\n"]
    lines += [
        f"  d{n}: {{any: [{{defined: d{n - 1}}}, {{not: {{defined: d{n - 1}}}}}]}}\n" for n in range(1, levels + 1)
    ]
    _, problems = read("".join(lines), f"defined: d{levels}")

    assert (levels > 15) == any("too-large" in problem for problem in problems)


def test_definitions_stacked_too_high_are_refused() -> None:
    """A tower of definitions is as deep as if it were written out."""
    lines = ["  d0: {item.brand: a}\n", *(f"  d{n}: {{not: {{defined: d{n - 1}}}}}\n" for n in range(1, 2000))]
    _, problems = read("".join(lines), "defined: d1999")

    assert ["too-large"] == [problem.split()[1].rstrip(":") for problem in problems]


def test_many_rules_with_a_large_definition_are_refused() -> None:
    """The bound is on all rules together."""
    parts = ", ".join(f"{{item.brand: b{n}}}" for n in range(1000))
    text = f"version: 1\nruleset: f\ndefine: {{large: {{any: [{parts}]}}}}\nrules:\n" + "".join(
        f"  - {{id: r{n}, drop: item, code: recalled, when: {{item.title: t{n}, defined: large}}}}\n" for n in range(60)
    )
    _, problems = parse_ruleset(text.encode(), "f.yaml")

    assert ["too-large"] == [problem.code for problem in problems]
