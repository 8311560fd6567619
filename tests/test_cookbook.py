"""The cookbook: every recipe is a request people make, a rule that reads without a problem, and a case that holds."""

import re
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from suppress.cases.coverage import RuleCoverage
from suppress.cases.play import CASES_ENDING, PlayedFile, play
from suppress.facts.instants import to_us
from suppress.rules.layout.house_style import in_house_style
from suppress.rules.reading import read_ruleset
from suppress.rules.tree import Instant

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = (ROOT / "docs/cookbook.md").read_text(encoding="utf-8")
FEWEST: Final = 25
ASKS: Final = 33
"""Requests and complaints are numbered in the market notes; others are named by the key of their source there."""


class Recipe(NamedTuple):
    """One recipe: its heading without the number, the text under it, and its fenced YAML blocks."""

    number: int
    title: str
    text: str
    blocks: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its ruleset is called in the test."""
        return f"recipe-{self.number}"


def _recipes() -> list[Recipe]:
    parts = re.split(r"^### (\d+)\. (.+)$", PAGE, flags=re.MULTILINE)[1:]
    return [
        Recipe(int(number), title, text, tuple(re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)))
        for number, title, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    ]


RECIPES: Final = _recipes()
EACH: Final = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.number}-{recipe.title}")


def _written(recipe: Recipe, folder: Path) -> Path:
    """The recipe as the files a shop would have: the rule file, its cases, and the shipped rulesets it may build on."""
    for shipped in (ROOT / "rulesets").glob("*.yaml"):
        if not shipped.name.endswith(CASES_ENDING):
            shutil.copy(shipped, folder / shipped.name)
    rule, case = recipe.blocks
    path = folder / f"{recipe.name}.yaml"
    path.write_text(f"version: 1\nruleset: {recipe.name}\n{rule}", encoding="utf-8")
    path.with_suffix(".cases.yaml").write_text(case, encoding="utf-8")
    return path


def _ids(recipe: Recipe) -> list[str]:
    return re.findall(r"^  - \{?id: ([a-z0-9-]+)", recipe.blocks[0], re.MULTILINE)


def _coverage(played: PlayedFile) -> Mapping[str, RuleCoverage]:
    assert played.coverage is not None
    return {each.rule: each for each in played.coverage.rules}


def test_there_are_many_recipes_numbered_in_order() -> None:
    """At least 25 recipes, counted from one, no two with the same title."""
    assert FEWEST <= len(RECIPES)
    assert list(range(1, len(RECIPES) + 1)) == [recipe.number for recipe in RECIPES]
    assert len(RECIPES) == len({recipe.title for recipe in RECIPES})


def test_many_different_requests_are_answered() -> None:
    """Not one request told in many ways: at least 20 of those in the notes are answered."""
    numbered = {int(ask) for ask in re.findall(r"<!-- ask: (\d+) -->", PAGE)}

    assert 20 <= len(numbered)
    assert numbered <= set(range(1, ASKS + 1))


@EACH
def test_a_recipe_names_what_was_asked(recipe: Recipe) -> None:
    """Each recipe opens with the request it answers, says where that was read, and how to adapt the rule."""
    opening = re.match(r"\n+<!-- ask: (?:\d+|[A-Z]+\d+) -->\n((?:> .*\n)+)\n", recipe.text)

    assert opening is not None
    assert re.match(r"> \*[^*]+\*", opening[1])
    assert re.search(r"\]\(https?://[^)\s]+\)", opening[1])
    assert 1 == len(re.findall(r"^\*\*Make it yours:\*\* \S.*$", recipe.text, re.MULTILINE))


@EACH
def test_a_recipe_is_a_rule_and_its_cases(recipe: Recipe) -> None:
    """Two blocks: rules with an id, then the cases that try them."""
    assert 2 == len(recipe.blocks)
    assert [] != _ids(recipe)
    assert re.search(r"^cases:$", recipe.blocks[1], re.MULTILINE)


@EACH
def test_a_recipe_reads_without_a_problem(recipe: Recipe, tmp_path: Path) -> None:
    """Lint has neither an error nor a warning for the rule, and it is in house style."""
    path = _written(recipe, tmp_path)
    now = datetime.now(UTC)
    ruleset, problems = read_ruleset(path, Instant(to_us(now), now.isoformat()))
    styled, _ = in_house_style(path.read_bytes(), path.name)

    assert [] == [str(problem) for problem in problems]
    assert ruleset is not None
    assert path.read_text(encoding="utf-8") == styled


@EACH
def test_the_cases_of_a_recipe_hold_on_both_engines(recipe: Recipe, tmp_path: Path) -> None:
    """Every case ends as told, whichever engine decides."""
    played = play(_written(recipe, tmp_path).with_suffix(".cases.yaml"))

    assert () == played.problems
    assert [] != list(played.stories)
    assert {} == {each.story.name: [*map(str, each.differences)] for each in played.stories if not each.passed}


@EACH
def test_the_cases_of_a_recipe_try_its_rules(recipe: Recipe, tmp_path: Path) -> None:
    """Every rule of a recipe fires for some item or message of its cases, and leaves another alone."""
    covered = _coverage(play(_written(recipe, tmp_path).with_suffix(".cases.yaml"), covering=True))
    seen = {id_: covered[id_].points[0] for id_ in _ids(recipe)}

    assert [] == [id_ for id_, point in seen.items() if not point.true]
    assert [] == [id_ for id_, point in seen.items() if not point.false]
