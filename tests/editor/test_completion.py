"""What an editor offers while a rule is written: every name of the language, at the places where it may stand."""

import pytest

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import FIELDS, OPERATOR_MEANINGS, OPERATORS, Field, FieldType, Operator
from suppress.rules.entries import CONDITIONS, DEFAULTS, HOLD, PAST, QUALIFIERS, RULE, TOP, Entry, names
from suppress.rules.header import MODES, WHEN_UNKNOWN
from tests.editor.drafting import CURSOR, Editor

MODELINE = "# yaml-language-server: $schema=./ruleset.schema.json\n"
FILE = f"{MODELINE}version: 1\nruleset: shop\n"
RULE_BEGUN = f"{FILE}rules:\n  - id: a\n    "
WHEN = f"{RULE_BEGUN}when:\n      "

PLACES_OF_CONDITIONS = {
    "when": WHEN,
    "unless": f"{RULE_BEGUN}unless:\n      ",
    "not": f"{WHEN}not:\n        ",
    "all": f"{WHEN}all:\n        - ",
    "any": f"{WHEN}any:\n        - item.brand: Acme\n        - ",
    "beside another": f"{WHEN}item.brand: Acme\n      ",
    "deep": f"{WHEN}any:\n        - all:\n            - not:\n                ",
    "define": f"{FILE}define:\n  ours:\n    ",
}
MAPS = {
    "top": (MODELINE, TOP),
    "defaults": (f"{FILE}defaults:\n  ", DEFAULTS),
    "rule": (f"{FILE}rules:\n  - ", RULE),
    "hold": (f"{RULE_BEGUN}hold:\n      ", HOLD),
    **{name: (f"{WHEN}{name}:\n        ", entries) for name, entries in PAST.items()},
}
CHOICES = [field for field in FIELDS.values() if field.choices]
YES_NO = [field for field in FIELDS.values() if field.type is FieldType.YES_NO]


def named(field: Field) -> str:
    return field.name


@pytest.mark.parametrize(("before", "entries"), MAPS.values(), ids=MAPS)
def test_the_keys_of_a_map(editor: Editor, before: str, entries: tuple[Entry, ...]) -> None:
    """Every key that may stand in a map is offered there, in full, and with a word on what it is for."""
    offered = editor.offers(before + CURSOR)

    assert set() == set(names(entries)) - set(offered)
    for name in names(entries):
        assert offered[name].inserts.startswith(f"{name}:")
        assert offered[name].says


@pytest.mark.parametrize("before", PLACES_OF_CONDITIONS.values(), ids=PLACES_OF_CONDITIONS)
def test_a_condition_offers_the_whole_vocabulary(editor: Editor, before: str) -> None:
    """Wherever a condition may stand, every field and every other entry is offered, with its meaning."""
    meanings = {**CONDITIONS, **{name: field.meaning for name, field in FIELDS.items()}}
    written = {name for name in meanings if f"\n      {name}: " in before}

    offered = editor.offers(before + CURSOR)

    assert set(meanings) - written == set(offered) & set(meanings)
    for name in set(meanings) - written:
        assert offered[name].inserts.startswith(f"{name}:")
        assert FIELDS[name].meaning in offered[name].says if name in FIELDS else offered[name].says


@pytest.mark.parametrize("field", FIELDS.values(), ids=named)
def test_the_operators_of_a_field(editor: Editor, field: Field) -> None:
    """Below a field the operators of its type are offered, with what narrows it, and none of another type."""
    narrowing = {"at": field.by_location, "under": field.by_category}
    wanted = {operator.value: OPERATOR_MEANINGS[operator] for operator in OPERATORS[field.type]} | {
        name: meaning for name, meaning in QUALIFIERS.items() if narrowing[name]
    }

    offered = editor.offers(f"{WHEN}{field.name}:\n        {CURSOR}")

    assert set(wanted) == set(offered) & {*Operator, *QUALIFIERS}
    for name, meaning in wanted.items():
        assert offered[name].inserts.startswith(f"{name}:")
        assert meaning in offered[name].says or name in QUALIFIERS


@pytest.mark.parametrize("before", ["", "{is: ", "{in: [", "{not_in: [", "\n        in:\n          - "])
@pytest.mark.parametrize("field", CHOICES, ids=named)
def test_the_values_of_a_choice(editor: Editor, field: Field, before: str) -> None:
    """A field of few values offers them, alone, behind an operator and inside a list."""
    closing = {"{is: ": "}", "{in: [": "]}", "{not_in: [": "]}"}

    offered = editor.offers(f"{WHEN}{field.name}: {before}{CURSOR}{closing.get(before, '')}")

    assert set(field.choices) == {offer.inserts for offer in offered.values()}


@pytest.mark.parametrize("before", ["", "{is: "])
@pytest.mark.parametrize("field", YES_NO, ids=named)
def test_yes_or_no(editor: Editor, field: Field, before: str) -> None:
    """A yes/no field offers yes and no first, and at most one more way to say each."""
    offered = editor.offers(f"{WHEN}{field.name}: {before}{CURSOR}{'}' if before else ''}")

    assert ["yes", "no"] == [offer.inserts for offer in offered.values()][:2]
    assert {"yes", "no", "true", "false"} == {offer.inserts for offer in offered.values()}


@pytest.mark.parametrize("before", ["", "{is: "])
def test_a_text_is_not_yes_or_no(editor: Editor, before: str) -> None:
    """Behind a field of any text nobody is offered true and false."""
    offered = editor.offers(f"{WHEN}item.brand: {before}{CURSOR}{'}' if before else ''}")

    assert set() == {"true", "false"} & {offer.inserts for offer in offered.values()}


@pytest.mark.parametrize("typed", ["", "rec"])
def test_reason_codes(editor: Editor, typed: str) -> None:
    """Behind `code:` every registered reason code is offered, with its meaning."""
    offered = editor.offers(f"{RULE_BEGUN}code: {typed}{CURSOR}")

    assert dict(REASON_CODES) == {offer.inserts: offer.says for offer in offered.values()}


@pytest.mark.parametrize(
    ("before", "values"),
    [
        (f"{MODELINE}version: ", {"1"}),
        (f"{FILE}mode: ", set(MODES)),
        (f"{FILE}defaults:\n  when_unknown: ", set(WHEN_UNKNOWN)),
        (f"{RULE_BEGUN}mode: ", set(MODES)),
        (f"{RULE_BEGUN}when_unknown: ", set(WHEN_UNKNOWN)),
        (f"{RULE_BEGUN}drop: ", {"item"}),
        (f"{RULE_BEGUN}suppress: ", {"message"}),
        (f"{WHEN}bought:\n        same: ", {"sku", "item_group", "category", "brand", "component"}),
        (f"{WHEN}bought:\n        by: ", {"customer", "household"}),
        (f"{WHEN}bought:\n        gifts: ", {"include", "exclude"}),
        (f"{WHEN}bought:\n        parts: ", {"all", "any"}),
        (f"{WHEN}shown:\n        same: ", {"sku", "item_group", "category"}),
        (f"{WHEN}sent:\n        calendar: ", {"day", "week", "month"}),
        (f"{WHEN}said:\n        says: ", {"already_own", "not_interested", "bought_as_gift"}),
        (f"{WHEN}said:\n        same: ", {"sku", "item_group", "category"}),
    ],
)
def test_the_words_a_key_takes(editor: Editor, before: str, values: set[str]) -> None:
    """A key that takes one of a few words offers these and nothing else."""
    assert values == {offer.inserts for offer in editor.offers(before + CURSOR).values()}


@pytest.mark.parametrize(
    ("before", "example"),
    [
        (f"{FILE}defaults:\n  stock_max_age: ", "6 hours"),
        (f"{RULE_BEGUN}starts: ", "2026-12-24"),
        (f"{WHEN}bought:\n        within: ", "30 days"),
        (f"{WHEN}stock.age: {{above: ", "6 hours"),
        (f"{WHEN}stock.incoming_at: {{below: ", "2026-12-24T18:00:00Z"),
    ],
)
def test_values_with_a_spelling_come_as_examples(editor: Editor, before: str, example: str) -> None:
    """Where a length of time or a moment belongs, one is offered as it is to be written."""
    assert example in {offer.inserts for offer in editor.offers(before + CURSOR).values()}


@pytest.mark.parametrize("effect", ["drop: item", "suppress: message"])
def test_a_whole_rule_from_offers(editor: Editor, effect: str) -> None:
    """A rule begun by its snippet and filled in is sound, and its effect and condition stand where they should."""
    text = editor.accepted(
        f"{FILE}rules:\n  - {CURSOR}", f"rule: {effect.replace(':', '')}", "mine", "Mine", "recalled", "campaign.id"
    )

    assert (
        f"{FILE}rules:\n  - id: mine\n    title: Mine\n    {effect}\n    code: recalled\n    when:\n      campaign.id: "
    ) == text
    assert [] == editor.messages(editor.open(f"{text}spring\n"))


def test_a_condition_from_offers(editor: Editor) -> None:
    """A field, an operator and a value taken one after the other make a sound condition."""
    text = editor.accepted(f"{RULE_BEGUN}drop: item\n    code: recalled\n    {CURSOR}", "when")
    text = editor.accepted(text + CURSOR, "item.status").rstrip()
    text = editor.accepted(f"{text}\n        {CURSOR}", "is_not")
    text = editor.accepted(text + CURSOR, "recalled")

    assert text.endswith("    when:\n      item.status:\n        is_not: recalled")
    assert [] == editor.messages(editor.open(text))
