"""Turn the vocabulary into the tables of `docs/rules.md`, so that the page cannot say what the program does not do."""

from collections.abc import Sequence
from typing import Final

from suppress.decisions.reasons import REASON_CODES
from suppress.facts.fields import ATTRIBUTE_PREFIXES, FIELDS, OPERATOR_MEANINGS, OPERATORS, Field, FieldType, Scope

_WHERE: Final = {
    Scope.ITEM: "`drop: item`",
    Scope.MESSAGE: "both",
    Scope.OUTCOME: "`suppress: message`",
}
_TYPE_MEANINGS: Final = {
    FieldType.TEXT: "text as written; `NO`, `on` and `012` stay what they are",
    FieldType.CHOICE: "one of the words listed with the field",
    FieldType.PATH: "a category path, `/` between levels",
    FieldType.NUMBER: "a whole number without quotes",
    FieldType.DURATION: "a number and a unit: `90 minutes`, `6 hours`, `180 days`, `8 years` (a year is 365 days)",
    FieldType.INSTANT: "a date (`2026-12-01`, midnight in the ruleset's `time_zone`) or a time with its zone",
    FieldType.YES_NO: "`yes` or `no`",
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


TABLES: Final = {"fields": fields_table, "operators": operators_table, "types": types_table, "codes": codes_table}


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
    unknown = "yes" if field.may_be_unknown else "no"
    return f"`{field.name}`", f"{field.type.value}{unit}", _WHERE[field.scope], unknown, meaning


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
