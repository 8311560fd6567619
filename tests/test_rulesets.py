"""The rules we ship: without a mistake, each tried by its cases, and each of them needed."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from suppress.cases.play import Played, case_files, play
from suppress.facts.instants import to_us
from suppress.rules.reading import read_ruleset, rule_files
from suppress.rules.ruleset import OnUnavailable, Ruleset
from suppress.rules.tree import Instant
from tests.test_cases import fired_in

RULESETS: Final = Path(__file__).parent.parent / "rulesets"
SHIPPED: Final = {
    "retail-default", "fashion", "grocery", "durables", "electronics", "marketplace", "adverts", "consent-and-caps",
}  # fmt: skip
FILES: Final = rule_files(RULESETS)[0]
MODELINE: Final = "# yaml-language-server: $schema=./ruleset.schema.json"


def _ruleset(path: Path) -> Ruleset:
    ruleset, problems = read_ruleset(path)
    assert ruleset is not None, problems
    return ruleset


def _played(path: Path) -> list[Played]:
    return [one for cases in case_files(path) for one in play(cases).stories]


def test_the_promised_rulesets_are_there() -> None:
    """There are rules to start from for shops of six kinds, for adverts, and for consent and caps."""
    assert SHIPPED == {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_shipped_ruleset_has_no_problem(path: Path) -> None:
    """Lint finds neither a mistake nor anything to warn of, and the editor knows the file's schema."""
    now = datetime.now(UTC)
    _, problems = read_ruleset(path, Instant(to_us(now), now.isoformat()))

    assert [] == [str(problem) for problem in problems]
    assert MODELINE == path.read_text(encoding="utf-8").splitlines()[0]
    assert (RULESETS / "ruleset.schema.json").is_file()


@pytest.mark.parametrize("name", sorted(SHIPPED - {"consent-and-caps", "adverts"}))
def test_a_shop_may_take_over_a_shipped_ruleset_with_consent_and_caps(name: str, tmp_path: Path) -> None:
    """A file of three lines takes over both, what holds for everybody first; adverts see to consent themselves."""
    both = ("consent-and-caps", name)
    for each in both:
        shutil.copy(RULESETS / f"{each}.yaml", tmp_path)
    own = tmp_path / "my-shop.yaml"
    own.write_text(f"version: 1\nruleset: my-shop\nuse: [{', '.join(both)}]\n")

    ruleset, problems = read_ruleset(own)

    assert [] == [str(problem) for problem in problems]
    assert ruleset is not None
    expected = {rule.id for each in both for rule in _ruleset(RULESETS / f"{each}.yaml").rules}
    assert expected == {rule.id for rule in ruleset.rules}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_without_facts_in_time_a_message_waits(path: Path) -> None:
    """Each ruleset says what an outage means, and all the same, so that two of them make one: ask again later."""
    assert OnUnavailable.HOLD is _ruleset(path).on_unavailable


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_rule_has_a_title(path: Path) -> None:
    """Each rule has a title, and no two rules of a file share one."""
    titles = [rule.title for rule in _ruleset(path).rules]

    assert None not in titles
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_rule_fires_in_a_case_and_stays_quiet_in_another(path: Path) -> None:
    """A rule that no case makes fire, or that fires in all of them, is not tried."""
    fired = [fired_in(one) for one in _played(path)]
    ids = [rule.id for rule in _ruleset(path).rules]

    assert [] == [id_ for id_ in ids if not any(id_ in each for each in fired)]
    assert [] == [id_ for id_ in ids if all(id_ in each for each in fired)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_rule_decides_an_item_or_a_message(path: Path) -> None:
    """No rule is hidden behind an earlier one in all of its cases, but for those in shadow."""
    decided: set[str] = set()
    for one in _played(path):
        decision = next(iter(one.decisions.values()))
        for each in (decision, *decision.items, *decision.replacements):
            if each.deciding is not None:
                decided.add(each.deciding.rule)
    enforced = [rule.id for rule in _ruleset(path).rules if rule.mode.value == "enforce"]

    assert [] == [id_ for id_ in enforced if id_ not in decided]
