"""Turn the SELECTs of a scan from DuckDB's dialect into Spark's: one text in, one text out, of the same meaning.

sqlglot knows most of both; what it gets wrong, or cannot know, is put right on the tree before it is written.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import sqlglot
from sqlglot import exp

from suppress.scan.spark_keys import with_customers

_INSTANT: Final = "yyyy-MM-dd'T'HH:mm:ss'Z'"
_AS_WRITTEN: Final = "%Y-%m-%dT%H:%M:%SZ"


@lru_cache(maxsize=512)
def in_spark(select: str) -> str:
    """The query for Spark, with `of_customer` carried along. Raises ValueError for what has no translation."""
    tree = with_customers(parsed(select))
    return _spelled(tree).sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


def parsed(select: str) -> exp.Expr:
    """The tree of a query in DuckDB's dialect."""
    return sqlglot.parse_one(select, read="duckdb")


def _spelled(tree: exp.Expr) -> exp.Expr:
    for select in list(tree.find_all(exp.Select)):
        _whole_rows(select)
        _lateral(select)
    # What stands inside is put right before what it stands in: `transform` would not look into what it replaced.
    for node in reversed(list(tree.walk())):
        respelled = _respell(node)
        if respelled is not node:
            tree = respelled if node is tree else tree
            node.replace(respelled)
    return tree


def _whole_rows(select: exp.Select) -> None:
    """A table's name among the columns means its row as a struct."""
    sources = {source.alias_or_name for source in (select.args.get("from_"), *select.args.get("joins", ())) if source}
    for column in select.expressions:
        if isinstance(column, exp.Column) and not column.table and column.name in sources:
            row = exp.Struct(expressions=[exp.Column(this=exp.Star(), table=exp.to_identifier(column.name))])
            column.replace(exp.alias_(row, column.name))


def _lateral(select: exp.Select) -> None:
    """`FROM t, (SELECT unnest(t.list) AS e) u` is a LATERAL VIEW."""
    for join in list(select.args.get("joins") or ()):
        inner = join.this.unnest() if isinstance(join.this, exp.Subquery) else None
        if not isinstance(inner, exp.Select) or inner.args.get("from_") or len(inner.expressions) != 1:
            continue
        made = inner.expressions[0]
        if isinstance(made, exp.Alias) and isinstance(made.this, exp.Explode):
            view = exp.Lateral(
                this=made.this,
                view=True,
                alias=exp.TableAlias(this=exp.to_identifier(join.this.alias), columns=[exp.to_identifier(made.alias)]),
            )
            join.pop()
            select.append("laterals", view)


def _respell(node: exp.Expr) -> exp.Expr:
    match node:
        case exp.Filter(this=exp.ArrayAgg(this=exp.Order())):
            return _ordered_list(node)
        case exp.Filter(this=exp.Count(this=exp.Distinct())):
            return _distinct_count(node)
        case exp.ArrayOverlaps():
            return exp.Anonymous(this="ARRAYS_OVERLAP", expressions=[node.this, node.expression])
        case exp.Length():
            # Only lists are asked for their length; SIZE of no list is NULL in the settings of a scan.
            return exp.Anonymous(this="SIZE", expressions=[node.this])
        case exp.Anonymous() if node.name.lower() == "make_timestamptz":
            return exp.Anonymous(this="TIMESTAMP_MICROS", expressions=node.expressions)
        case exp.TimeToStr():
            return _written_instant(node)
        case exp.Cast() if node.to.this is exp.DataType.Type.UBIGINT:
            return _from_hexadecimal(node)
        case exp.Greatest(this=exp.Expr() as only) | exp.Least(this=exp.Expr() as only) if not node.expressions:
            return only
        case exp.Join() if node.kind == "ANTI":
            node.set("side", "LEFT")
            return node
        case _:
            return node


def _ordered_list(node: exp.Expr) -> exp.Expr:
    """Spark's lists have no order of their own: pairs of (order, value) are collected, sorted, and stripped."""
    order = node.this.this
    (by,) = order.expressions
    pair = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier("at"), expression=by.this.copy()),
            exp.PropertyEQ(this=exp.to_identifier("value"), expression=order.this.copy()),
        ]
    )
    collected = exp.Filter(
        this=exp.Anonymous(this="COLLECT_LIST", expressions=[pair]), expression=node.expression.copy()
    )
    value = exp.Lambda(
        this=exp.Dot(this=exp.to_identifier("e"), expression=exp.to_identifier("value")),
        expressions=[exp.to_identifier("e")],
    )
    in_order = exp.Anonymous(this="ARRAY_SORT", expressions=[collected])
    return exp.Anonymous(this="TRANSFORM", expressions=[in_order, value])


def _distinct_count(node: exp.Expr) -> exp.Expr:
    """Spark counts what is distinct by moving every row; how large the sets are it can tell where they lie."""
    (counted,) = node.this.this.expressions
    found = exp.Anonymous(this="COLLECT_SET", expressions=[counted.copy()])
    size = exp.Anonymous(this="SIZE", expressions=[exp.Filter(this=found, expression=node.expression.copy())])
    return exp.cast(size, exp.DataType.Type.BIGINT)


def _written_instant(node: exp.TimeToStr) -> exp.Expr:
    if node.args["format"].name != _AS_WRITTEN:
        raise ValueError(f"no translation of the format {node.args['format'].name}")
    return exp.Anonymous(this="DATE_FORMAT", expressions=[node.this, exp.Literal.string(_INSTANT)])


def _from_hexadecimal(node: exp.Cast) -> exp.Expr:
    """`CAST('0x' || digits AS UBIGINT)`: Spark has no unsigned type; a decimal of 20 digits holds as much."""
    text = node.this.unnest()
    if not isinstance(text, exp.DPipe) or text.left.name != "0x":
        raise ValueError("no translation of UBIGINT other than from hexadecimal digits")
    number = exp.Anonymous(this="CONV", expressions=[text.right, exp.Literal.number(16), exp.Literal.number(10)])
    return exp.cast(number, exp.DataType.build("DECIMAL(20, 0)"))


class Ordered(NamedTuple):
    """A query for Spark without its order: the columns rows are in order by, and those that are left out in the end."""

    select: str
    by: tuple[str, ...]
    left_out: tuple[str, ...]


def ordered(select: str) -> Ordered:
    """A query `[SELECT * [EXCLUDE (...)] FROM (] ... ORDER BY columns`, taken apart. Raises as `in_spark`.

    The order may be that of what the query reads, too.
    """
    tree = parsed(select)
    left_out: tuple[str, ...] = ()
    while (inner := _wrapped(tree)) is not None:
        (star,) = tree.expressions
        left_out += tuple(column.name for column in star.args.get("except_") or ())
        tree = inner
    inner = tree.args["from_"].this.unnest()
    sorting = inner if isinstance(inner, exp.Select) and inner.args.get("order") else tree
    order = sorting.args.get("order")
    sorting.set("order", None)
    by = tuple(each.this.name for each in order.expressions) if order else ()
    return Ordered(in_spark(tree.sql(dialect="duckdb")), by, left_out)


def _wrapped(tree: exp.Expr) -> exp.Expr | None:
    """What stands in the parentheses of `SELECT * FROM (...)`, when nothing else is said."""
    if not isinstance(tree, exp.Select) or len(tree.expressions) != 1 or not isinstance(tree.expressions[0], exp.Star):
        return None
    said = {key for key, value in tree.args.items() if value} - {"kind", "expressions", "from_"}
    source = tree.args["from_"].this
    return source.unnest() if not said and isinstance(source, exp.Subquery) else None
