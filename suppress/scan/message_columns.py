"""Turn the columns of a message file into SQL: each field's value where it is plain, and which rows are not plain.

A plain row is one about which SQL and `facts.message` cannot disagree: ids of everyday characters without blanks around
them, times written out in full, whole slots. Every other row is odd and is read by the border's own parser, so that
what is refused, and in which words, is decided in one place.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from suppress.errors import FactsError
from suppress.facts.ids import MAX_ID_CHARACTERS
from suppress.problems import did_you_mean
from suppress.scan.message_grammar import ATTRIBUTES_TEXT, INSTANT, PLAIN

FIELDS: Final = (
    "message_id",
    "customer_id",
    "email",
    "phone",
    "channel",
    "campaign_id",
    "campaign_tags",
    "send_at",
    "slots",
    "items",
    "replacements",
    "attributes",
)
REQUIRED: Final = ("message_id", "items")
RECIPIENT: Final = ("customer_id", "email", "phone")
ITEM_FIELDS: Final = ("sku", "placement", "score")
MOST_ENTRIES: Final = 1000
MOST_ATTRIBUTE_CHARACTERS: Final = 2000

NOT_GIVEN: Final = "NULL::VARCHAR"
_ITEMS_TYPE: Final = "STRUCT(sku VARCHAR, placement VARCHAR, score DOUBLE)[]"
_EARLIEST_US: Final = -2_208_988_800_000_000  # 1900
_LATEST_US: Final = 7_258_118_400_000_000  # 2200
INSTANTS: Final = {"timestamp with time zone", "timestamptz_ns"}
_WHOLE: Final = {"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint"}
_TEXT: Final = {"varchar", "enum"}
_FLOAT: Final = {"float", "double"}


class Column(NamedTuple):
    """SQL of one field: its value in a plain row (NULL = not given), and whether it makes a row odd (never NULL)."""

    value: str
    odd: str = "false"


def check_columns(names: list[str]) -> None:
    """Raises FactsError when a message file has columns twice, lacks one it needs, or has one no message knows."""
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise FactsError(f'the column "{twice[0]}" is there twice')
    missing = [name for name in REQUIRED if name not in names]
    if not set(names) & set(RECIPIENT):
        missing.append("customer_id (or email, or phone)")
    unknown = [name for name in names if name not in FIELDS]
    complaints = []
    if missing:
        complaints.append(f"the column {' and the column '.join(missing)} is missing")
    if unknown:
        hint = did_you_mean(unknown[0][:100], FIELDS)
        hint = hint or f"the columns are {', '.join(FIELDS)}; leave the others out, or put them into attributes"
        complaints.append(f'there is no column "{_shown(unknown[0])}"; {hint}')
    if complaints:
        raise FactsError("; ".join(complaints))


def message_columns(types: Mapping[str, Any]) -> dict[str, Column]:
    """SQL for every field of a message over columns of these DuckDB types; fields without a column are NULL."""
    found = {name: Column(NOT_GIVEN) for name in FIELDS}
    found["campaign_tags"] = found["replacements"] = Column("[]::VARCHAR[]")
    found["send_at"] = Column("NULL::BIGINT")
    found["slots"] = Column("NULL::INTEGER")
    found["attributes"] = Column("MAP {}::MAP(VARCHAR, VARCHAR)")
    for name, type_ in types.items():
        column = f'"{name}"'
        match name:
            case "email" | "phone":
                found[name] = _id(column, type_, _odd_address)
            case "campaign_tags" | "replacements":
                found[name] = _ids(column, type_)
            case "items":
                found[name] = _items(column, type_)
            case "send_at":
                found[name] = _instant(column, type_)
            case "slots":
                found[name] = _slots(column, type_)
            case "attributes":
                found[name] = _attributes(column, type_)
            case _:
                found[name] = _id(column, type_, _odd_id)
    return found


def odd_row(columns: Mapping[str, Column]) -> str:
    """Whether a row is odd, as SQL: one of its fields is, or it names nobody, or has no id."""
    nameless = f"({columns['message_id'].value}) IS NULL"
    nobody = " AND ".join(f"({columns[name].value}) IS NULL" for name in RECIPIENT)
    return " OR ".join(
        [nameless, f"({nobody})", *(f"({each.odd})" for each in columns.values() if each.odd != "false")]
    )


def _odd_id(text: str) -> str:
    return f"coalesce(length({text}) > {MAX_ID_CHARACTERS} OR regexp_matches({text}, '^$|^ | $|[^{PLAIN}]'), false)"


def _odd_address(text: str) -> str:
    return f"coalesce(length({text}) > {MAX_ID_CHARACTERS} OR regexp_matches({text}, '^ *$|[^{PLAIN}]'), false)"


def _odd_said(text: str) -> str:
    return f"coalesce(length({text}) > {MOST_ATTRIBUTE_CHARACTERS} OR regexp_matches({text}, '[^{PLAIN}]'), false)"


def _id(column: str, type_: Any, odd: Any) -> Column:
    if type_.id in _TEXT:
        return Column(f"{column}::VARCHAR", odd(f"{column}::VARCHAR"))
    if type_.id in _WHOLE:
        return Column(f"{column}::VARCHAR")
    if type_.id in _FLOAT:
        return Column(f"{_whole(column)}::VARCHAR", _odd_whole(column))
    return _never(column)


def _never(column: str, type_: str = "VARCHAR") -> Column:
    """A column of a type its field cannot have: whatever it holds is for the border to refuse."""
    return Column(f"NULL::{type_}", f"{column} IS NOT NULL")


def _whole(column: str) -> str:
    """The whole number in a column of floats, which is how pandas writes whole numbers when some are missing."""
    return f"TRY_CAST(CASE WHEN isnan({column}) THEN NULL ELSE {column} END AS BIGINT)"


def _odd_whole(column: str) -> str:
    exact = f"abs({column}) < 9007199254740992 AND {column} = trunc({column})"
    return f"coalesce(NOT isnan({column}) AND NOT ({exact}), false)"


def _any(entries: str, entry: str, odd: str) -> str:
    """Whether any of a list is odd, or none at all (NULL), or there are too many."""
    return (
        f"coalesce(len({entries}) > {MOST_ENTRIES} OR list_count({entries}) < len({entries})"
        f" OR list_bool_or(list_transform({entries}, lambda {entry}: {odd})), false)"
    )


def _ids(column: str, type_: Any) -> Column:
    if type_.id in {"list", "array"}:
        ids = f"{column}::VARCHAR[]"
        inner = type_.children[0][1].id
        if inner in _WHOLE:
            return Column(f"coalesce({ids}, [])", _any(ids, "e", "false"))
        if inner in _TEXT or inner == "null":
            return Column(f"coalesce({ids}, [])", _any(ids, "e", _odd_id("e")))
    elif type_.id in _TEXT:
        ids = _split(column)
        return Column(f"coalesce({ids}, [])", f"coalesce({column} LIKE '[%', false) OR {_any(ids, 'e', _odd_id('e'))}")
    elif type_.id == "null":
        return Column("[]::VARCHAR[]")
    return Column("[]::VARCHAR[]", f"{column} IS NOT NULL")


def _split(column: str) -> str:
    """The entries of `A|B`, as imports read it: blanks around them do not count, nor do empty entries."""
    entries = f"list_transform(string_split({column}::VARCHAR, '|'), lambda e: trim(e))"
    return f"list_filter({entries}, lambda e: e <> '')"


def _items(column: str, type_: Any) -> Column:
    inner = type_.children[0][1] if type_.id in {"list", "array"} else None
    if inner is not None and inner.id == "struct":
        return _item_maps(f"{column}", dict(inner.children))
    ids = _ids(column, type_)
    value = f"list_transform({ids.value}, lambda e: {{'sku': e, 'placement': NULL::VARCHAR, 'score': NULL::DOUBLE}})"
    return Column(f"{value}::{_ITEMS_TYPE}", f"{column} IS NULL OR {ids.odd}")


def _item_maps(column: str, types: Mapping[str, Any]) -> Column:
    unknown = [name for name in types if name not in ITEM_FIELDS]
    if unknown:
        hint = did_you_mean(unknown[0][:100], ITEM_FIELDS) or f"the fields are {', '.join(ITEM_FIELDS)}"
        raise FactsError(f'items: no such field "{_shown(unknown[0])}"; {hint}')
    if "sku" not in types:
        raise FactsError("items: the field sku is missing")
    sku, placement = (
        _id(f"e.{name}", types[name], _odd_id) if name in types else Column("NULL::VARCHAR")
        for name in ("sku", "placement")
    )
    score = Column("NULL::DOUBLE")
    if "score" in types:
        type_ = types["score"]
        score = _never("e.score", "DOUBLE")
        if type_.id in _FLOAT | _WHOLE or type_.id == "decimal":
            # A zero is a zero: minus nought would rank and print differently.
            score = Column("e.score::DOUBLE + 0.0", "coalesce(NOT isfinite(e.score::DOUBLE), false)")
    odd = " OR ".join(["e.sku IS NULL", *(each.odd for each in (sku, placement, score) if each.odd != "false")])
    value = f"{{'sku': {sku.value}, 'placement': {placement.value}, 'score': {score.value}}}"
    return Column(
        f"list_transform({column}, lambda e: {value})::{_ITEMS_TYPE}",
        f"{column} IS NULL OR {_any(column, 'e', odd)}",
    )


def _instant(column: str, type_: Any) -> Column:
    if type_.id in INSTANTS:
        instant = f"{column}::TIMESTAMPTZ"
        at = f"epoch_us({instant})"
        plain = f"isfinite({instant}) AND {at} BETWEEN {_EARLIEST_US} AND {_LATEST_US}"
        return Column(f"CASE WHEN isfinite({instant}) THEN {at} END", f"coalesce(NOT ({plain}), false)")
    if type_.id in _TEXT:
        text = f"{column}::VARCHAR"
        at = f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"
        plain = f"regexp_full_match({text}, '{INSTANT}') AND {at} IS NOT NULL"
        return Column(at, f"{column} IS NOT NULL AND NOT ({plain})")
    return _never(column, "BIGINT")


def _slots(column: str, type_: Any) -> Column:
    if type_.id in _WHOLE:
        return Column(f"TRY_CAST({column} AS INTEGER)", f"coalesce({column} NOT BETWEEN 0 AND {MOST_ENTRIES}, false)")
    if type_.id in _FLOAT:
        whole = _whole(column)
        odd = f"{_odd_whole(column)} OR coalesce({whole} NOT BETWEEN 0 AND {MOST_ENTRIES}, false)"
        return Column(f"TRY_CAST({whole} AS INTEGER)", odd)
    if type_.id in _TEXT:
        text = f"{column}::VARCHAR"
        return Column(f"TRY_CAST({text} AS INTEGER)", f"NOT coalesce(regexp_full_match({text}, '[0-9]{{1,3}}'), true)")
    return _never(column, "INTEGER")


def _attributes(column: str, type_: Any) -> Column:
    empty = "MAP {}::MAP(VARCHAR, VARCHAR)"
    if type_.id == "map":
        key, value = (child for _, child in type_.children)
        if key.id in _TEXT and value.id in _TEXT | _WHOLE | {"boolean"}:
            texts = f"{column}::MAP(VARCHAR, VARCHAR)"
            return Column(f"coalesce({texts}, {empty})", odd_attributes(texts))
    elif type_.id in _TEXT:
        from_text = f"from_json({column}::VARCHAR, '\"MAP(VARCHAR, VARCHAR)\"')"
        plain = f"regexp_full_match({column}::VARCHAR, '{ATTRIBUTES_TEXT}')"
        texts = f"CASE WHEN {plain} THEN {from_text} END"
        # Text that is no JSON must never come near the functions that read JSON, hence CASE.
        keys = f"json_keys({column}::VARCHAR) IS DISTINCT FROM map_keys({texts})"
        odd = f"CASE WHEN {plain} THEN {keys} ELSE {column} IS NOT NULL END"
        return Column(f"coalesce({texts}, {empty})", f"{odd} OR {odd_attributes(texts)}")
    return Column(empty, f"{column} IS NOT NULL")


def odd_attributes(texts: str) -> str:
    """Whether a map of attributes is odd: in its names, its values, or because a name stands there twice."""
    names, values = f"map_keys({texts})", f"map_values({texts})"
    return (
        f"coalesce(CASE WHEN cardinality({texts}) > 1 THEN len({names}) <> len(list_distinct({names})) END, false)"
        f" OR {_any(names, 'e', _odd_id('e'))} OR {_any(values, 'e', _odd_said('e'))}"
    )


def _shown(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name[:60])
