"""Read the rules of a rule file: one map per rule in, one Rule out, or None with its mistakes noted."""

from typing import Final

from suppress.decisions.decision import Mode
from suppress.rules.conditions import read_condition
from suppress.rules.document import BrokenNode, ListNode, MapNode, Node, ScalarNode
from suppress.rules.effects import read_effect
from suppress.rules.entries import RULE, TOP, names
from suppress.rules.findings import Findings, quoted
from suppress.rules.header import Header, read_mode, read_name, read_when_unknown
from suppress.rules.keys import check_keys, require_keys
from suppress.rules.literals import Context, read_text, read_yes_no
from suppress.rules.ruleset import Rule
from suppress.rules.shares import read_share
from suppress.rules.slips import RULE_SLIPS
from suppress.rules.times import read_instant

RULE_KEYS: Final = names(RULE)

_OF_FILES: Final = RULE_SLIPS | {
    name: "it stands at the top of the file" for name in names(TOP) if name not in RULE_KEYS
}


def read_rules(node: MapNode, header: Header, context: Context) -> tuple[Rule, ...]:
    """Every rule that can be read, in file order. `context` knows what was defined and declared above them."""
    findings = context.findings
    listed = node.get("rules")
    if listed is None or isinstance(listed, BrokenNode):
        return ()
    if (isinstance(listed, ScalarNode) and listed.is_null) or (isinstance(listed, ListNode) and not listed.items):
        findings.add(
            "empty-list",
            "the list of rules is empty",
            listed.position,
            'write a rule below it, beginning with "- id: NAME"',
        )
        return ()
    if not isinstance(listed, ListNode):
        findings.add("list-expected", '"rules" needs a list', listed.position, 'start each rule with "- id: NAME"')
        return ()
    rules = [_read_rule(item, header, context) for item in listed.items]
    return tuple(rule for rule in rules if rule is not None)


def _read_rule(node: Node, header: Header, context: Context) -> Rule | None:
    findings = context.findings
    if isinstance(node, BrokenNode):
        return None
    if not isinstance(node, MapNode):
        findings.add(
            "map-expected",
            "a rule is a map of keys and values",
            node.position,
            'write "id:", an effect, "code:" and "when:"',
        )
        return None
    check_keys(node, "in a rule", RULE_KEYS, findings, helps=_OF_FILES)
    require_keys(
        node,
        _name_of(node),
        (
            ("id", 'add "id: NAME"'),
            ("code", 'add a reason code, for example "code: out_of_stock"'),
            ("when", 'add "when:" and a condition'),
        ),
        findings,
    )
    effect = read_effect(node, _name_of(node), findings)
    name, code, when_node, unless_node = (node.get(key) for key in ("id", "code", "when", "unless"))
    title, starts_node, ends_node = (node.get(key) for key in ("title", "starts", "ends"))
    unknown_node, mode_node = node.get("when_unknown"), node.get("mode")
    id_ = read_name(name, "the id of the rule", findings) if name else None
    code_text = read_text(code, '"code"', findings) if code else None
    title_text = read_text(title, '"title"', findings) if title else None
    when = read_condition(when_node, '"when"', context) if when_node else None
    unless = read_condition(unless_node, '"unless"', context) if unless_node else None
    starts = read_instant(starts_node, '"starts"', context) if starts_node else None
    ends = read_instant(ends_node, '"ends"', context, end_of_day=True) if ends_node else None
    when_unknown = read_when_unknown(unknown_node, findings) if unknown_node else header.when_unknown
    mode = read_mode(mode_node, findings) if mode_node else Mode.ENFORCE
    always = _read_always(node, mode, findings)
    share_node = node.get("max_share")
    max_share = read_share(share_node, '"max_share"', findings) if share_node else None
    if id_ is None or effect is None or code_text is None or when is None:
        return None
    return Rule(
        id=id_,
        effect=effect.effect,
        hold=effect.hold,
        limit=effect.limit,
        always=always,
        max_share=max_share,
        code=code_text,
        when=when,
        unless=unless,
        title=title_text,
        when_unknown=when_unknown,
        mode=mode,
        starts=starts,
        ends=ends,
        position=node.position,
        places={key.text: value.position for key, value in node.entries},
    )


def _name_of(node: MapNode) -> str:
    name = node.get("id")
    return f"the rule {quoted(name.text)}" if isinstance(name, ScalarNode) and name.text else "the rule"


def _read_always(node: MapNode, mode: Mode, findings: Findings) -> bool:
    written = node.get("always")
    always = read_yes_no(written, '"always"', findings) if written else None
    if always and written and mode is not Mode.ENFORCE:
        findings.add(
            "always-not-enforced",
            f'{_name_of(node)} says "always: yes" and "mode: {mode.value}"',
            written.position,
            "delete one of the two",
        )
    return always is True
