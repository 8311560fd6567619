"""Turn values and names into SQL text (DuckDB's dialect), so that data can only ever stand where data belongs.

Spark gets the same text, translated by sqlglot (`scan.spark`).
"""

from collections.abc import Iterable, Sequence


def literal(value: str | int | bool | None) -> str:
    """A value as a literal. Text is quoted, with quotes doubled; there are no escapes in this dialect."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return f"CAST({value} AS BIGINT)"
        case str():
            return "'" + value.replace("'", "''") + "'"


def literals(values: Iterable[str | int | bool | None]) -> str:
    """Values as they stand in an `IN (...)`."""
    return ", ".join(literal(value) for value in values)


def texts(values: Iterable[str]) -> str:
    """A list of texts; an empty one keeps its type."""
    return f"CAST([{literals(values)}] AS VARCHAR[])"


def name(identifier: str) -> str:
    """A column's or table's name, quoted."""
    return '"' + identifier.replace('"', '""') + '"'


def all_of(parts: Sequence[str]) -> str:
    """All of these conditions; true when there are none."""
    return " AND ".join(f"({part})" for part in parts) if parts else "TRUE"


def any_of(parts: Sequence[str]) -> str:
    """Any of these conditions; false when there are none."""
    return " OR ".join(f"({part})" for part in parts) if parts else "FALSE"


def path(file: object) -> str:
    """A file's name as a literal; its brackets and stars are not taken for patterns."""
    return literal("".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(file)))


def target(file: object) -> str:
    """The name of a file to be written, as a literal."""
    return literal(str(file))
