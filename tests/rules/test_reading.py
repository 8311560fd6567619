"""Rule files become rulesets; a folder becomes rulesets by name; what is wrong with files and folders is a Problem."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.decisions.decision import Mode
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, to_us
from suppress.facts.snapshot import Source
from suppress.problems import Severity, errors_in
from suppress.rules.compile import compile_ruleset, fingerprint
from suppress.rules.reading import parse_ruleset, read_ruleset, read_rulesets
from suppress.rules.ruleset import Effect, Hold, Limit, OnUnavailable, WhenUnknown
from suppress.rules.tree import All, ClockTime, Condition, Duration, Instant, Not
from tests.rules.printing import DECLARATIONS, DECLARED, conditions, printed

ROOT = Path(__file__).parents[2]

RULE = """version: 1
ruleset: NAME
rules:
  - id: sold-out
    drop: item
    code: out_of_stock
    when:
      stock.available_units: {below: 1}
"""

WHOLE = """# yaml-language-server: $schema=./ruleset.schema.json
version: 1
ruleset: whole
owner: crm@shop.example
mode: shadow
time_zone: Europe/Zurich
defaults: {when_unknown: block, stock_max_age: 6 hours}
codes: {not_in_season: the item is out of season}
rules:
  - id: winter
    title: Sandals in winter
    drop: item
    code: not_in_season
    when:
      item.category: {under: shoes/sandals}
    unless:
      customer.country: {in: [AU, NZ]}
    starts: 2026-12-01
    ends: 2027-02-28
  - id: few
    suppress: message
    code: too_few_items
    when_unknown: allow
    mode: off
    when:
      message.items_kept: {below: 2}
"""


def test_a_whole_file_is_read() -> None:
    """Every key of a file arrives where it belongs."""
    ruleset, problems = parse_ruleset(WHOLE.encode(), "whole.yaml")

    assert () == problems
    assert ruleset is not None
    winter, few = ruleset.rules
    assert ("whole", "crm@shop.example", Mode.SHADOW) == (ruleset.name, ruleset.owner, ruleset.mode)
    assert "Europe/Zurich" == ruleset.time_zone
    assert {Source.STOCK: 6 * US_PER_HOUR} == {source: age.us for source, age in ruleset.max_age.items()}
    assert {"not_in_season": "the item is out of season"} == ruleset.codes
    assert ("winter", "Sandals in winter", Effect.DROP_ITEM) == (winter.id, winter.title, winter.effect)
    assert (WhenUnknown.BLOCK, Mode.ENFORCE) == (winter.when_unknown, winter.mode)
    assert (WhenUnknown.ALLOW, Mode.OFF) == (few.when_unknown, few.mode)
    assert Effect.SUPPRESS_MESSAGE is few.effect
    assert winter.unless is not None
    assert few.unless is None


def test_dates_are_whole_days_of_the_ruleset_s_zone() -> None:
    """A rule starts with the first instant of its start day and ends with the last of its end day."""
    ruleset, _ = parse_ruleset(WHOLE.encode(), "whole.yaml")

    assert ruleset is not None
    winter = ruleset.rules[0]
    assert winter.starts is not None
    assert winter.ends is not None
    assert to_us(datetime(2026, 11, 30, 23, tzinfo=UTC)) == winter.starts.us
    assert to_us(datetime(2027, 2, 28, 23, tzinfo=UTC)) == winter.ends.us


@pytest.mark.parametrize(
    ("today", "codes"),
    [("2026-10-31T23:59:59.999999Z", []), ("2026-11-01T00:00:00Z", ["ended"])],
)
def test_a_rule_has_ended_once_its_last_day_is_over(today: str, codes: list[str]) -> None:
    """The warning comes with the first instant after the end day, and leaves the ruleset usable."""
    text = RULE.replace("NAME", "shop") + "    ends: 2026-10-31\n"
    at = Instant(to_us(datetime.fromisoformat(today)), today)
    ruleset, problems = parse_ruleset(text.encode(), "shop.yaml", at)

    assert codes == [problem.code for problem in problems]
    assert ruleset is not None


def test_without_a_date_nothing_has_ended() -> None:
    """No clock is read: who hands no date in is told of no end."""
    _, problems = parse_ruleset((RULE.replace("NAME", "shop") + "    ends: 2001-10-31\n").encode(), "shop.yaml")

    assert () == problems


def test_all_mistakes_come_at_once() -> None:
    """A mistake of spelling in one rule does not hide a mistake of meaning in another."""
    text = RULE.replace("NAME", "shop") + RULE.split("rules:\n")[1] + "    colour: red\n"
    _, problems = parse_ruleset(text.encode(), "shop.yaml")

    assert ["unknown-key", "duplicate-id", "unreachable-rule"] == sorted(
        (problem.code for problem in problems), key=["unknown-key", "duplicate-id", "unreachable-rule"].index
    )


def test_a_folder_is_read_by_name(tmp_path: Path) -> None:
    """Both endings are read; case files, hidden files, other files and folders inside are not."""
    for name in ("a.yaml", "b.yml"):
        (tmp_path / name).write_text(RULE.replace("NAME", name[0]))
    for name in ("a.cases.yaml", "b.cases.yml", ".hidden.yaml", "notes.txt", "ruleset.schema.json"):
        (tmp_path / name).write_text("][")
    (tmp_path / "old.yaml").mkdir()
    rulesets, problems = read_rulesets(tmp_path)

    assert () == problems
    assert ["a", "b"] == list(rulesets)


def test_a_single_file_may_stand_for_a_folder(tmp_path: Path) -> None:
    """A path to a file gives its one ruleset."""
    (tmp_path / "a.yaml").write_text(RULE.replace("NAME", "a"))
    rulesets, problems = read_rulesets(tmp_path / "a.yaml")

    assert () == problems
    assert ["a"] == list(rulesets)


def test_a_broken_file_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    """The sound ruleset is there, the broken one is not, and its problems are told."""
    (tmp_path / "a.yaml").write_text(RULE.replace("NAME", "a"))
    (tmp_path / "b.yaml").write_text("rules: [")
    rulesets, problems = read_rulesets(tmp_path)

    assert ["a"] == list(rulesets)
    assert [("b.yaml", "unclosed-bracket")] == [(Path(p.position.file).name, p.code) for p in problems]


def test_two_files_must_not_share_a_name(tmp_path: Path) -> None:
    """The first file keeps the name; the second is told where the first is."""
    for name in ("a.yaml", "a.yml"):
        (tmp_path / name).write_text(RULE.replace("NAME", "a"))
    _, problems = read_rulesets(tmp_path)

    assert [("a.yml", 2, "duplicate-ruleset")] == [
        (Path(p.position.file).name, p.position.line, p.code) for p in problems
    ]


def test_a_missing_folder_is_a_problem(tmp_path: Path) -> None:
    """A folder that is not there is told, not raised."""
    rulesets, problems = read_rulesets(tmp_path / "nowhere")

    assert {} == rulesets
    assert ["no-such-directory"] == [problem.code for problem in problems]


def test_a_case_file_is_no_rule_file(tmp_path: Path) -> None:
    """Who names a case file is told so, and where its rules are, not of every key that rules do not have."""
    path = tmp_path / "shop.cases.yaml"
    path.write_text("cases: []\n")
    rulesets, problems = read_rulesets(path)

    assert {} == rulesets
    assert [
        f'{path}:1:1 case-file: this is a case file; it holds no rules. help: play it with "suppress test"; '
        "the rules it tries are in shop.yaml"
    ] == [str(problem) for problem in problems]


def test_an_empty_folder_is_a_problem(tmp_path: Path) -> None:
    """A folder without rule files decides nothing, which nobody means."""
    _, problems = read_rulesets(tmp_path)

    assert ["no-rule-files"] == [problem.code for problem in problems]


def test_a_file_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    """A missing file, and a folder in a file's place, are told, not raised."""
    for path in (tmp_path / "missing.yaml", tmp_path):
        ruleset, problems = read_ruleset(path)

        assert ruleset is None
        assert ["file-unreadable"] == [problem.code for problem in problems]


def test_the_example_of_the_design_is_sound() -> None:
    """Warnings are no obstacle: a ruleset under another file name is read, and told."""
    ruleset, problems = parse_ruleset(RULE.replace("NAME", "shop").encode(), "other.yaml")

    assert ruleset is not None
    assert [("name-unlike-file", Severity.WARNING)] == [(p.code, p.severity) for p in problems]


@given(conditions(), st.none() | conditions())
def test_any_condition_in_a_rule_is_read_or_refused_for_its_meaning(when: Condition, unless: Condition | None) -> None:
    """A well-formed rule with random conditions keeps both of them, or is told what they cannot mean."""
    text = RULE.split("      stock", maxsplit=1)[0].replace("NAME", "shop") + printed(when, 6)
    text = text.replace("rules:", f"{DECLARATIONS}rules:", 1)
    if unless is not None:
        text += "    unless:\n" + printed(unless, 6)
    ruleset, problems = parse_ruleset(text.encode(), "shop.yaml")
    codes = {problem.code for problem in errors_in(problems)}
    of_meaning = {"wrong-scope", "impossible-window", "impossible-condition", "always-true", "never-fires"}

    assert codes <= of_meaning | {"beyond-max-age"}
    if ruleset is not None:
        assert (when, unless) == (ruleset.rules[0].when, ruleset.rules[0].unless)


@pytest.mark.parametrize(
    ("written", "hundredths", "of_seven"),
    [("1", 100, 7), ("2", 200, 14), ("0.5", 50, 3), ("0.14", 14, 0), ("0.15", 15, 1), ("1.05", 105, 7),
     ("2.50", 250, 17), ("1000000", 100_000_000, 7_000_000)],
)  # fmt: skip
def test_a_limit_is_kept_exactly(written: str, hundredths: int, of_seven: int) -> None:
    """Messages per unit are kept in hundredths, and a budget is whole messages, rounded down."""
    rule = f"  - {{id: r, limit: {{messages_per_unit: {written}}}, code: recalled, when: {{item.brand: b}}}}\n"
    ruleset, problems = parse_ruleset((RULE.replace("NAME", "shop") + rule).encode(), "shop.yaml")

    assert () == problems
    assert ruleset is not None
    limited = ruleset.rules[-1]
    assert (Effect.LIMIT_ITEM, Limit(hundredths=hundredths)) == (limited.effect, limited.limit)
    assert of_seven == Limit(hundredths=hundredths).budget(7)


def test_a_limit_drops_for_its_code() -> None:
    """What a limit leaves out is dropped: a rule may ask for its code, and wait for more of it."""
    rules = (
        "  - {id: r, limit: {messages_per_unit: 1}, code: stock_shared_out, when: {item.brand: b}}\n"
        "  - {id: w, hold: {until: restock}, code: stock_shared_out, when: {message.dropped_code: stock_shared_out}}\n"
    )
    ruleset, problems = parse_ruleset(f"version: 1\nruleset: shop\nrules:\n{rules}".encode(), "shop.yaml")

    assert () == problems
    assert ruleset is not None


@pytest.mark.parametrize(
    ("written", "parts"),
    [("5%", 500), ("12.25%", 1225), ("0%", 0), ("100%", 10_000), ("100.00 %", 10_000), ("'40%'", 4000), ("0.4", 4000),
     ("0.0001", 1), ("0.01%", 1), ("0.1225", 1225), ("7.10%", 710)],
)  # fmt: skip
def test_a_share_is_kept_in_parts_per_ten_thousand(written: str, parts: int) -> None:
    """A percentage, or a fraction of one, with up to two decimals of a percent is kept exactly."""
    top = f"control_group: {written}\nmax_share: {written}\nrules:"
    text = RULE.replace("NAME", "shop").replace("rules:", top) + f"    max_share: {written}\n"
    ruleset, problems = parse_ruleset(text.encode(), "shop.yaml")

    assert () == errors_in(problems)
    assert ruleset is not None
    assert (parts, parts, parts) == (ruleset.control_group, ruleset.max_share, ruleset.rules[0].max_share)


@pytest.mark.parametrize(
    ("top", "said"),
    [("", None), ("on_unavailable: allow\n", OnUnavailable.ALLOW), ("on_unavailable: block\n", OnUnavailable.BLOCK),
     ("on_unavailable: 'hold'\n", OnUnavailable.HOLD)],
)  # fmt: skip
def test_what_the_service_does_without_facts_is_kept(top: str, said: OnUnavailable | None) -> None:
    """It is one of three words; where none stands, nothing is said, and the fingerprint is what it always was."""
    ruleset, problems = parse_ruleset(f"{top}{RULE.replace('NAME', 'shop')}".encode(), "shop.yaml")
    without, _ = parse_ruleset(RULE.replace("NAME", "shop").encode(), "shop.yaml")

    assert () == errors_in(problems)
    assert ruleset is not None
    assert without is not None
    assert (said, said) == (ruleset.on_unavailable, compile_ruleset(ruleset).on_unavailable)
    assert (said is None) == (fingerprint(without) == fingerprint(ruleset))
    assert fingerprint(without) == compile_ruleset(without).fingerprint


@pytest.mark.parametrize(
    ("written", "hold"),
    [("{until: '08:00'}", Hold(until=ClockTime(8 * US_PER_HOUR, ""))), ("{until: 08:00}",
     Hold(until=ClockTime(8 * US_PER_HOUR, ""))), ("{for: 2 hours}", Hold(length=Duration(2 * US_PER_HOUR, ""))),
     ("{until: restock}", Hold(restock=True))],
)  # fmt: skip
def test_a_message_is_held_in_three_ways(written: str, hold: Hold) -> None:
    """Until a time of day, for a length of time, until the restock."""
    text = RULE.replace("NAME", "shop").replace("drop: item", f"hold: {written}")
    ruleset, problems = parse_ruleset(text.replace("stock.available_units", "message.items_kept").encode(), "shop.yaml")

    assert () == errors_in(problems)
    assert ruleset is not None
    assert (Effect.HOLD_MESSAGE, hold) == (ruleset.rules[0].effect, ruleset.rules[0].hold)


def test_the_tables_at_the_top_are_read() -> None:
    """Attributes, cycles, regions, ages of all six sources and `always` arrive where they belong."""
    top = """defaults: {products_max_age: 1 day, orders_max_age: 2 days, stock_max_age: 3 days,
  customers_max_age: 4 days, sent_max_age: 5 days, feedback_max_age: 6 days}
cycles: {grocery/coffee: 30 days, grocery: 2 weeks}
regions: {ZH: [zurich-1, zurich-2], NO: oslo}
"""
    text = RULE.replace("NAME", "shop").replace("rules:", f"{top}{DECLARATIONS}rules:") + "    always: yes\n"
    ruleset, problems = parse_ruleset(text.encode(), "shop.yaml")

    assert () == errors_in(problems)
    assert ruleset is not None
    assert set(Source) == set(ruleset.max_age)
    assert [1, 2, 3, 4, 5, 6] == [age.us // US_PER_DAY for age in ruleset.max_age.values()]
    assert {"grocery/coffee": 30, "grocery": 14} == {path: c.us // US_PER_DAY for path, c in ruleset.cycles.items()}
    assert {"ZH": ("zurich-1", "zurich-2"), "NO": ("oslo",)} == ruleset.regions
    assert DECLARED == ruleset.attributes
    assert ruleset.rules[0].always


def test_shipped_files_need_no_exception() -> None:
    """Every file in rulesets/ is read without an error."""
    folder = ROOT / "rulesets"
    _, problems = read_rulesets(folder)

    assert [] == [str(p) for p in problems if p.severity is Severity.ERROR and p.code != "no-rule-files"]


def test_a_tree_keeps_its_shape() -> None:
    """`all` with one entry stays an All, so that printing and reading are inverse."""
    ruleset, _ = parse_ruleset(
        re.sub(r"stock\..*", "all: [{not: {item.brand: x}}]", RULE.replace("NAME", "shop")).encode(), "shop.yaml"
    )

    assert ruleset is not None
    when = ruleset.rules[0].when
    assert isinstance(when, All)
    assert isinstance(when.parts[0], Not)
