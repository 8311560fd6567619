"""Turn judged candidates into what each message shows: slots filled with kept items, then with kept replacements.

A replacement is tried while a slot is free and its sku is not shown already. Rules that look at the items placed before
depend on what is shown, and what is shown on them: both are worked out in rounds until nothing moves, which ends after
at most as many rounds as a message has candidates, since each candidate looks only at those before it.
"""

from suppress.rules.compile import CompiledRule
from suppress.scan.asked import Asked, is_placed
from suppress.scan.judging import OWN_KEYS, first_obeyed, rule_column
from suppress.scan.lower import truth, under
from suppress.scan.sql import literal, name

_KEPT_OF = "message.kept_of_"
NOTHING_PLACED = (
    "SELECT message_no, position, is_replacement, sku, drop_no, TRUE AS tried, FALSE AS shown FROM judged WHERE FALSE"
)
"""`place` before the first round."""


def verdict(*, later: bool, limits: bool) -> str:
    """The relation `verdict`: which candidates are dropped by any rule, limits included."""
    joins = ["LEFT JOIN later l ON l.message_no = j.message_no AND l.position = j.position"] if later else []
    number = "least(j.drop_no, l.drop_no)" if later else "j.drop_no"
    if limits:
        # What got nothing of its budget counts as dropped, as long as no rule drops it anyway.
        joins.append("LEFT JOIN rejected r ON r.message_no = j.message_no AND r.position = j.position")
        number = f"coalesce({number}, r.rule_no)"
    return (
        f"SELECT j.message_no, j.position, j.is_replacement, j.sku, j.slots, {number} AS drop_no"
        f" FROM judged j {' '.join(joins)}"
    )


def place() -> str:
    """The relation `place`, from `verdict`: what is `shown`, and (replacements) what was `tried`."""
    kept = (
        "SELECT *, drop_no IS NULL AND NOT is_replacement AND count(*) FILTER (WHERE drop_no IS NULL AND NOT"
        " is_replacement) OVER (PARTITION BY message_no ORDER BY position) <= slots AS shown_item FROM verdict"
    )
    rooms = (
        "SELECT *, slots - count(*) FILTER (WHERE shown_item) OVER (PARTITION BY message_no) AS free,"
        " count(*) FILTER (WHERE shown_item) OVER (PARTITION BY message_no, sku) > 0 AS is_there"
        f" FROM ({kept})"
    )
    before = (
        "count(*) FILTER (WHERE is_replacement AND NOT is_there AND drop_no IS NULL) OVER"
        " (PARTITION BY message_no ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    )
    tried = f"SELECT *, NOT is_replacement OR (NOT is_there AND {before} < free) AS tried FROM ({rooms})"
    return (
        "SELECT message_no, position, is_replacement, sku, drop_no, tried,"
        f" shown_item OR (is_replacement AND tried AND drop_no IS NULL) AS shown FROM ({tried})"
    )


def later(asked: Asked, rules: list[CompiledRule]) -> str:
    """The relation `later`: truths of the rules that look at the items placed before, given `place`."""
    fields = [field for field in asked.item_fields() if is_placed(field)]
    counts = ", ".join(f"{_count(field)} AS {name(field)}" for field in fields)
    truths = ", ".join(f"{truth(rule.condition, asked)} AS {rule_column(rule)}" for rule in rules)
    before = (
        f"SELECT j.message_no, j.position, {counts} FROM judged j LEFT JOIN (SELECT p.message_no, p.position, g.sku,"
        f" {', '.join(f'g.{own}' for own in OWN_KEYS.values())} FROM place p JOIN judged g ON g.message_no ="
        " p.message_no"
        " AND g.position = p.position WHERE p.shown) b ON b.message_no = j.message_no AND b.position < j.position"
        " GROUP BY j.message_no, j.position"
    )
    known = ", ".join(_known(field) for field in fields)
    # Counting is on the left, what is unknown is left out afterwards: an unknown key has counted nothing.
    with_counts = f"SELECT j.*, {known} FROM judged j JOIN ({before}) n USING (message_no, position)"
    wanted = ", ".join(["message_no", "position", *map(name, fields), *(rule_column(rule) for rule in rules)])
    dropping = first_obeyed([rule for rule in rules if rule.limit is None])
    return f"SELECT {wanted}, {dropping} AS drop_no FROM (SELECT *, {truths} FROM ({with_counts}))"


def _count(field: str) -> str:
    base, _, path = field.removeprefix(_KEPT_OF).partition(" under ")
    if path:
        return f"count(*) FILTER (WHERE {under('b.own_category', path)})"
    if base == "sku":
        return "count(*) FILTER (WHERE b.sku = j.sku)"
    own = OWN_KEYS[base]
    return f"count(*) FILTER (WHERE b.sku = j.sku OR b.{own} = j.{own})"


def _known(field: str) -> str:
    base, _, path = field.removeprefix(_KEPT_OF).partition(" under ")
    known = "j.knows_products" if path else literal(True) if base == "sku" else f"j.{OWN_KEYS[base]} IS NOT NULL"
    return f"CASE WHEN {known} THEN n.{name(field)} END AS {name(field)}"
