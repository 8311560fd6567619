"""Turn the vocabulary into the tables of `docs/rules.md`, so that the page cannot say what the program does not do."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import ATTRIBUTE_PREFIXES, FIELDS, OPERATOR_MEANINGS, OPERATORS, Field, FieldType, Scope
from suppress.rules.entries import CONDITIONS, DEFAULTS, EFFECTS, PAST, QUALIFIERS, RULE, TOP, Entry

_WHERE: Final = {
    Scope.ITEM: "`drop: item`, `limit`",
    Scope.MESSAGE: "all",
    Scope.OUTCOME: "`suppress: message`, `hold`",
}
_TYPE_MEANINGS: Final = {
    FieldType.TEXT: "text as written; `NO`, `on` and `012` stay what they are",
    FieldType.CHOICE: "one of the words listed with the field",
    FieldType.PATH: "a category path, `/` between levels",
    FieldType.NUMBER: "a whole number without quotes; a share may have its sign: `50%`",
    FieldType.DURATION: "a number and a unit: `90 minutes`, `6 hours`, `180 days`, `8 years` (a year is 365 days)",
    FieldType.INSTANT: "a date (`2026-12-01`, midnight in the ruleset's `time_zone`) or a time with its zone",
    FieldType.YES_NO: "`yes` or `no`",
    FieldType.CLOCK: "hours and minutes: `08:00`, `22:30`",
    FieldType.DAY: "a date: `2026-12-25`",
    FieldType.WORDS: "several texts at once; it *is* a word when one of them is, and *is not* when none is",
}


def fields_table() -> str:
    """Every name a rule may write: type, effects it may stand in, whether it may be unknown, meaning."""
    rows = [_row(field) for field in FIELDS.values()]
    rows += [_row(field) for field in ATTRIBUTE_PREFIXES.values()]
    return _table(("field", "type", "in rules that", "may be unknown", "meaning"), rows)


def operators_table() -> str:
    """Every operator, its meaning, and the types it may be used on."""
    rows = []
    for operator, meaning in OPERATOR_MEANINGS.items():
        types = [type_.value for type_, allowed in OPERATORS.items() if operator in allowed]
        rows.append((f"`{operator}`", meaning, "all types" if len(types) == len(OPERATORS) else ", ".join(types)))
    return _table(("operator", "true when the field is", "types"), rows)


def types_table() -> str:
    """Every type and how its values are written."""
    return _table(("type", "written as"), [(type_.value, _TYPE_MEANINGS[type_]) for type_ in FieldType])


def codes_table() -> str:
    """Every registered reason code."""
    return _table(("code", "says"), [(f"`{code}`", meaning) for code, meaning in REASON_CODES.items()])


def entries_table(entries: Sequence[Entry]) -> str:
    """The keys of a map: what each means, and what holds when it is left out."""
    rows = [(f"`{entry.name}`", entry.meaning, entry.default) for entry in entries]
    return _table(("key", "means", "if left out"), rows)


def effects_table() -> str:
    """Every effect a rule may have."""
    return _table(("effect", "means"), [(f"`{entry.name}`", entry.meaning) for entry in EFFECTS])


def conditions_table() -> str:
    """Every entry of a condition that is not a field."""
    return _table(("entry", "true when"), [(f"`{name}`", meaning) for name, meaning in CONDITIONS.items()])


def qualifiers_table() -> str:
    """What narrows a field, and which fields it may narrow."""
    rows = []
    for name, meaning in QUALIFIERS.items():
        fields = [field.name for field in FIELDS.values() if (field.by_location if name == "at" else field.by_category)]
        rows.append((f"`{name}`", meaning, ", ".join(f"`{field}`" for field in fields)))
    return _table(("entry", "counts", "of"), rows)


TABLES: Final[dict[str, Callable[[], str]]] = {
    "file": partial(entries_table, TOP),
    "defaults": partial(entries_table, DEFAULTS),
    "rule": partial(entries_table, RULE),
    "effects": effects_table,
    "conditions": conditions_table,
    **{name: partial(entries_table, entries) for name, entries in PAST.items()},
    "fields": fields_table,
    "qualifiers": qualifiers_table,
    "operators": operators_table,
    "types": types_table,
    "codes": codes_table,
}


def with_tables(page: str) -> str:
    """The page with each part between `<!-- table: NAME -->` and `<!-- end -->` made anew."""
    for name, table in TABLES.items():
        start, end = f"<!-- table: {name} -->", "<!-- end -->"
        before, found, rest = page.partition(start)
        if found:
            _, _, after = rest.partition(end)
            page = f"{before}{start}\n{table()}\n{end}{after}"
    return page


def _row(field: Field) -> tuple[str, ...]:
    meaning = field.meaning
    if field.choices:
        meaning += f": {', '.join(f'`{choice}`' for choice in field.choices)}"
    unit = f", {field.unit}" if field.unit else ""
    if field.by_location or field.by_category:
        meaning += f"; takes `{'at' if field.by_location else 'under'}`"
    unknown = "yes" if field.may_be_unknown else "no"
    return f"`{field.name}`", f"{field.type.value}{unit}", _WHERE[field.scope], unknown, meaning


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
