"""What was written differently in two rulesets: an old and a new Ruleset in, one Edit per rule or setting out.

A replay shows what a change does to messages somebody tried; this shows the change itself, tried or not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

from suppress.rules.ruleset import Rule, Ruleset
from suppress.rules.wording import rule_sentence


class How(StrEnum):
    """What happened to a rule or setting."""

    NEW = "new"
    GONE = "gone"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One difference. `rule`: its id; None when it is about the ruleset's settings.

    `keys`: the keys that say something else now. `before`, `now`: the rule's sentence; None where there is none.
    """

    how: How
    rule: str | None
    keys: tuple[str, ...] = ()
    before: str | None = None
    now: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The JSON shape."""
        return {
            "how": self.how.value,
            "rule": self.rule,
            "keys": list(self.keys),
            "before": self.before,
            "now": self.now,
        }


_NO_SETTINGS: Final = {"name", "rules", "bases", "position", "places"}
_NO_KEYS: Final = {"id", "position", "places"}


def edits(old: Ruleset | None, new: Ruleset) -> tuple[Edit, ...]:
    """What the new ruleset says differently: settings first, then rules in its order, then those that are gone.

    Without an old one every rule is new. Spelling, comments and the order of keys are no differences.
    """
    if old is None:
        return tuple(Edit(how=How.NEW, rule=rule.id, now=rule_sentence(rule)) for rule in new.rules)
    return (*_settings(old, new), *_rules(old, new))


def _settings(old: Ruleset, new: Ruleset) -> Iterator[Edit]:
    keys = _differing(old, new, _NO_SETTINGS)
    if keys:
        yield Edit(how=How.CHANGED, rule=None, keys=keys)


def _rules(old: Ruleset, new: Ruleset) -> Iterator[Edit]:
    before = {rule.id: rule for rule in old.rules}
    now = {rule.id: rule for rule in new.rules}
    moved = _moved([id_ for id_ in before if id_ in now], [id_ for id_ in now if id_ in before])
    for id_, rule in now.items():
        if id_ not in before:
            yield Edit(how=How.NEW, rule=id_, now=rule_sentence(rule))
            continue
        keys = _differing(before[id_], rule, _NO_KEYS)
        if keys or id_ in moved:
            told = _sentences(before[id_], rule)
            yield Edit(how=How.CHANGED if keys else How.MOVED, rule=id_, keys=keys, **told)
    for id_, rule in before.items():
        if id_ not in now:
            yield Edit(how=How.GONE, rule=id_, before=rule_sentence(rule))


def _differing(old: object, new: object, left_out: set[str]) -> tuple[str, ...]:
    of: Any = fields(new)  # type: ignore[arg-type]
    return tuple(
        each.name for each in of if each.name not in left_out and getattr(old, each.name) != getattr(new, each.name)
    )


def _sentences(before: Rule, now: Rule) -> Mapping[str, str]:
    return {"before": rule_sentence(before), "now": rule_sentence(now)}


def _moved(before: list[str], now: list[str]) -> set[str]:
    """Rules that stand after one they stood before: the first that fires decides, so their order matters."""
    places = {id_: place for place, id_ in enumerate(before)}
    moved: set[str] = set()
    furthest = -1
    for id_ in now:
        if places[id_] < furthest:
            moved.add(id_)
        furthest = max(furthest, places[id_])
    return moved
