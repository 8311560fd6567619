"""Have a query go by customers wherever it goes by messages, so that what lies together by customer stays together.

Every message is of one customer, so nothing changes in what a query means: a join, a group or a window by message or by
candidate that goes by the message's customer too has the same rows. But Spark then sees that both sides lie divided by
customer already and moves neither. The column `of_customer` is never NULL, unlike `customer_id`: messages to nobody
that is known are spread by their number.
"""

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

CARRIED: Final = "of_customer"
_KEYS: Final = ("message_no", "pair_no", "customer_id")
_OF_MESSAGES: Final = ("message_no", "pair_no")
_CUSTOMERS: Final = ("customer_id", "member_id")


def with_customers(tree: exp.Expr) -> exp.Expr:
    """The query, changed in place, over tables that all have a column `of_customer` beside their keys."""
    for comparison in list(tree.find_all(exp.EQ)):
        _compare(comparison)
    for one_of in list(tree.find_all(exp.In)):
        _one_of(one_of)
    for select in list(tree.find_all(exp.Select)):
        _carry(select)
        _group(select)
    for join in tree.find_all(exp.Join):
        using = join.args.get("using")
        if using and any(column.name in _KEYS for column in using):
            join.append("using", exp.to_identifier(CARRIED))
    for window in tree.find_all(exp.Window):
        if by := _first(window.args.get("partition_by") or [], _OF_MESSAGES):
            window.append("partition_by", _carried(by))
    for star in tree.find_all(exp.Star):
        left_out = star.args.get("except_") or []
        if any(column.name == "message_no" for column in left_out):
            star.append("except_", exp.column(CARRIED))
    return tree


def _compare(comparison: exp.EQ) -> None:
    """Customers are compared by `of_customer`; messages, and candidates, by it as well."""
    left, right = comparison.left, comparison.right
    if _is_customer(left) and _is_customer(right):
        _rename(left)
        _rename(right)
        return
    sides = [_first([side], _OF_MESSAGES) for side in (left, right)]
    if sides[0] and sides[1]:
        same = exp.EQ(this=_carried(sides[0]), expression=_carried(sides[1]))
        comparison.replace(exp.Paren(this=exp.And(this=comparison.copy(), expression=same)))


def _one_of(one_of: exp.In) -> None:
    query = one_of.args.get("query")
    if query is None or not _is_customer(one_of.this):
        return
    _rename(one_of.this)
    for projected in _projections(query):
        _rename(projected)


def _carry(select: exp.Select) -> None:
    """A query that gives a message, a candidate or a customer gives whose it is too."""
    given = select.expressions
    if any(each.is_star or each.alias_or_name == CARRIED for each in given) or _is_list_of_one(select):
        return
    for key in _KEYS:
        found = next((each for each in given if each.alias_or_name == key), None)
        if found is None:
            continue
        if column := _first([found], _KEYS):
            select.append("expressions", exp.alias_(_carried(column), CARRIED))
        elif not found.find(exp.Column):
            nothing = exp.cast(exp.null(), exp.DataType.Type.VARCHAR)
            select.append("expressions", exp.alias_(nothing, CARRIED))
        return


def _group(select: exp.Select) -> None:
    group = select.args.get("group")
    if group is not None and (by := _first(group.expressions, _KEYS)):
        group.append("expressions", _carried(by))


def _is_list_of_one(select: exp.Select) -> bool:
    """Whether the query stands after IN and so gives one column."""
    parent = select.parent
    while isinstance(parent, exp.Subquery | exp.SetOperation):
        parent = parent.parent
    return isinstance(parent, exp.In)


def _projections(query: exp.Expr) -> Iterator[exp.Expr]:
    inner = query.unnest()
    if isinstance(inner, exp.SetOperation):
        yield from _projections(inner.left)
        yield from _projections(inner.right)
    elif isinstance(inner, exp.Select):
        yield from list(inner.expressions)


def _first(expressions: list[exp.Expr], names: tuple[str, ...]) -> exp.Column | None:
    for name in names:
        for expression in expressions:
            for column in expression.find_all(exp.Column):
                if column.name == name:
                    return column
    return None


def _carried(column: exp.Column) -> exp.Column:
    return exp.column(CARRIED, table=column.args.get("table"))


def _is_customer(side: exp.Expr) -> bool:
    return isinstance(side, exp.Column) and side.name in _CUSTOMERS


def _rename(column: exp.Expr) -> None:
    if isinstance(column, exp.Column) and column.name == "customer_id":
        column.set("this", exp.to_identifier(CARRIED))
