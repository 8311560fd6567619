"""Find conditions that can never be true: a tree in, Problems out.

Looked at are the comparisons that must hold together under one `all`, field by field, and values a field never has.
"""

from collections.abc import Iterator
from typing import Final

from suppress.facts.fields import Field, FieldType, Operator
from suppress.rules.findings import Findings, quoted
from suppress.rules.implication import Implication, bounds, is_under, positive, satisfies
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Not, Scalar

LEAST_VALUE: Final = {
    "stock.available_units": 0,
    "item.price_minor": 0,
    "item.replenish_days": 0,
    "message.slots": 0,
    "message.items_asked": 0,
    "message.items_kept": 0,
}
"""The least value a number can have, where there is one."""

_MOST_COMPARES: Final = 50
"""How many comparisons of one field are looked at together; nobody writes as many by hand."""

_TEXT_OPERATORS: Final = (Operator.UNDER, Operator.STARTS_WITH)


def find_contradictions(condition: Condition, implication: Implication, findings: Findings) -> None:
    """Note every part of a condition that can never be true, or that says nothing because it always is."""
    for conjunction in _conjunctions(condition):
        for part in conjunction:
            if isinstance(part, Bought):
                _check_window(part, findings)
            elif isinstance(part, Compare):
                _check_least(part, findings)
        _check_together(conjunction, implication, findings)


def _conjunctions(condition: Condition) -> Iterator[list[Condition]]:
    """The groups of parts that must be true together, outermost first; `not` of a comparison as its opposite."""
    parts: list[Condition] = []
    inner: list[Condition] = []
    stack = [condition]
    while stack:
        part = positive(stack.pop())
        match part:
            case All(parts=more):
                stack.extend(reversed(more))
            case AnyOf(parts=options):
                parts.append(part)
                inner.extend(options)
            case Not(part=negated):
                parts.append(part)
                inner.append(negated)
            case _:
                parts.append(part)
    yield parts
    for each in inner:
        yield from _conjunctions(each)


def _check_window(bought: Bought, findings: Findings) -> None:
    if bought.within and bought.not_within and bought.not_within.us >= bought.within.us:
        findings.add(
            "impossible-window",
            f"no purchase is within {quoted(bought.within.text)} and not within {quoted(bought.not_within.text)}",
            bought.position,
            '"not_within" must be shorter than "within"',
        )


def _check_least(compare: Compare, findings: Findings) -> None:
    name = compare.field.name
    least = LEAST_VALUE.get(name)
    if least is None or compare.operator is Operator.EXISTS:
        return
    values = [value for value in compare.values if isinstance(value, int)]
    found = bounds(compare)
    top = found[1] if found else max(values)
    if compare.operator not in (Operator.IS_NOT, Operator.NOT_IN) and top is not None and top < least:
        findings.add(
            "impossible-condition",
            f"{quoted(name)} is never below {least}, so this is never true",
            compare.position,
            f'write "below: {least + 1}" for none' if compare.operator is Operator.BELOW else "check the number",
        )
    elif found and found[1] is None and found[0] is not None and found[0] <= least:
        findings.warn(
            "always-true",
            f"{quoted(name)} is never below {least}, so this is always true",
            compare.position,
            f'write "at_least: {least + 1}", or leave the condition out',
        )


def _check_together(parts: list[Condition], implication: Implication, findings: Findings) -> None:
    possible: dict[Field, _Possible] = {}
    for part in parts:
        if isinstance(part, Compare):
            known = possible.setdefault(part.field, _Possible(part.field))
            if len(known.compares) >= _MOST_COMPARES:
                continue
            was_possible = known.is_possible()
            known.add(part)
            if was_possible and not known.is_possible() and len(known.compares) > 1:
                findings.add(
                    "impossible-condition",
                    f"what is said of {quoted(part.field.name)} contradicts {_line(known.first_line, part)}",
                    part.position,
                    'put the two under "any", or delete one',
                )
    negated = [part.part for part in parts if isinstance(part, Not)]
    for refused in negated:
        if implication.is_spent:
            return
        for part in parts:
            if not isinstance(part, Not) and implication.implies(part, refused):
                findings.add(
                    "impossible-condition",
                    f'what stands under "not" always holds when the condition in line {part.position.line} does',
                    refused.position,
                    "delete one of the two",
                )
                break


class _Possible:
    """What a field may still be once some comparisons hold."""

    def __init__(self, field: Field) -> None:
        self.compares: list[Compare] = []
        self._field = field
        self._low: int | None = None
        self._high: int | None = None
        self._verdict = True

    @property
    def first_line(self) -> int:
        """The line of the first comparison."""
        return self.compares[0].position.line

    def is_possible(self) -> bool:
        """Whether some value may satisfy all comparisons."""
        return self._verdict

    def add(self, compare: Compare) -> None:
        """Take one more comparison in."""
        self.compares.append(compare)
        if self._verdict:
            self._verdict = self._fits(compare)

    def _fits(self, compare: Compare) -> bool:
        absent = [c.operator is Operator.EXISTS and c.values == (False,) for c in self.compares]
        if any(absent):
            return all(absent)
        found = bounds(compare) if compare.operator is not Operator.EXISTS else None
        if found is not None:
            low, high = found
            self._low = low if self._low is None or (low is not None and low > self._low) else self._low
            self._high = high if self._high is None or (high is not None and high < self._high) else self._high
            if self._low is not None and self._high is not None and self._low > self._high:
                return False
        candidates = self._candidates()
        if candidates is not None:
            checked = [c for c in self.compares if c.operator not in (Operator.EXISTS, Operator.MATCHES)]
            return any(all(satisfies(value, c) for c in checked) for value in candidates)
        if compare.operator in _TEXT_OPERATORS:
            return all(_meet(other, compare) for other in self.compares if other.operator in _TEXT_OPERATORS)
        return True

    def _candidates(self) -> tuple[Scalar, ...] | None:
        """The few values the field can have; None when there are many."""
        for compare in self.compares:
            if compare.operator in (Operator.IS, Operator.IN):
                return compare.values
        if self._field.type is FieldType.CHOICE:
            return self._field.choices
        return (True, False) if self._field.type is FieldType.YES_NO else None


def _meet(first: Compare, second: Compare) -> bool:
    """Whether a text can satisfy both; each is `under` or `starts_with`."""
    one, two = str(first.values[0]), str(second.values[0])
    if first.operator is second.operator is Operator.UNDER:
        return is_under(one, two) or is_under(two, one)
    if first.operator is second.operator:
        return one.startswith(two) or two.startswith(one)
    top, start = (one, two) if first.operator is Operator.UNDER else (two, one)
    return top.startswith(start) or start == top or start.startswith(f"{top}/")


def _line(line: int, seen_from: Compare) -> str:
    return "what stands before it" if line == seen_from.position.line else f"line {line}"
