"""Turn a ruleset into a page of Markdown that people who do not read rule files can approve."""

import re
from collections.abc import Iterator
from typing import Final

from suppress.decisions.decision import Mode
from suppress.decisions.reasons import REASON_CODES
from suppress.rules.compile import fingerprint
from suppress.rules.needs import sources_read
from suppress.rules.ruleset import Effect, OnUnavailable, Rule, Ruleset, WhenUnknown
from suppress.rules.wording import period_words, rule_sentence
from suppress.rules.wording_definitions import SOURCES, definitions
from suppress.rules.wording_terms import duration_words, share_words

_SECTIONS: Final = (
    (Effect.DROP_ITEM, "Items that are left out", "An item that any of these rules drops is not shown."),
    (
        Effect.LIMIT_ITEM,
        "Items that are shared out",
        "An item that any of these rules limits stands in no more messages than its stock allows, where it is wanted "
        "most; from the others it is left out.",
    ),
    (Effect.SUPPRESS_MESSAGE, "Messages that are not sent", "A message that any of these rules stops is not sent."),
    (
        Effect.HOLD_MESSAGE,
        "Messages that wait",
        "A message that any of these rules holds waits until the latest of the times they give. "
        "A message that is not to be sent does not wait.",
    ),
)
_DONE: Final = {
    # What becomes of it when the rule applies, and the noun whose share is bounded.
    Effect.DROP_ITEM: ("the item is dropped", "items"),
    Effect.LIMIT_ITEM: ("the item is shared out", "items"),
    Effect.SUPPRESS_MESSAGE: ("the message is not sent", "messages"),
    Effect.HOLD_MESSAGE: ("the message is held", "messages"),
}
_DECIDES: Final = {Effect.LIMIT_ITEM: "the tightest of those that apply"}
_MODES: Final = {
    Mode.ENFORCE: "in force",
    Mode.SHADOW: "on trial (what it would do is recorded, and not done)",
    Mode.OFF: "switched off",
}
_UNAVAILABLE: Final = {
    OnUnavailable.ALLOW: "every message is sent as it is",
    OnUnavailable.BLOCK: "no message is sent",
    OnUnavailable.HOLD: "every message waits until it is checked again",
}
_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|&~])")


def page(ruleset: Ruleset) -> str:
    """The whole ruleset in Markdown: what it is, its rules in words by what they do, and what their words mean."""
    parts = [*_head(ruleset), *_sections(ruleset), *_control_group(ruleset), *_ages(ruleset), *_meanings(ruleset)]
    parts += [*_cycles(ruleset), *_regions(ruleset), *_attributes(ruleset)]
    return "\n\n".join([*parts, _foot(ruleset)]) + "\n"


def _head(ruleset: Ruleset) -> Iterator[str]:
    yield f"# Rules: {ruleset.name}"
    facts = [
        ("Owner", _safe(ruleset.owner) if ruleset.owner else "nobody is named"),
        ("Version", f"`{fingerprint(ruleset)}`"),
        ("Rules", _rule_counts(ruleset)),
        ("State", _MODES[ruleset.mode]),
        ("Dates are meant in", _safe(ruleset.time_zone)),
    ]
    if ruleset.bases:
        facts.insert(3, ("Built on", ", ".join(_safe(base) for base in ruleset.bases)))
    if ruleset.max_share is not None:
        share = share_words(ruleset.max_share)
        facts.append(
            ("Limit", f"nothing is released when more than {share} of a campaign's messages would not be sent now")
        )
    if ruleset.on_unavailable is not None:
        facts.append(("When the service cannot have the facts in time", _UNAVAILABLE[ruleset.on_unavailable]))
    yield "\n".join(f"- {name}: {text}" for name, text in facts)
    if ruleset.mode is Mode.SHADOW:
        spared = any(rule.always for rule in ruleset.rules)
        always = " Only rules that begin with “Always” are obeyed." if spared else ""
        yield f"**This ruleset is on trial: what its rules would do is recorded, and not done.**{always}"
    elif ruleset.mode is Mode.OFF:
        yield "**This ruleset is switched off: none of its rules is looked at.**"


def _rule_counts(ruleset: Ruleset) -> str:
    modes = [_mode(rule, ruleset) for rule in ruleset.rules]
    named = ((Mode.ENFORCE, "in force"), (Mode.SHADOW, "on trial"), (Mode.OFF, "switched off"))
    return ", ".join(f"{modes.count(mode)} {words}" for mode, words in named if mode in modes)


def _mode(rule: Rule, ruleset: Ruleset) -> Mode:
    """The mode of the rule in its ruleset, which may be quieter."""
    if Mode.OFF in (rule.mode, ruleset.mode):
        return Mode.OFF
    return Mode.SHADOW if ruleset.mode is Mode.SHADOW and not rule.always else rule.mode


def _sections(ruleset: Ruleset) -> Iterator[str]:
    for effect, title, text in _SECTIONS:
        rules = [rule for rule in ruleset.rules if rule.effect is effect]
        if rules:
            order = ""
            if len(rules) > 1:
                decides = _DECIDES.get(effect, "the first that applies")
                order = f" They stand in the order of the file; {decides} gives the reason."
            yield f"## {title}"
            yield f"{text}{order}"
            for rule in rules:
                yield from _rule(rule, ruleset)


def _rule(rule: Rule, ruleset: Ruleset) -> Iterator[str]:
    yield f"### {_safe(rule.title or rule.id)}"
    yield f"> {_safe(rule_sentence(rule))}"
    meaning = ruleset.codes.get(rule.code) or REASON_CODES.get(rule.code, "")
    done, what = _DONE[rule.effect]
    block = rule.when_unknown is WhenUnknown.BLOCK
    unstocked = "; dropped when it is the stock that is not known" if block and rule.limit else ""
    lines = [
        f"Rule: `{rule.id}`",
        f"Reason given: `{rule.code}`{f' ({_safe(meaning)})' if meaning else ''}",
        f"When facts are missing: {f'{done} all the same{unstocked}' if block else 'the rule does not apply'}",
        f"State: {_MODES[_mode(rule, ruleset)]}",
    ]
    if rule.starts is not None or rule.ends is not None:
        lines.append(f"Dates: {period_words(rule)}")
    if rule.always:
        lines.append("Always: obeyed for the control group too, and while the ruleset is on trial")
    if rule.max_share is not None:
        lines.append(
            f"Limit: nothing is released when it acts on more than {share_words(rule.max_share)} of a campaign's {what}"
        )
    yield "\n".join(f"- {line}" for line in lines)


def _control_group(ruleset: Ruleset) -> Iterator[str]:
    if ruleset.control_group:
        always = ", except those that begin with “Always”" if any(rule.always for rule in ruleset.rules) else ""
        yield "## Control group"
        yield (f"For {share_words(ruleset.control_group)} of customers, always the same ones, rules are recorded and "
               f"not obeyed{always}, so that the effect of the rules can be measured.")  # fmt: skip


def _ages(ruleset: Ruleset) -> Iterator[str]:
    sources = sources_read(ruleset.rules)
    if not sources:
        return
    yield "## How old facts may be"
    yield "What is as old as its limit, or older, counts as not known."
    rows = [
        (SOURCES[source], duration_words(ruleset.max_age[source]) if source in ruleset.max_age else "none")
        for source in sources
    ]
    yield _table(("facts", "limit"), rows)


def _meanings(ruleset: Ruleset) -> Iterator[str]:
    found = definitions(ruleset)
    if found:
        yield "## What the words mean"
        yield "\n".join(f"- *{_safe(term)}*: {_safe(meaning)}" for term, meaning in found)


def _cycles(ruleset: Ruleset) -> Iterator[str]:
    if ruleset.cycles:
        yield "## How long one unit lasts"
        yield "The longest category that fits counts; a product with a cycle of its own keeps it."
        yield _table(
            ("category", "one unit lasts"), [(path, duration_words(cycle)) for path, cycle in ruleset.cycles.items()]
        )


def _regions(ruleset: Ruleset) -> Iterator[str]:
    if ruleset.regions:
        yield "## Which stock counts for which region"
        yield _table(
            ("customer's region", "locations"),
            [(name, ", ".join(locations)) for name, locations in ruleset.regions.items()],
        )


def _attributes(ruleset: Ruleset) -> Iterator[str]:
    if ruleset.attributes:
        yield "## Attributes of the shop's own"
        yield "A value that cannot be read as its type counts as not known."
        rows = [
            (name, f"one of {', '.join(field.choices)}" if field.choices else field.type.value)
            for name, field in ruleset.attributes.items()
        ]
        yield _table(("attribute", "type"), rows)


def _foot(ruleset: Ruleset) -> str:
    version = fingerprint(ruleset)[:19]
    return f"---\n\nWho approves this page approves the version `{version}…`: a change of meaning gives another."


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    return "\n".join([*lines, *(f"| {_safe(left)} | {_safe(right)} |" for left, right in rows)])


def _safe(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
