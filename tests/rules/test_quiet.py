"""What static checks keep quiet about: rulesets that look like a mistake and are none."""

import pytest

from suppress.rules.reading import parse_ruleset

ZONE = "time_zone: Europe/Zurich\n"


def codes(*rules: str, top: str = "") -> list[str]:
    text = f"version: 1\nruleset: f\n{top}rules:\n" + "".join(
        f"  - {{id: r{number}, code: recalled, {rule}}}\n" for number, rule in enumerate(rules)
    )
    ruleset, problems = parse_ruleset(text.encode(), "f.yaml")
    assert ruleset is not None, problems
    return [problem.code for problem in problems]


DROP = "drop: item, when: "
BOUGHT = "bought: {same: sku"


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(
            (f"{DROP}{{{BOUGHT}, within: 7 days}}}}", f"{DROP}{{{BOUGHT}, within: 60 days, not_within: 7 days}}}}"),
            id="windows that meet",
        ),
        pytest.param(
            (f"{DROP}{{{BOUGHT}, within: 7 days}}}}", f"{DROP}{{{BOUGHT}, not_within: 14 days, by: household}}}}"),
            id="windows of different people",
        ),
        pytest.param(
            (
                f"{DROP}{{{BOUGHT}, within: 7 days}}}}",
                f"{DROP}{{{BOUGHT}, within: 90 days, not_within: 14 days}}, item.brand: acme}}",
            ),
            id="windows of different items",
        ),
        pytest.param(
            (
                f"{DROP}{{{BOUGHT}, within: 7 days}}}}",
                f"{DROP}{{{BOUGHT}, within: 20 days, not_within: 5 days}}}}",
                f"{DROP}{{{BOUGHT}, not_within: 14 days}}}}",
            ),
            id="a third window in between",
        ),
        pytest.param(
            (f"{DROP}{{bought: {{same: brand, not_within: 9 days}}, not: {{{BOUGHT}, within: 3 days}}}}}}",),
            id="a look-back at something else",
        ),
        pytest.param(
            (f"{DROP}{{{BOUGHT}, within: 3 days}}}}", "hold: {for: 2 days}, when: {customer.open_case: yes}"),
            id="a look-back longer than the hold",
        ),
        pytest.param(
            ("hold: {for: 1 day}, when: {sent: {within: 1 day, at_least: 2}}",), id="a hold as long as its window"
        ),
    ],
)
def test_windows_without_a_gap(rules: tuple[str, ...]) -> None:
    """Windows that meet, that speak of different things, or that are filled by others."""
    assert [] == codes(*rules)


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param(
            (f"{DROP}{{item.brand: a}}, unless: {{item.title: x}}", f"{DROP}{{item.title: x}}, mode: shadow"),
            id="an exception a shadow rule takes back",
        ),
        pytest.param(
            (
                f"{DROP}{{item.brand: a}}, unless: {{item.title: x}}",
                f"{DROP}{{item.title: x}}, unless: {{item.status: active}}",
            ),
            id="an exception taken back in part",
        ),
        pytest.param(
            (f"{DROP}{{item.brand: a}}, unless: {{item.title: x}}", f"{DROP}{{item.title: x}}, ends: 2030-01-01"),
            id="an exception taken back for a time",
        ),
        pytest.param(
            ("suppress: message, when: {campaign.id: a}, unless: {customer.known: no}",
             "hold: {for: 2 hours}, when: {customer.known: no}"),
            id="held instead of suppressed",
        ),
        pytest.param(
            ("hold: {for: 2 hours}, when: {campaign.id: a}", "hold: {for: 3 hours}, when: {campaign.id: a}"),
            id="two holds of different length",
        ),
        pytest.param(
            (f"{DROP}{{item.brand: a}}", f"{DROP}{{item.brand: a, item.title: x}}, always: yes"),
            id="a rule that is obeyed where the wider one is not",
        ),
        pytest.param(
            ("hold: {for: 2 hours}, when: {campaign.id: a}, when_unknown: block",
             "suppress: message, when: {campaign.id: a}"),
            id="a hold that also fires when unknown",
        ),
        pytest.param(
            (f"{DROP}{{campaign.tag: a, all: [{{campaign.tag: b}}]}}",), id="a campaign with two tags",
        ),
        pytest.param(
            (f"{DROP}{{item.attributes.tier: {{not_in: [gold]}}, all: [{{item.attributes.tier: {{is_not: tin}}}}]}}",),
            id="a declared word that is left",
        ),
        pytest.param(
            (f"{DROP}{{shown: {{same: sku, channel: this}}}}", f"{DROP}{{shown: {{same: sku, channel: email}}}}"),
            id="a channel that may be this one",
        ),
    ],
)  # fmt: skip
def test_rules_that_leave_each_other_alone(rules: tuple[str, ...]) -> None:
    """Modes, dates, strength and the treatment of the unknown leave each rule its work."""
    assert [] == codes(*rules, top="attributes: {item.attributes.tier: [gold, tin, wood]}\n")


@pytest.mark.parametrize(
    ("rule", "top"),
    [
        ('suppress: message, when: {message.local_time: {below: "08:00"}}', ZONE),
        ("suppress: message, when: {sent: {calendar: day, zone: Europe/Zurich, at_least: 2}}", ""),
        ("suppress: message, when: {sent: {within: 1 day, at_least: 2}}", ""),
        ('hold: {until: "08:00"}, when: {message.channel: sms}', ZONE),
    ],
)
def test_zones_that_are_stated(rule: str, top: str) -> None:
    """A zone in the ruleset or in the condition is enough; a rolling window needs none."""
    assert [] == codes(rule, top=top)


def test_what_is_missing_in_a_broken_file_is_not_missed() -> None:
    """While a rule cannot be read, nothing is said of what it may have provided."""
    text = (
        "version: 1\nruleset: f\nrules:\n"
        "  - {id: a, drop: item, code: recalled, when: {item.brnd: a}}\n"
        "  - {id: b, suppress: message, code: recalled, when: {message.dropped_code: recalled}}\n"
    )
    _, problems = parse_ruleset(text.encode(), "f.yaml")

    assert ["unknown-field"] == [problem.code for problem in problems]
