"""Turn a rule into one English sentence, and a condition into a clause: plain, or as chips that know their place.

The same words stand in decisions, in `suppress rules` and in every later face. A negation is pushed down to the leaves,
because "has not bought" reads better than "it is not the case that".
"""

from collections.abc import Sequence
from typing import Final

from suppress.decisions.decision import Mode
from suppress.facts.fields import Operator
from suppress.problems import Position
from suppress.rules.ruleset import Effect, Hold, Limit, Rule, WhenUnknown
from suppress.rules.tree import All, AnyOf, Bought, Compare, Condition, Instant, Leaf, Not, Said, Sent, Shown
from suppress.rules.wording_chips import Chip, Chips, Role, text_of
from suppress.rules.wording_compare import WHERE, compared, under_any
from suppress.rules.wording_past import bought, said, sent, shown
from suppress.rules.wording_terms import (
    boundary_words,
    clock_words,
    counted,
    date_words,
    day_words,
    duration_words,
    length_words,
)

__all__ = [
    "clock_words",
    "condition_chips",
    "condition_words",
    "counted",
    "date_words",
    "day_words",
    "duration_words",
    "leaf_chips",
    "leaf_words",
    "length_words",
    "limit_words",
    "period_words",
    "rule_chips",
    "rule_sentence",
]

_EFFECTS: Final = {
    # What it does, what it does when that cannot be known, and the key it stands under.
    Effect.DROP_ITEM: ("Drop the item", "drop it too", "drop"),
    Effect.LIMIT_ITEM: ("Share the item out", "share it out too", "limit"),
    Effect.SUPPRESS_MESSAGE: ("Do not send the message", "do not send it either", "suppress"),
    Effect.HOLD_MESSAGE: ("Hold the message", "hold it too", "hold"),
}
_Member = tuple[Condition, bool]


def rule_sentence(rule: Rule) -> str:
    """The whole rule in one sentence, followed by what limits it (dates, shadow mode, what is unknown)."""
    return text_of(rule_chips(rule))


def rule_chips(rule: Rule) -> Chips:
    """The sentence of the rule in chips. Every leaf has at least one chip with its position."""
    do, do_it, key = _EFFECTS[rule.effect]
    chips: list[Chip] = []
    if rule.always:
        chips.append(Chip("Always: ", Role.LIMIT, rule.place("always")))
        do = do[0].lower() + do[1:]
    hold = f" {_hold_words(rule.hold)}" if rule.hold else ""
    limit = f": {limit_words(rule.limit)}" if rule.limit else ""
    chips.append(Chip(f"{do}{hold}{limit}", Role.EFFECT, rule.place(key)))
    chips.append(Chip(", when " if hold or limit else " when ", Role.GLUE, rule.place("when")))
    conditions = list(condition_chips(rule.when))
    if rule.unless is not None:
        conditions.append(Chip(", unless ", Role.GLUE, rule.place("unless")))
        conditions.extend(condition_chips(rule.unless))
    if hold.endswith(WHERE):
        conditions = [chip._replace(text=" there") if chip.text == WHERE else chip for chip in conditions]
    chips.extend(conditions)
    if rule.when_unknown is WhenUnknown.BLOCK:
        text = f"; if that cannot be known, {do_it}"
        if rule.limit is not None:
            text += "; if its stock cannot be known, leave it out"
        chips.append(Chip(text, Role.LIMIT, rule.place("when_unknown")))
    return (*chips, *_limits(rule), Chip(".", Role.GLUE))


def limit_words(limit: Limit) -> str:
    """`at most 2 messages per available unit`; where half a one is meant, `at most 1 message per 2 available units`."""
    whole, part = divmod(limit.hundredths, 100)
    if not whole and 100 % part == 0:
        return f"at most 1 message per {100 // part} available units"
    number = f"{whole}.{part:02}".rstrip("0") if part else str(whole)
    return f"at most {number} message{'' if limit.hundredths == 100 else 's'} per available unit"


def period_words(rule: Rule) -> str:
    """When the rule applies: `from 24 December 2026 until the end of 26 December 2026`; empty when it always does."""
    return text_of(_period(rule))


def condition_words(condition: Condition) -> str:
    """The condition as a clause: `the customer bought and kept this item in the last 30 days`."""
    return text_of(condition_chips(condition))


def condition_chips(condition: Condition, *, negated: bool = False) -> Chips:
    """The condition, or its opposite, as a clause in chips."""
    return _chips(condition, negated=negated, depth=0)


def leaf_words(leaf: Leaf, *, negated: bool = False) -> str:
    """One leaf as a clause, or its opposite."""
    return text_of(leaf_chips(leaf, negated=negated))


def leaf_chips(leaf: Leaf, *, negated: bool = False) -> Chips:
    """One leaf as a clause in chips, all with its position."""
    match leaf:
        case Compare():
            return compared(leaf, negated=negated)
        case Bought():
            return bought(leaf, negated=negated)
        case Shown():
            return shown(leaf, negated=negated)
        case Sent():
            return sent(leaf, negated=negated)
        case Said():
            return said(leaf, negated=negated)


def _chips(condition: Condition, *, negated: bool, depth: int) -> Chips:
    """`depth`: how many groups it stands in since the sentence or a parenthesis began."""
    position = condition.position
    members, joined_by_and = _members(condition, negated=negated)
    clauses = _clauses(members, joined_by_and=joined_by_and, depth=depth)
    if len(clauses) == 1:
        return clauses[0]
    told_once = _all_about_one(clauses)
    if told_once:
        clauses = _told_once(clauses)
    joined = _joined(clauses, "and" if joined_by_and else "or", position)
    pair = len(clauses) == 2 and not _has_several(clauses)
    if depth > 1 or (depth and joined_by_and and not pair):
        return (Chip("(", Role.GLUE, position), *joined, Chip(")", Role.GLUE, position))
    if joined_by_and:
        lead = "both " if depth else ""
    else:
        lead = "either " if depth or (len(clauses) == 2 and not told_once) else ""
    return (Chip(lead, Role.GLUE, position), *joined) if lead else joined


def _members(condition: Condition, *, negated: bool) -> tuple[list[_Member], bool]:
    """The parts of a condition, each with whether it is negated, and whether `and` joins them.

    Groups of one part, and groups within groups of the same kind, are taken apart.
    """
    match condition:
        case Not(part=part):
            return _members(part, negated=not negated)
        case All(parts=(part,)) | AnyOf(parts=(part,)):
            return _members(part, negated=negated)
        case All(parts=parts) | AnyOf(parts=parts):
            joined_by_and = isinstance(condition, All) is not negated
            found: list[_Member] = []
            for part in parts:
                inner, inner_by_and = _members(part, negated=negated)
                if len(inner) == 1 or inner_by_and is joined_by_and:
                    found.extend(inner)
                else:
                    found.append((part, negated))
            return found, joined_by_and
        case _:
            return [(condition, negated)], True


def _clauses(members: Sequence[_Member], *, joined_by_and: bool, depth: int) -> list[Chips]:
    clauses: list[Chips] = []
    place = 0
    while place < len(members):
        run = _under_run(members[place:], negated=joined_by_and)
        part, negated = members[place]
        if len(run) > 1:
            clauses.append(under_any(run, negated=joined_by_and))
        elif isinstance(part, All | AnyOf | Not):
            inner_depth = 0 if depth > 1 else depth
            clauses.append(_chips(part, negated=negated, depth=inner_depth + 1))
        else:
            clauses.append(leaf_chips(part, negated=negated))
        place += max(1, len(run))
    return clauses


def _under_run(members: Sequence[_Member], *, negated: bool) -> list[Compare]:
    """How many members from the first on say that one field is (not, when joined by `and`) under a category."""
    run: list[Compare] = []
    for part, part_negated in members:
        if not (isinstance(part, Compare) and part.operator is Operator.UNDER and part_negated is negated):
            break
        if run and part.field != run[0].field:
            break
        run.append(part)
    return run


def _all_about_one(clauses: Sequence[Chips]) -> bool:
    """Whether all clauses have one subject, which each begins with, and say something of it."""
    subject, ending = clauses[0][0], _ending(clauses[0])
    return subject.role is Role.FIELD and all(
        len(clause) > 1
        and clause[0].text == subject.text
        and clause[1].role is Role.OPERATOR
        and _ending(clause) == ending
        for clause in clauses
    )


def _ending(clause: Chips) -> str | None:
    """What the clause says behind its values of its subject: ` where the customer lives`."""
    return clause[-1].text if clause[-1].role is Role.FIELD else None


def _told_once(clauses: Sequence[Chips]) -> list[Chips]:
    """The clauses with their subject in the first alone, and what ends them in the last alone."""
    if _ending(clauses[0]) is not None:
        clauses = [*(clause[:-1] for clause in clauses[:-1]), clauses[-1]]
    return [clauses[0], *(_without_blank(clause[1:]) for clause in clauses[1:])]


def _without_blank(chips: Chips) -> Chips:
    first, *rest = chips
    return (first._replace(text=first.text.lstrip()), *rest)


def _joined(clauses: Sequence[Chips], word: str, position: Position) -> Chips:
    """`a, b and c`; where a clause but the last is itself one of several, `a, and b, and c`."""
    commas = _has_several(clauses[:-1])
    chips = list(clauses[0])
    for place, clause in enumerate(clauses[1:], start=2):
        last = place == len(clauses)
        text = f", {word} " if commas else f" {word} " if last else ", "
        chips.append(Chip(text, Role.GLUE, position))
        chips.extend(clause)
    return tuple(chips)


def _has_several(clauses: Sequence[Chips]) -> bool:
    """Whether one of the clauses tells of several things, so that a mere `and` or `or` behind it could mislead."""
    return any(", " in text or text.startswith(("both ", "either ")) for text in map(text_of, clauses))


def _limits(rule: Rule) -> Chips:
    """When the rule applies and how loud it is, in parentheses; empty when neither is bounded."""
    chips = list(_period(rule))
    if rule.mode is not Mode.ENFORCE:
        text = "recorded, not obeyed" if rule.mode is Mode.SHADOW else "switched off"
        chips.append(Chip(f"{'; ' if chips else ''}{text}", Role.LIMIT, rule.place("mode")))
    return (Chip(" (", Role.GLUE), *chips, Chip(")", Role.GLUE)) if chips else ()


def _hold_words(hold: Hold) -> str:
    if hold.until is not None:
        return f"until {clock_words(hold.until.us)}{WHERE}"
    if hold.length is not None:
        return f"for {duration_words(hold.length)}"
    return "until the first of the dropped items is expected back in stock"


def _period(rule: Rule) -> Chips:
    starts, ends = rule.starts, rule.ends
    chips: list[Chip] = []
    if starts is not None and ends is not None and starts.text == ends.text and _by_date(ends):
        chips.append(Chip("on ", Role.LIMIT, rule.place("starts")))
        chips.append(Chip(boundary_words(ends), Role.LIMIT, rule.place("ends")))
    else:
        if starts is not None:
            chips.append(Chip(f"from {boundary_words(starts)}", Role.LIMIT, rule.place("starts")))
        if ends is not None:
            blank, end = " " if chips else "", "the end of " if _by_date(ends) else ""
            chips.append(Chip(f"{blank}until {end}{boundary_words(ends)}", Role.LIMIT, rule.place("ends")))
    return tuple(chips)


def _by_date(instant: Instant) -> bool:
    return "T" not in instant.text
