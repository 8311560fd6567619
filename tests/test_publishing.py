"""Publishing: what lints and passes its cases becomes a version that decides without its files; all else is refused."""

import logging
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from suppress.engine.decide import Decider
from suppress.engine.guarded import ReferenceEngine
from suppress.errors import CasesFailedError, FactsError, HeadMovedError, NoVersionError, RulesetError, VersionError
from suppress.facts.book import FactBook
from suppress.facts.message import Message
from suppress.publishing import Published, draft, load_version, plan, publish, rollback
from suppress.replay.compare import Change
from suppress.rules.sources import FileKind, SourceFile
from suppress.service import load_ruleset
from suppress.stores.database import Database
from suppress.stores.versions import Versions

NOW_US = 1_790_000_000_000_000
BASE = """version: 1
ruleset: base
rules:
  - id: recalled
    drop: item
    code: recalled
    when: {item.status: recalled}
"""
SHOP = """version: 1
ruleset: shop
use: base
rules:
  - id: bought
    drop: item
    code: recently_purchased
    when:
      bought: {same: sku, within: 30 days}
"""
CASES = """cases:
  - name: a mug bought a week ago
    as_of: 2026-11-22T09:00:00Z
    given:
      products: [{sku: MUG}]
      orders: [{sku: MUG, ordered_at: 7 days ago}]
    message: {items: [MUG]}
    want: {dropped: {MUG: recently_purchased}}
"""


@pytest.fixture
def versions(sqlite_template: Path, tmp_path: Path) -> Iterator[Versions]:
    shutil.copy(sqlite_template, tmp_path / "versions.db")
    with Database.open(f"sqlite:///{tmp_path}/versions.db") as database:
        yield Versions(database)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a ruleset, the one it uses, its cases, and another ruleset."""
    made = tmp_path / "rulesets"
    made.mkdir()
    for name, text in {
        "shop.yaml": SHOP,
        "base.yaml": BASE,
        "shop.cases.yaml": CASES,
        "x.cases.yaml": "cases:",
    }.items():
        (made / name).write_text(text)
    return made


def publish_shop(versions: Versions, folder: Path, message: str = "m") -> Published:
    return publish(versions, folder, ruleset="shop", author="ada", message=message, now_us=NOW_US)


def changed(folder: Path, old: str, new: str) -> None:
    path = folder / "shop.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_version_needs_no_files(versions: Versions, folder: Path) -> None:
    """A published ruleset means what its files meant, bases included, when they are long gone; decisions name it."""
    expected = load_ruleset(folder, ruleset="shop")
    published = publish_shop(versions, folder)
    shutil.rmtree(folder)
    compiled = load_version(versions)
    snapshot = FactBook().snapshot(Message(customer_id="ada", items=("MUG",)), NOW_US, compiled.needs)
    decision = Decider(compiled, ReferenceEngine(compiled)).decide(snapshot, "d")

    assert (1, "shop", expected.fingerprint) == (compiled.version, compiled.name, compiled.fingerprint)
    assert ["recalled", "bought"] == [rule.id for rule in compiled.rules]
    assert {"name": "shop", "fingerprint": expected.fingerprint, "version": 1} == decision.to_dict()["ruleset"]
    assert [("shop.yaml", "ruleset"), ("base.yaml", "base"), ("shop.cases.yaml", "cases")] == [
        (each.file, each.kind) for each in versions.texts(published.version)
    ]


def test_files_decide_without_a_number(folder: Path) -> None:
    """A ruleset that was never published has no number."""
    assert load_ruleset(folder, ruleset="shop").version is None


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("shop.yaml", "within: 30 days", "within: 30", "shop.yaml:9:"),
        ("base.yaml", "drop: item", "drop: itme", "base.yaml:5:"),
        ("shop.yaml", "use: base", "use: bose", 'no ruleset "bose"'),
    ],
)
def test_mistakes_are_not_published(versions: Versions, folder: Path, file: str, old: str, new: str, told: str) -> None:
    """A mistake in the ruleset or in one it uses is told with its place, and nothing is stored."""
    (folder / file).write_text((folder / file).read_text().replace(old, new))
    with pytest.raises(RulesetError, match=told) as refused:
        publish_shop(versions, folder)

    assert 1 == len(refused.value.problems)
    assert {} == versions.heads()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("7 days ago", "70 days ago", "shop.cases.yaml:2:5 a mug bought a week ago: dropped: wanted MUG"),
        ("want:", "wont:", "wont"),
        ("name:", "\x01name:", "control-character"),
    ],
)
def test_failing_cases_are_not_published(versions: Versions, folder: Path, old: str, new: str, told: str) -> None:
    """A case that fails or cannot be read is told with its place, and nothing is stored."""
    (folder / "shop.cases.yaml").write_text(CASES.replace(old, new))
    with pytest.raises(CasesFailedError, match=told) as refused:
        publish_shop(versions, folder)

    assert 1 == sum(told in failure for failure in refused.value.failures)
    assert {} == versions.heads()


def test_rules_without_cases(versions: Versions, folder: Path) -> None:
    """Rules without cases can be published; the plan then tells the edits alone."""
    (folder / "shop.cases.yaml").unlink()
    published = publish_shop(versions, folder)

    assert ["recalled", "bought"] == [edit.rule for edit in published.plan.edits]
    assert 0 == published.plan.report.audience.messages


def test_warnings_do_not_stop(versions: Versions, folder: Path) -> None:
    """What lint warns of is told and published all the same."""
    changed(folder, "rules:", "define:\n  nobody-asks: {item.brand: Acme}\nrules:")

    assert ["unused-definition"] == [problem.code for problem in publish_shop(versions, folder).warnings]


def test_the_plan_compares_with_the_version_before(versions: Versions, folder: Path) -> None:
    """The plan says what is written differently, and what that does to the cases, those taken out included."""
    first = publish_shop(versions, folder)
    changed(folder, "30 days", "3 days")
    (folder / "shop.cases.yaml").write_text(CASES.replace("a mug bought a week ago", "another").replace("7 d", "2 d"))
    second = publish_shop(versions, folder)

    assert first.plan.before is None
    assert ["new", "new"] == [edit.how for edit in first.plan.edits]
    assert 1 == first.plan.report.by_change[Change.DROPPED].items
    assert first.version == second.plan.before
    assert [("changed", "bought", ("when",))] == [(edit.how, edit.rule, edit.keys) for edit in second.plan.edits]
    assert (2, 1) == (second.plan.report.audience.messages, second.plan.report.by_change[Change.ALLOWED].items)
    assert 2 == second.plan.to_dict()["on_cases"]["audience"]["messages"]


def test_plan_stores_nothing(versions: Versions, folder: Path) -> None:
    """A draft is planned as often as one likes."""
    plans = [plan(versions, draft(folder, ruleset="shop", now_us=NOW_US)) for _ in range(2)]

    assert plans[0].edits == plans[1].edits
    assert {} == versions.heads()


def test_the_same_files_again(versions: Versions, folder: Path) -> None:
    """Publishing what is published makes no version; a comment more does."""
    publish_shop(versions, folder)
    again = publish_shop(versions, folder)
    changed(folder, "rules:", "rules: # ours")
    commented = publish_shop(versions, folder)

    assert (False, 1) == (again.is_new, again.version.number)
    assert (True, 2, ()) == (commented.is_new, commented.version.number, commented.plan.edits)
    assert again.version.fingerprint == commented.version.fingerprint


def test_rollback(versions: Versions, folder: Path) -> None:
    """An older version comes back as the next one, its files whole; what is in force already does not."""
    first = publish_shop(versions, folder)
    changed(folder, "30 days", "20 days")
    publish_shop(versions, folder)
    back = rollback(versions, "shop", 1, author="bob", message="too short", now_us=NOW_US)

    assert (3, 1, "bob") == (back.version.number, back.version.of, back.version.author)
    assert versions.texts(first.version) == versions.texts(back.version)
    assert first.version.fingerprint == load_version(versions, "shop").fingerprint
    for number in (1, 3):
        with pytest.raises(VersionError, match="those in force"):
            rollback(versions, "shop", number, author="bob", message="m", now_us=NOW_US)
    with pytest.raises(NoVersionError, match="it has 1 to 3"):
        rollback(versions, "shop", 4, author="bob", message="m", now_us=NOW_US)
    with pytest.raises(NoVersionError, match='did you mean "shop"'):
        rollback(versions, "shup", 1, author="bob", message="m", now_us=NOW_US)


def test_an_overtaken_publisher_plans_anew(versions: Versions, folder: Path) -> None:
    """Of many who publish at once each gets a plan against the very version before its own."""

    def one(days: int) -> Published:
        texts = {"shop.yaml": SHOP.replace("30 days", f"{days} days"), "base.yaml": BASE}
        return publish(versions, texts, ruleset="shop", author="ada", message="m", now_us=NOW_US)

    with ThreadPoolExecutor(4) as threads:
        done = sorted(threads.map(one, range(1, 13)), key=lambda published: published.version.number)

    assert list(range(1, 13)) == [published.version.number for published in done]
    assert [None, *(each.version for each in done[:-1])] == [published.plan.before for published in done]


@pytest.mark.parametrize("expected", [None, 2])
def test_another_version_than_expected(versions: Versions, folder: Path, expected: int | None) -> None:
    """Who expects another newest version publishes nothing, even with the same files."""
    publish_shop(versions, folder)
    with pytest.raises(HeadMovedError, match="is 1, not"):
        publish(versions, folder, ruleset="shop", author="a", message="m", now_us=NOW_US, expected=expected)

    assert 1 == len(versions.all("shop"))


@pytest.mark.parametrize(
    ("author", "message", "told"),
    [
        ("", "m", "author"),
        ("a\x1b[2J", "m", "U\\+001B"),
        ("ada", " \n ", "message is empty"),
        ("ada", "m" * 2_001, "2,001"),
        ("ada", "\x1b]0;", "U\\+001B"),
        ("ada", "\ud800", "half a character"),
    ],
)
def test_who_and_why(versions: Versions, folder: Path, author: str, message: str, told: str) -> None:
    """An author or message that is empty, too long, or plays tricks on terminals is refused."""
    with pytest.raises(FactsError, match=told):
        publish(versions, folder, ruleset="shop", author=author, message=message, now_us=NOW_US)

    assert {} == versions.heads()


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({}, "no rule file"),
        ({"shop.cases.yaml": CASES}, "no rule file"),
        ({"../shop.yaml": SHOP}, "no name of a rule file"),
        ({"a\\shop.yaml": SHOP}, "no name of a rule file"),
        ({".shop.yaml": SHOP}, "no name of a rule file"),
        ({"shop.txt": SHOP}, "no name of a rule file"),
        ({f"{'s' * 255}.yaml": SHOP}, "no name of a rule file"),
        ({"shop.yaml": SHOP}, 'no ruleset "base"'),
        ({"shop.yaml": f"{SHOP}\ud800"}, "wrong-encoding"),
        ({"a.yaml": BASE, "b.yaml": BASE}, "duplicate-ruleset"),
        ({"a.yaml": BASE, "b.yaml": BASE.replace("base", "b")}, "several rulesets"),
    ],
)
def test_texts_nobody_can_use(texts: dict[str, str], told: str) -> None:
    """Texts that somebody sent are refused like files, whatever they are called."""
    with pytest.raises(RulesetError, match=told):
        draft(texts, ruleset=None, now_us=NOW_US)


def test_two_of_one_name() -> None:
    """A name that two files claim is refused, not guessed at."""
    with pytest.raises(RulesetError, match="duplicate-ruleset"):
        draft({"a.yaml": BASE, "b.yaml": BASE}, ruleset="base", now_us=NOW_US)


def test_what_there_is_is_told(versions: Versions) -> None:
    """Who asks for what is not published hears what is, or how to publish."""
    with pytest.raises(NoVersionError, match=r"nothing is published\. help: `suppress publish`"):
        load_version(versions)
    for name in ("base", "other"):
        texts = {"base.yaml": BASE.replace("ruleset: base", f"ruleset: {name}")}
        publish(versions, texts, author="ada", message="m", now_us=NOW_US)
    with pytest.raises(NoVersionError, match=r"several .* SUPPRESS_RULESET; published are: base, other"):
        load_version(versions)
    with pytest.raises(NoVersionError, match='did you mean "other"'):
        load_version(versions, "othr")
    with pytest.raises(NoVersionError, match="published are: base, other"):
        load_version(versions, "shop")
    with pytest.raises(NoVersionError, match="it has 1 to 1"):
        load_version(versions, "base", 2)


def test_a_version_this_suppress_cannot_read(
    versions: Versions, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A version of another suppress that means nothing any more is refused with its place; a better one can follow."""
    broken = SourceFile("shop.yaml", FileKind.RULESET, SHOP.replace("drop: item", "drip: item"))
    versions.publish("shop", [broken], fingerprint="sha256:0", author="ada", message="m", now_us=NOW_US)
    with pytest.raises(RulesetError, match=r"shop@1/shop\.yaml:"):
        load_version(versions, "shop")
    published = publish_shop(versions, folder)

    assert published.plan.unreadable is not None
    assert 2 == load_version(versions, "shop").version

    other = versions.texts(published.version)
    versions.publish("shop", other, fingerprint="sha256:other", author="ada", message="m", now_us=NOW_US)
    with caplog.at_level(logging.WARNING):
        assert published.version.fingerprint == load_version(versions, "shop").fingerprint
    assert "sha256:other" in caplog.text
