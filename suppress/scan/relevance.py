"""Say for which candidates a condition on the past can matter at all, so that only theirs is looked up.

A rule that asks for a category and for purchases is false wherever the category is another one, whatever was bought.
What stands beside a condition under the same `all`, and needs no past itself, is enough to tell.
"""

from collections.abc import Callable, Iterable, Iterator

from suppress.rules.compile import CompiledRule
from suppress.rules.tree import All, AnyOf, Condition, Leaf, Not, Past, leaves

IsPlain = Callable[[Leaf], bool]


def relevance(rules: Iterable[CompiledRule], node: Past, is_plain: IsPlain) -> list[list[Condition]] | None:
    """Alternatives, in each of which none of the conditions is false where the node matters; None = it may everywhere.

    `is_plain`: whether a leaf can be told before any past is looked up.
    """
    alternatives = [beside for rule in rules for found, beside in _walk(rule.condition, [], is_plain) if found == node]
    return alternatives if all(alternatives) else None


def _walk(
    condition: Condition, beside: list[Condition], is_plain: IsPlain
) -> Iterator[tuple[Condition, list[Condition]]]:
    match condition:
        case All(parts=parts):
            plain = [part for part in parts if all(is_plain(leaf) for leaf in leaves(part))]
            for part in parts:
                yield from _walk(part, [*beside, *(other for other in plain if other is not part)], is_plain)
        case AnyOf(parts=parts):
            for part in parts:
                yield from _walk(part, beside, is_plain)
        case Not(part=part):
            yield from _walk(part, beside, is_plain)
        case _:
            yield condition, beside
