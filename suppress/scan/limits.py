"""Turn limits into relations: who holds a place of a limited item, by which budget, and what that leaves to be told.

`scan.allocate` shares the places out; `engine.sharing` is its twin for one message.
"""

from collections.abc import Sequence

from suppress.decisions.decision import Mode
from suppress.rules.compile import CompiledRule
from suppress.rules.needs import AVAILABLE_UNITS
from suppress.rules.ruleset import WhenUnknown
from suppress.scan.judging import fired, obeyed
from suppress.scan.sql import any_of, name

_UNITS = name(AVAILABLE_UNITS)


def holder(rules: Sequence[CompiledRule]) -> str:
    """The relation `holder`, from `placed` and `decided`: shown, sent, and limited."""
    return (
        "SELECT message_no, message_id, position, sku, score, budget, rule_no FROM (SELECT p.message_no, d.message_id,"
        f" p.position, p.sku, p.score, {_budget(rules)} AS budget, {_tightest(rules)} AS rule_no"
        " FROM placed p JOIN (SELECT message_no, message_id, verdict FROM decided) d ON d.message_no = p.message_no"
        " WHERE p.shown AND d.verdict = 'send') WHERE rule_no IS NOT NULL"
    )


def unsent() -> str:
    """The relation `unsent`: messages with a rejected candidate that are not sent now."""
    return (
        "SELECT DISTINCT r.message_no FROM rejected r JOIN decided d ON d.message_no = r.message_no"
        " WHERE d.verdict <> 'send'"
    )


def budgets() -> str:
    """What became of each limited sku: its budget, the places used here, and how often it was refused."""
    return (
        "SELECT sku, CAST(max(budget) AS BIGINT) AS budget, CAST(sum(used) AS BIGINT) AS used,"
        " CAST(sum(turned_away) AS BIGINT) AS turned_away FROM ("
        "SELECT sku, budget, 1 AS used, 0 AS turned_away FROM holder UNION ALL"
        " SELECT sku, budget, 0 AS used, 1 AS turned_away FROM rejected) GROUP BY sku ORDER BY sku"
    )


def tells(rule: CompiledRule) -> str:
    """Whether a limit is among an item's reasons: it was refused, or a limit not obeyed would have refused it.

    Of a row with `drop_no`, `shown`, the message's `is_sent`, and `places` that others hold of the sku.
    """
    told = [f"drop_no = {rule.number}"]
    budget = _of_rule(rule)
    known = "TRUE" if rule.when_unknown is WhenUnknown.BLOCK else f"{_UNITS} IS NOT NULL"
    recorded = f"shown AND is_sent AND {fired(rule)} AND {known} AND coalesce(places, 0) >= {budget}"
    if rule.mode is not Mode.ENFORCE:
        told.append(recorded)
    elif not rule.always:
        told.append(f"control_group AND {recorded}")
    return any_of(told)


def _tightest(rules: Sequence[CompiledRule]) -> str:
    cases = " ".join(f"WHEN {_limits(rule)} THEN {rule.number}" for rule in _by_width(rules))
    return f"CASE {cases} END" if cases else "NULL"


def _budget(rules: Sequence[CompiledRule]) -> str:
    cases = " ".join(f"WHEN {_limits(rule)} THEN {_of_rule(rule)}" for rule in _by_width(rules))
    return f"CASE {cases} END" if cases else "NULL"


def _limits(rule: CompiledRule) -> str:
    known = "" if rule.when_unknown is WhenUnknown.BLOCK else f" AND {_UNITS} IS NOT NULL"
    return f"{obeyed(rule)}{known}"


def _of_rule(rule: CompiledRule) -> str:
    hundredths = 0 if rule.limit is None else rule.limit.hundredths
    return f"coalesce({_UNITS} * {hundredths} // 100, 0)"


def _by_width(rules: Sequence[CompiledRule]) -> list[CompiledRule]:
    return sorted(rules, key=lambda rule: (rule.limit.hundredths if rule.limit else 0, rule.number))
