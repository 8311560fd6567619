"""Turn a comparison into a clause: `the item's brand is “Acme”`, `fewer than 2 items are left`, or its opposite."""

from collections.abc import Sequence
from typing import Final

from suppress.facts.fields import OPPOSITES, WEEKDAYS, FieldType, Operator
from suppress.rules.tree import Compare
from suppress.rules.wording_chips import Chips, Piece, Role, enumerated, placed
from suppress.rules.wording_terms import counted, number_words, unit_words, values_words

WHERE: Final = " where the customer lives"
_ALREADY: Final = " already "

_FRAMES: Final = {
    # What stands before the value, and behind it.
    Operator.IS: ("is", ""),
    Operator.IS_NOT: ("is not", ""),
    Operator.BELOW: ("is below", ""),
    Operator.AT_MOST: ("is at most", ""),
    Operator.AT_LEAST: ("is at least", ""),
    Operator.ABOVE: ("is above", ""),
    Operator.STARTS_WITH: ("starts with", ""),
    Operator.CONTAINS: ("contains", ""),
    Operator.MATCHES: ("matches the pattern", ""),
}
_BY_DAY: Final = {
    Operator.BELOW: ("is before", ""),
    Operator.AT_MOST: ("is", " or earlier"),
    Operator.AT_LEAST: ("is", " or later"),
    Operator.ABOVE: ("is after", ""),
}
_LONG: Final = {Operator.BELOW: ("is less than", ""), Operator.ABOVE: ("is more than", "")}
_FRAMES_OF_TYPE: Final = {
    FieldType.DURATION: _LONG,
    FieldType.INSTANT: {
        Operator.BELOW: ("is before", ""),
        Operator.AT_MOST: ("is not after", ""),
        Operator.AT_LEAST: ("is not before", ""),
        Operator.ABOVE: ("is after", ""),
    },
    FieldType.DAY: _BY_DAY,
    FieldType.CLOCK: _BY_DAY,
}
_NOT_FRAMES: Final = {
    Operator.STARTS_WITH: "does not start with",
    Operator.CONTAINS: "does not contain",
    Operator.MATCHES: "does not match the pattern",
}
_COUNTS: Final = {
    Operator.IS: "exactly ",
    Operator.BELOW: "fewer than ",
    Operator.AT_MOST: "at most ",
    Operator.AT_LEAST: "at least ",
    Operator.ABOVE: "more than ",
}


def compared(leaf: Compare, *, negated: bool) -> Chips:
    """The comparison, or its opposite, as a clause."""
    return placed(leaf.position, _pieces(leaf, negated=negated))


def under_any(leaves: Sequence[Compare], *, negated: bool) -> Chips:
    """Several `under` of one field, joined by `or` (by `and` when negated), as one clause."""
    first = leaves[0]
    verb = " is not at or below " if negated else " is at or below "
    chips = placed(first.position, [(first.field.phrase, Role.FIELD), (verb, Role.OPERATOR)])
    values = enumerated([str(leaf.values[0]) for leaf in leaves], "or")
    for place, piece in enumerate(values):
        # Values and what stands between them alternate; each value keeps the place of its own leaf.
        chips += placed(leaves[place // 2].position, [piece])
    return chips


def _pieces(leaf: Compare, *, negated: bool) -> list[Piece]:
    field, operator = leaf.field, leaf.operator
    if operator is Operator.EXISTS:
        return _known(leaf, known=(leaf.values[0] is True) is not negated)
    if field.type is FieldType.YES_NO:
        says = (leaf.values[0] is True) is (operator is Operator.IS)
        return _yes_no(leaf, says=says is not negated)
    if negated and operator in OPPOSITES:
        operator, negated = OPPOSITES[operator], False
    if field.type is FieldType.WORDS:
        return _among_words(leaf, operator)
    if field.type is FieldType.NUMBER and not _is_noun(leaf):
        return _counted(leaf, operator, negated=negated)
    subject, tail = field.phrase, ""
    if _is_local(leaf):
        subject, tail = "it", WHERE
    return [(subject, Role.FIELD), *_predicate(leaf, operator, negated=negated), (tail, Role.FIELD)]


def _known(leaf: Compare, *, known: bool) -> list[Piece]:
    field = leaf.field
    not_ = "" if known else "not "
    if field.type is FieldType.YES_NO:
        return [(f"it is {not_}known whether ", Role.OPERATOR), (field.phrase, Role.FIELD)]
    subject = field.phrase if _is_noun(leaf) else _number_of(leaf)
    return [(subject, Role.FIELD), (f" {_be(leaf)} {not_}known", Role.OPERATOR)]


def _yes_no(leaf: Compare, *, says: bool) -> list[Piece]:
    phrase = leaf.field.phrase
    return [(phrase if says else leaf.field.phrase_not or phrase.replace(" is ", " is not ", 1), Role.FIELD)]


def _among_words(leaf: Compare, operator: Operator) -> list[Piece]:
    values = values_words(leaf.values, leaf.field)
    subject = (leaf.field.phrase, Role.FIELD)
    if operator in (Operator.IS, Operator.IN):
        return [subject, (" include ", Role.OPERATOR), *enumerated(values, "or")]
    if len(values) == 1:
        return [subject, (" do not include ", Role.OPERATOR), *enumerated(values, "or")]
    return [subject, (" include neither ", Role.OPERATOR), *enumerated(values, "nor")]


def _predicate(leaf: Compare, operator: Operator, *, negated: bool) -> list[Piece]:
    values, be = values_words(leaf.values, leaf.field), _be(leaf)
    not_ = "not " if negated else ""
    match operator:
        case Operator.IN:
            return [(f" {be} ", Role.OPERATOR), *enumerated(values, "or")]
        case Operator.NOT_IN:
            return [(f" {be} {_neither(values)}", Role.OPERATOR), *enumerated(values, "nor")]
        case Operator.BETWEEN:
            return [(f" {be} {not_}between ", Role.OPERATOR), *enumerated(values, "and")]
        case Operator.UNDER if negated:
            return [(" is neither ", Role.OPERATOR), (values[0], Role.VALUE), (" nor below it", Role.OPERATOR)]
        case Operator.UNDER:
            return [(" is ", Role.OPERATOR), (values[0], Role.VALUE), (" or below it", Role.OPERATOR)]
        case _:
            frames = _LONG if leaf.field.unit == "days" else _FRAMES_OF_TYPE.get(leaf.field.type, _FRAMES)
            before, behind = frames.get(operator, _FRAMES[operator])
            verb = _NOT_FRAMES[operator] if negated else before
            if verb.startswith("is"):
                verb = be + verb.removeprefix("is")
            value = f"“{leaf.values[0]}”" if operator in _NOT_FRAMES else values[0]
            return [(f" {verb} ", Role.OPERATOR), (value, Role.VALUE), (behind, Role.OPERATOR)]


def _counted(leaf: Compare, operator: Operator, *, negated: bool) -> list[Piece]:
    unit = leaf.field.unit
    numbers = [value for value in leaf.values if isinstance(value, int)]
    last = numbers[-1]
    subject = (_number_of(leaf), Role.FIELD)
    match operator:
        case Operator.IS_NOT:
            return [subject, (" is not ", Role.OPERATOR), (number_words(last), Role.VALUE)]
        case Operator.NOT_IN:
            words = [number_words(number) for number in numbers]
            return [subject, (f" is {_neither(words)}", Role.OPERATOR), *enumerated(words, "nor")]
        case Operator.BETWEEN if negated:
            bounds = [number_words(number) for number in numbers]
            return [subject, (" is not between ", Role.OPERATOR), *enumerated(bounds, "and")]
        case Operator.IN:
            amount = enumerated([*(number_words(number) for number in numbers[:-1]), counted(last, unit or "")], "or")
        case Operator.BETWEEN:
            amount = [(f"{number_words(numbers[0])} to {counted(last, unit or '')}", Role.VALUE)]
        case Operator.IS | Operator.AT_MOST if last == 0:
            amount, last = [(f"no {unit_words(unit, 1)}", Role.VALUE)], 1
        case Operator.BELOW if last == 1:
            amount = [(f"no {unit_words(unit, 1)}", Role.VALUE)]
        case Operator.ABOVE if last == 0:
            amount, last = [("at least ", Role.OPERATOR), (counted(1, unit or ""), Role.VALUE)], 1
        case _:
            amount = [(_COUNTS[operator], Role.OPERATOR), (counted(last, unit or ""), Role.VALUE)]
    of, said = _of_and_said(leaf)
    return [*amount, (of, Role.FIELD), (" is " if last == 1 else " are ", Role.OPERATOR), (said, Role.FIELD)]


def _of_and_said(leaf: Compare) -> tuple[str, str]:
    """What narrows the units, and what is said of them: ` of the same style`, `already in the message`."""
    of, already, said = leaf.field.phrase.partition(_ALREADY)
    return (f" {of}", f"{already.lstrip()}{said}") if already else ("", of)


def _number_of(leaf: Compare) -> str:
    return f"the number of {unit_words(leaf.field.unit, 2)} {leaf.field.phrase}"


def _neither(values: Sequence[str]) -> str:
    return "neither " if len(values) > 1 else "not "


def _be(leaf: Compare) -> str:
    """`are` for what is a plural: the tags, and a number whose name is one (`the customer's points`)."""
    field = leaf.field
    plural = field.type is FieldType.WORDS or (
        field.type is FieldType.NUMBER
        and field.unit is None
        and field.phrase.endswith("s")
        and not field.phrase.endswith(("ss", "us", "is"))
    )
    return "are" if plural else "is"


def _is_noun(leaf: Compare) -> bool:
    return leaf.field.phrase.startswith("the ")


def _is_local(leaf: Compare) -> bool:
    field = leaf.field
    return field.phrase.endswith(WHERE) and (
        field.type in (FieldType.CLOCK, FieldType.DAY) or field.choices == WEEKDAYS
    )
