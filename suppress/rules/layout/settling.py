"""Bring a tree into the order of house style, and every comment to a place where it can be written."""

from dataclasses import replace
from typing import Final

from suppress.rules.layout.tree import Branch, Entry, Leaf

RULE_ORDER: Final = (
    "id", "title", "drop", "suppress", "hold", "limit", "code", "mode", "always", "starts", "ends", "max_share",
    "when_unknown", "when", "unless",
)  # fmt: skip
CASE_ORDER: Final = ("name", "as_of", "given", "message", "want")
ORDERS: Final = {"rules": RULE_ORDER, "cases": CASE_ORDER}
"""The lists at the top of a file whose entries have an order of keys, and a blank line between them."""


def settle(root: Entry) -> None:
    """Make the tree ready to be printed."""
    if isinstance(root.value, Branch):
        root.value.is_flow = False
        for entry in root.value.entries:
            _unfold(entry)
            _order(entry)
        _settle(root)


def is_spaced(entry: Entry) -> bool:
    """Whether a blank line stands between the parts of this entry of the file."""
    return _name(entry) in ORDERS


def holds_comments(entry: Entry) -> bool:
    """Whether a comment stands inside the brackets of the value."""
    return isinstance(entry.value, Branch) and (
        bool(entry.below)
        or any(
            part.above or part.opening or part.beside or part.below or holds_comments(part)
            for part in entry.value.entries
        )
    )


def _name(entry: Entry) -> str:
    """The key without quotes."""
    raw = entry.key.raw if entry.key else ""
    return raw[1:-1] if raw[:1] in ("'", '"') else raw


def _unfold(entry: Entry) -> None:
    """The rules and cases are a block whatever they were, and so is each that was in braces over several lines."""
    if _name(entry) in ORDERS and isinstance(entry.value, Branch) and entry.value.entries:
        entry.value.is_flow = False
        for item in entry.value.entries:
            if isinstance(item.value, Branch) and item.value.entries and not item.value.on_one_line:
                item.value.is_flow = False


def _order(entry: Entry) -> None:
    """Put the keys of rules and cases in order. A key nobody knows stays behind the one it stood behind."""
    order = ORDERS.get(_name(entry))
    if order is None or not isinstance(entry.value, Branch) or entry.value.is_map:
        return
    for item in entry.value.entries:
        if isinstance(item.value, Branch) and item.value.is_map:
            rank = -1
            ranks: dict[int, int] = {}
            for part in item.value.entries:
                rank = order.index(_name(part)) if _name(part) in order else rank
                ranks[id(part)] = rank
            item.value.entries.sort(key=lambda part: ranks[id(part)])


def _settle(entry: Entry) -> None:
    """Give each comment a place at which it can be written, from the innermost entry outwards."""
    if not isinstance(entry.value, Branch):
        _settle_beside(entry)
        return
    for part in entry.value.entries:
        _settle(part)
    if entry.value.is_flow and not holds_comments(entry):
        _settle_beside(entry)
    elif entry.key is None and entry.owner is not None:
        _lift(entry)
    if entry.value.is_flow and holds_comments(entry):
        for part in entry.value.entries:
            part.after_blank = False


def _settle_beside(entry: Entry) -> None:
    """A value on the line of its key has room for one comment; what stood before the value goes above when it must."""
    is_taken = isinstance(entry.value, Leaf) and entry.value.is_block and "#" in entry.value.raw.partition("\n")[0]
    if entry.opening and (entry.beside or is_taken):
        entry.above += entry.opening
    else:
        entry.beside = [*entry.opening, *entry.beside]
    entry.opening = []


def _lift(item: Entry) -> None:
    """Between a dash and what follows on its line is no room for comments: they go above the dash."""
    moved = list(item.opening)
    after_blank = False
    if isinstance(item.value, Branch) and item.value.entries:
        first = item.value.entries[0]
        moved += first.above
        after_blank = first.after_blank and bool(first.above)
        first.above, first.after_blank = [], False
    if moved:
        moved[0] = replace(moved[0], after_blank=moved[0].after_blank or item.after_blank)
        item.above += moved
        item.after_blank = after_blank
    item.opening = []
