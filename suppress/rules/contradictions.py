"""Find conditions that can never be true: a tree in, Problems out.

Looked at are the parts that must hold together under one `all`, field by field and each against the rest, and values a
field never has.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from suppress.facts.catalog import is_under
from suppress.facts.fields import FIELDS, WEEKDAYS, Field, FieldType, Operator
from suppress.problems import Position
from suppress.rules.extents import EVERYTHING, Extent, common, extent, is_ordered, limits, without
from suppress.rules.findings import Findings, quoted
from suppress.rules.implication import Implication, closed_values, positive, satisfying, turned
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Not, Scalar, Shown

_MOST_COMPARES: Final = 50
"""How many comparisons of one field are looked at together; nobody writes as many by hand."""

_TEXT_OPERATORS: Final = (Operator.UNDER, Operator.STARTS_WITH)
_DATE: Final = "message.local_date"
_WEEKDAY: Final = "message.local_weekday"
_FIRST_WEEKDAY: Final = WEEKDAYS.index("thursday")
"""What 1 January 1970 was."""


def find_contradictions(condition: Condition, implication: Implication, findings: Findings) -> None:
    """Note every part of a condition that can never be true, or that says nothing because it always is."""
    for conjunction in conjunctions(condition):
        for part in conjunction:
            match part:
                case Bought() | Shown():
                    _check_window(part, findings)
                case Compare() | Not(part=Compare()):
                    _check_limits(part, findings)
                case _:
                    pass
        _check_together(conjunction, implication, findings)


def conjunctions(condition: Condition) -> Iterator[list[Condition]]:
    """The groups of parts that must be true together, outermost first; `not` is moved inwards where it can be."""
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
            case Not(part=AnyOf() | Not() as negated):
                stack.append(turned(negated))
            case Not(part=All() as negated):
                parts.append(part)
                inner.append(negated)
            case _:
                parts.append(part)
    yield parts
    for each in inner:
        yield from conjunctions(each)


def _check_window(node: Bought | Shown, findings: Findings) -> None:
    if node.within and node.not_within and node.not_within.us >= node.within.us:
        what = "purchase" if isinstance(node, Bought) else "message"
        findings.add(
            "impossible-window",
            f"no {what} is within {quoted(node.within.text)} and not within {quoted(node.not_within.text)}",
            node.position,
            '"not_within" must be shorter than "within"',
        )


def _check_limits(part: Compare | Not, findings: Findings) -> None:
    compare = part if isinstance(part, Compare) else part.part
    left = _extent_of(part)
    if left is None or not isinstance(compare, Compare):
        return
    name = quoted(compare.field.label)
    least, most = limits(compare.field)
    bound = f"never below {least}" if most is None else f"never below {least} nor above {most}"
    if not left:
        help_ = "check the number"
        if compare.operator is Operator.BELOW and least is not None:
            help_ = f'write "below: {least + 1}" for none'
        findings.add("impossible-condition", f"{name} is {bound}, so this is never true", compare.position, help_)
    elif left == (limits(compare.field),) and left != EVERYTHING:
        help_ = "leave the condition out"
        if compare.operator is Operator.AT_LEAST and least is not None:
            help_ = f'write "at_least: {least + 1}", or leave the condition out'
        findings.warn("always-true", f"{name} is {bound}, so this is always true", compare.position, help_)


def _check_together(parts: list[Condition], implication: Implication, findings: Findings) -> None:
    possible: dict[Field, _Possible] = {}
    for part in parts:
        compare = _compared(part)
        if compare is None:
            continue
        known = possible.setdefault(compare.field, _Possible(compare.field))
        if known.count >= _MOST_COMPARES:
            continue
        was_possible = known.is_possible
        known.add(part)
        if was_possible and not known.is_possible and known.count > 1:
            findings.add(
                "impossible-condition",
                f"what is said of {quoted(compare.field.label)} contradicts {_line(known.first, part.position)}",
                part.position,
                'put the two under "any", or delete one',
            )
    _check_weekdays(possible, findings)
    whole = All(parts=tuple(parts))
    for part in parts:
        if implication.is_spent:
            return
        if isinstance(part, Not) and _compared(part) is None and implication.implies(whole, part.part):
            findings.add(
                "impossible-condition",
                f'what stands under "not" always holds when {_cause(parts, part.part, implication)} does',
                part.part.position,
                "delete one of the two",
            )
        elif isinstance(part, AnyOf) and len(parts) > 1 and implication.implies(whole, Not(part=part)):
            findings.add(
                "impossible-condition",
                'none of what stands under "any" is ever true beside the other conditions',
                part.position,
                "delete what contradicts them, or put the two into rules of their own",
            )


def _cause(parts: list[Condition], refused: Condition, implication: Implication) -> str:
    for part in parts:
        if not isinstance(part, Not) and implication.implies(part, refused):
            return f"the condition in line {part.position.line}"
    return "the rest"


def _check_weekdays(possible: "dict[Field, _Possible]", findings: Findings) -> None:
    dates, days = possible.get(FIELDS[_DATE]), possible.get(FIELDS[_WEEKDAY])
    if dates is None or days is None or not (dates.is_possible and days.is_possible):
        return
    numbers: list[int] = []
    for low, high in dates.left:
        if low is None or high is None or high - low > len(WEEKDAYS):
            return
        numbers += range(low, high + 1)
    fitting = {WEEKDAYS[(number + _FIRST_WEEKDAY) % 7] for number in numbers}
    if not days.allowed(fitting):
        last = max(dates.last, days.last)
        findings.add(
            "impossible-condition",
            f"the date is a {' or a '.join(day.title() for day in WEEKDAYS if day in fitting)}, so this is never true",
            last,
            "delete the date or the day of the week",
        )


def _compared(part: Condition) -> Compare | None:
    """The comparison looked at field by field: as it is, or negated where its field has an order."""
    if isinstance(part, Not):
        inner = part.part
        return inner if isinstance(inner, Compare) and is_ordered(inner.field) else None
    return part if isinstance(part, Compare) else None


def _extent_of(part: Condition) -> Extent | None:
    if isinstance(part, Not):
        return without(part.part) if isinstance(part.part, Compare) else None
    return extent(part) if isinstance(part, Compare) else None


class _Possible:
    """What a field may still be once some comparisons hold."""

    def __init__(self, field: Field) -> None:
        self.is_possible = True
        self.count = 0
        self.left: Extent = (limits(field),)
        self._field = field
        self._compares: list[Compare] = []
        self._positions: list[Position] = []
        self._is_absent: set[bool] = set()
        every = closed_values(field)
        self._candidates = None if every is None else list(every)

    @property
    def first(self) -> Position:
        """Where the first comparison stands."""
        return self._positions[0]

    @property
    def last(self) -> Position:
        """Where the last comparison stands."""
        return self._positions[-1]

    def add(self, part: Condition) -> None:
        """Take one more comparison in."""
        self.count += 1
        self._positions.append(part.position)
        if self.is_possible:
            self.is_possible = self._fits(part)

    def allowed(self, values: Iterable[Scalar]) -> list[Scalar]:
        """Those of the values that may satisfy all comparisons."""
        left = list(values)
        for compare in self._compares:
            left = _tried(left, compare)
        return left

    def _fits(self, part: Condition) -> bool:
        compare = part if isinstance(part, Compare) else None
        self._is_absent.add(compare is not None and compare.operator is Operator.EXISTS and compare.values == (False,))
        if True in self._is_absent:
            return False not in self._is_absent
        left = _extent_of(part)
        if left is not None:
            self.left = common(self.left, left)
            return bool(self.left)
        if compare is None or compare.operator is Operator.EXISTS:
            return True
        self._compares.append(compare)
        if self._field.type is FieldType.WORDS:
            return self._words_fit()
        if self._candidates is not None:
            self._candidates = _tried(self._candidates, compare)
            return bool(self._candidates)
        if compare.operator in (Operator.IS, Operator.IN):
            self._candidates = self.allowed(compare.values)
            return bool(self._candidates)
        if compare.operator in _TEXT_OPERATORS:
            return all(_meet(other, compare) for other in self._compares if other.operator in _TEXT_OPERATORS)
        return True

    def _words_fit(self) -> bool:
        """Of each list one word must be there, and none of those that must not."""
        refused = {
            word for c in self._compares if c.operator in (Operator.IS_NOT, Operator.NOT_IN) for word in c.values
        }
        wanted = [c.values for c in self._compares if c.operator in (Operator.IS, Operator.IN)]
        return all(set(words) - refused for words in wanted)


def _tried(values: list[Scalar], compare: Compare) -> list[Scalar]:
    """The values that may satisfy a comparison; a pattern is not tried."""
    return values if compare.operator in (Operator.EXISTS, Operator.MATCHES) else satisfying(values, compare)


def _meet(first: Compare, second: Compare) -> bool:
    """Whether a text can satisfy both; each is `under` or `starts_with`."""
    one, two = str(first.values[0]), str(second.values[0])
    if first.operator is second.operator is Operator.UNDER:
        return is_under(one, two) or is_under(two, one)
    if first.operator is second.operator:
        return one.startswith(two) or two.startswith(one)
    top, start = (one, two) if first.operator is Operator.UNDER else (two, one)
    return top.startswith(start) or start == top or start.startswith(f"{top}/")


def _line(first: Position, second: Position) -> str:
    return "what stands before it" if first.line == second.line else f"line {first.line}"
