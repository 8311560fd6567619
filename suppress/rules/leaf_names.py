"""What a leaf of a condition asks for, as evidence and reports name it."""

from suppress.rules.tree import Bought, Compare, Leaf, Said, Sent, Shown


def leaf_name(leaf: Leaf) -> str:
    """The field by its label, or the kind of history and what counts as the same: `bought.item_group`, `sent`."""
    match leaf:
        case Compare(field=field):
            return field.label
        case Bought(same=same):
            return f"bought.{same.value}"
        case Shown(same=same):
            return f"shown.{same.value}"
        case Said(same=same):
            return f"said.{same.value}"
        case Sent():
            return "sent"
