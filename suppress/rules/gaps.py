"""Find windows of time that leave a gap between them, or are shorter than the pause they are meant to cover."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from suppress.decisions.decision import Mode
from suppress.rules.contradictions import conjunctions
from suppress.rules.findings import Findings, quoted
from suppress.rules.places import line_of
from suppress.rules.ruleset import Effect, Rule
from suppress.rules.tree import All, AnyOf, Bought, Condition, Duration, Not, Sent, Shown

_Windowed = Bought | Shown

_HAPPENED: Final = {Bought: "bought", Shown: "shown"}


def find_gaps(rules: list[Rule], findings: Findings) -> None:
    """Warn of every gap. `rules`: those without errors, in file order."""
    enforced = [rule for rule in rules if rule.mode is Mode.ENFORCE]
    paused = _longest_pause(enforced)
    for rule in enforced:
        for conjunction in conjunctions(_whole(rule)):
            _check_excluded(conjunction, findings)
        for conjunction in conjunctions(rule.when):
            for part in conjunction:
                if isinstance(part, AnyOf):
                    _check_alternatives(
                        [option for option in part.parts if isinstance(option, Bought | Shown)], findings
                    )
                elif paused is not None and isinstance(part, Bought) and rule.effect is not Effect.HOLD_MESSAGE:
                    _check_pause(part, *paused, findings)
                elif rule.hold is not None and rule.hold.length is not None and isinstance(part, Sent):
                    _check_hold(part, rule.hold.length, findings)
    for same in _alike(enforced):
        _check_alternatives(same, findings)


def _whole(rule: Rule) -> Condition:
    return rule.when if rule.unless is None else All(parts=(rule.when, Not(part=rule.unless)))


def _check_excluded(parts: list[Condition], findings: Findings) -> None:
    """`not_within: 14 days` beside `not: {within: 7 days}` says nothing of the days between."""
    for part in parts:
        recent = part.part if isinstance(part, Not) else None
        if not isinstance(recent, Bought | Shown) or recent.within is None or recent.not_within is not None:
            continue
        for other in parts:
            if (
                isinstance(other, Bought | Shown)
                and other.not_within is not None
                and other.same is recent.same
                and (type(other) is type(recent) or isinstance(recent, Bought))
                and recent.within.us < other.not_within.us
            ):
                findings.warn(
                    "window-gap",
                    f"what was {_HAPPENED[type(recent)]} between {quoted(recent.within.text)} and "
                    f"{quoted(other.not_within.text)} ago is looked at by neither this nor the condition in "
                    f"{line_of(other.position, recent.position)}",
                    recent.position,
                    f'write "within: {other.not_within.text}" here',
                )
                break


def _check_alternatives(nodes: Iterable[_Windowed], findings: Findings) -> None:
    """Windows of which one is enough, and that look alike but for their time, should meet."""
    alike: dict[_Windowed, list[_Windowed]] = {}
    for node in nodes:
        alike.setdefault(replace(node, within=None, not_within=None), []).append(node)
    for windows in alike.values():
        windows.sort(key=_start_us)
        reached: _Windowed | None = None
        for node in windows:
            if reached is not None and reached.within is not None and _start_us(node) > reached.within.us:
                first, second = sorted((reached.position, node.position))
                start = node.not_within.text if node.not_within else ""
                findings.warn(
                    "window-gap",
                    f"what was {_HAPPENED[type(node)]} between {quoted(reached.within.text)} and {quoted(start)} ago "
                    f"falls between this window and the one in {line_of(first, second)}",
                    second,
                    "let one window begin where the other ends",
                )
            if reached is None or _end_us(node) > _end_us(reached):
                reached = node


def _check_pause(node: Bought, pause: Duration, held: Rule, findings: Findings) -> None:
    """A message is decided anew when its hold is over; a purchase made meanwhile must still be in the window."""
    if node.within is not None and node.not_within is None and node.within.us <= pause.us:
        findings.warn(
            "look-back-too-short",
            f"a message may wait for {quoted(pause.text)} ({quoted(held.id)} in "
            f"{line_of(held.position, node.position)}); what is bought meanwhile is older than "
            f"{quoted(node.within.text)} when it is looked at again",
            node.position,
            f"look back further than {quoted(pause.text)}",
        )


def _check_hold(node: Sent, length: Duration, findings: Findings) -> None:
    if node.within is not None and node.within.us < length.us:
        findings.warn(
            "hold-outlasts-window",
            f"the message is held for {quoted(length.text)}, but nothing counted here counts longer than "
            f"{quoted(node.within.text)}",
            node.position,
            f'write "within: {length.text}", or hold it for {quoted(node.within.text)}',
        )


def _longest_pause(rules: list[Rule]) -> tuple[Duration, Rule] | None:
    held = [(rule.hold.length, rule) for rule in rules if rule.hold is not None and rule.hold.length is not None]
    return max(held, key=lambda pause: pause[0].us, default=None)


def _alike(rules: list[Rule]) -> Iterator[list[_Windowed]]:
    """The windows of rules that do the same and ask for nothing else: one of them is enough."""
    found: dict[tuple[object, ...], list[_Windowed]] = {}
    for rule in rules:
        if isinstance(rule.when, Bought | Shown):
            key = (rule.effect, rule.limit, rule.unless, rule.when_unknown, rule.starts, rule.ends)
            found.setdefault(key, []).append(rule.when)
    yield from (windows for windows in found.values() if len(windows) > 1)


def _start_us(node: _Windowed) -> int:
    return node.not_within.us if node.not_within else 0


def _end_us(node: _Windowed) -> float:
    return node.within.us if node.within else float("inf")
