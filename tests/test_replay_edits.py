"""What was written differently in two rulesets, told rule by rule."""

import pytest

from suppress.replay.edits import Edit, How, edits
from suppress.rules.reading import parse_ruleset
from suppress.rules.ruleset import Ruleset

A = "{id: a, drop: item, code: recalled, when: {item.status: recalled}}"
B = "{id: b, drop: item, code: out_of_stock, when: {stock.available_units: {below: 1}}}"
C = "{id: c, suppress: message, code: too_few_items, when: {message.items_kept: {below: 1}}}"
A_SAYS = "Drop the item when the item's status is recalled."
A_GONE_SAYS = "Drop the item when the item's status is discontinued."


def read(*rules: str, top: str = "") -> Ruleset:
    text = f"version: 1\nruleset: shop\n{top}\nrules:\n" + "".join(f"  - {rule}\n" for rule in rules)
    ruleset, problems = parse_ruleset(text.encode(), "shop.yaml")
    assert ruleset is not None, problems
    return ruleset


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (read(A, B), read(A, B), ()),
        (read(A), read("{when: {item.status: {is: recalled}}, code: recalled, drop: item, id: a} # ours"), ()),
        (None, read(A), (Edit(how=How.NEW, rule="a", now=A_SAYS),)),
        (read(B), read(A, B), (Edit(how=How.NEW, rule="a", now=A_SAYS),)),
        (read(A, B), read(B), (Edit(how=How.GONE, rule="a", before=A_SAYS),)),
        (
            read(A),
            read(A.replace("recalled}", "discontinued}")),
            (Edit(how=How.CHANGED, rule="a", keys=("when",), before=A_SAYS, now=A_GONE_SAYS),),
        ),
        (
            read(A),
            read(A.replace("code: recalled", "code: not_for_sale, when_unknown: block")),
            (
                Edit(
                    how=How.CHANGED,
                    rule="a",
                    keys=("code", "when_unknown"),
                    before=A_SAYS,
                    now=f"{A_SAYS[:-1]}; if that cannot be known, drop it too.",
                ),
            ),
        ),
        (read(A), read(A, top="control_group: 5%"), (Edit(how=How.CHANGED, rule=None, keys=("control_group",)),)),
        (
            read(A, top="on_unavailable: allow"),
            read(A, top="on_unavailable: block\nmode: shadow"),
            (Edit(how=How.CHANGED, rule=None, keys=("mode", "on_unavailable")),),
        ),
    ],
)
def test_edits(old: Ruleset | None, new: Ruleset, expected: tuple[Edit, ...]) -> None:
    """Each rule that is new, gone or says something else is told with its sentences; spelling is no difference."""
    assert expected == edits(old, new)


@pytest.mark.parametrize(
    ("order", "moved"),
    [((A, B, C), []), ((B, C, A), ["a"]), ((B, A, C), ["a"]), ((C, A, B), ["a", "b"]), ((A, C), []), ((C, A), ["a"])],
)
def test_order_matters(order: tuple[str, ...], moved: list[str]) -> None:
    """The first rule that fires decides, so a rule that now stands behind one it stood before is told."""
    found = edits(read(A, B, C), read(*order))

    assert moved == [edit.rule for edit in found if edit.how is How.MOVED]
