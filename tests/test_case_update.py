"""What failing cases would have to want: only that changes, it is spelt as the file spells it, and it is true."""

import re
from pathlib import Path
from typing import Final

import pytest

from suppress.cases.play import case_files, play
from suppress.cases.times import instant_us, told_us
from suppress.cases.update import propose
from suppress.facts.instants import US_PER_DAY, US_PER_HOUR, US_PER_SECOND

ROOT: Final = Path(__file__).parent.parent
FILES: Final = [path for folder in ("rulesets", "tests/cases") for path in case_files(ROOT / folder)]
AS_OF_US: Final = 20_000 * US_PER_DAY
RULES: Final = """version: 1
ruleset: shop
rules:
  - {id: same, drop: item, code: recently_purchased, when: {bought: {same: sku, within: 90 days}}}
  - {id: none, drop: item, code: out_of_stock, when: {stock.available_units: {below: 1}}}
"""
GIVEN: Final = """# the shop
given:
  orders: [{sku: A, ordered_at: 80 days ago}, {sku: "B: 2", ordered_at: 36 hours ago}]
  stock: [{sku: C, on_hand: 0}, {sku: D, on_hand: 1}]
cases:
  - name: the case
    as_of: 2026-11-22T09:00:00Z
    message: {items: [A, "B: 2", C, D]}
"""
WANTS: Final = {
    "a word": ("    want: {verdict: suppress}  # why\n", "    want: {verdict: send}  # why\n"),
    "a word in quotes": ("    want:\n      verdict: 'hold' # why\n", "    want:\n      verdict: send # why\n"),
    "a list": ("    want: {shown: [A, D]}\n", "    want: {shown: [D]}\n"),
    "a list with a line per entry": (
        "    want:\n      # first\n      shown:\n        - A\n        - D\n      # last\n",
        "    want:\n      # first\n      shown:\n        - D\n      # last\n",
    ),
    "a list at the indentation of its key": (
        "    want:\n      shown:\n      - A\n      verdict: send\n",
        "    want:\n      shown:\n      - D\n      verdict: send\n",
    ),
    "entries that stay are spelt as before": (
        "    want: {eligible_again_at: {C: never, A: in 240 hours}}\n",
        '    want: {eligible_again_at: {C: never, A: in 240 hours, "B: 2": in 2124 hours}}\n',
    ),
    "entries with a line each": (
        "    want:\n"
        "      dropped:\n"
        "        A: out_of_stock  # bought\n"
        "        D: out_of_stock  # the last one\n"
        "        # nobody counted\n"
        "        C: out_of_stock\n"
        "      # the end\n",
        "    want:\n"
        "      dropped:\n"
        "        A: recently_purchased  # bought\n"
        "        # the last one\n"
        "        # nobody counted\n"
        "        C: out_of_stock\n"
        '        "B: 2": recently_purchased\n'
        "      # the end\n",
    ),
    "nothing where something is decided": (
        "    want:\n      fired:\n      shown: [D]\n",
        '    want:\n      fired: {A: [same], "B: 2": [same], C: [none]}\n      shown: [D]\n',
    ),
    "a time keeps its unit": ("    want: {valid_until: in 20 hours}\n", "    want: {valid_until: in 240 hours}\n"),
    "a time keeps its zone": (
        "    want: {valid_until: 2026-11-30T10:00:00+01:00}\n",
        "    want: {valid_until: 2026-12-02T10:00:00+01:00}\n",
    ),
    "never becomes a time": ("    want: {valid_until: never}\n", "    want: {valid_until: in 10 days}\n"),
    "a number sign in quotes is no comment": (
        '    want: {missing: ["stock of x #y: missing"]}  # so far\n',
        '    want: {missing: ["stock of A: missing", "stock of B: 2: missing"]}  # so far\n',
    ),
    "a key with a comma": (
        "    want:\n      dropped:\n        A,B: recalled\n        C: out_of_stock\n      verdict: hold\n",
        "    want:\n      dropped:\n        C: out_of_stock\n        A: recently_purchased\n"
        '        "B: 2": recently_purchased\n      verdict: send\n',
    ),
    "no want": ("", "WANTED"),
    "a want of nothing": ("    want:\n", "WANTED"),
    "an empty want": ("    want: {}\n", "WANTED"),
}
WANTED: Final = (
    '    want: {verdict: send, dropped: {A: recently_purchased, "B: 2": recently_purchased, C: out_of_stock}}\n'
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(RULES)
    return tmp_path / "shop.cases.yaml"


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("name", WANTS)
def test_only_the_answer_changes(name: str, ending: str, file: Path) -> None:
    """The new answer stands where the old one stood; spelling, comments and line ends of all else stay."""
    before, after = ((GIVEN + want).replace("\n", ending).encode() for want in WANTS[name])
    file.write_bytes(before)

    update = propose(file)
    update.write()

    assert () == update.left
    assert after.replace(b"WANTED", WANTED.replace("\n", ending).encode()) == file.read_bytes()
    assert all(played.passed for played in play(file).stories)


LEFT: Final = {
    "a comment inside": ("    want:\n      dropped: {A: recalled, # why\n        C: out_of_stock}\n", "a comment"),
    "a text block": ("    want:\n      verdict: |-\n        hold\n", "a text block"),
    "a text over lines": ("    want:\n      valid_until: in 5\n        days\n", "changed safely"),
    "the same name twice": ("    want: {shown: []}\n  - {name: the case, message: {items: []}}\n", "the same name"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_cannot_be_changed_safely_is_left_alone(name: str, file: Path) -> None:
    """The case is named with the reason, and the file would not change."""
    want, reason = LEFT[name]
    file.write_text(GIVEN + want)

    update = propose(file)

    assert ("", ()) == (update.diff(), update.changed)
    assert ["the case"] == [told for told, why in update.left if reason in why]


def test_one_case_that_cannot_be_changed_keeps_no_other_from_it(file: Path) -> None:
    """The others of the file are changed all the same."""
    case = (
        GIVEN.partition("cases:\n")[2].replace("the case", "case {}") + "    want: {{valid_until: in {}\n      days}}\n"
    )
    texts = [case.replace("{items", "{{items").replace("D]}", "D]}}").format(n, n) for n in (1, 2)]
    fine = GIVEN + "    want: {shown: [A]}\n"
    file.write_text(fine + texts[0].replace("\n      days", " days") + texts[1])

    update = propose(file)

    assert ("the case", "case 1") == update.changed
    assert ["case 2"] == [name for name, _ in update.left]
    assert texts[1] in update.after


def test_cases_the_engines_differ_on_are_left_alone(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only one engine decides is nothing to want."""
    file.write_text(GIVEN + "    want: {shown: []}\n")
    monkeypatch.setattr("suppress.engine.guarded.Inference.fired", lambda *_: frozenset({0}))

    update = propose(file)

    assert "" == update.diff()
    assert (("the case", "the engines differ"),) == update.left


def test_a_file_changed_in_the_meantime_is_not_written(file: Path) -> None:
    """Somebody else's change is not lost."""
    file.write_text(GIVEN + "    want: {shown: []}\n")
    update = propose(file)
    file.write_text("# mine\n")

    with pytest.raises(OSError, match="changed in the meantime"):
        update.write()
    assert "# mine\n" == file.read_text()


def test_a_file_is_written_whole_or_not_at_all(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing is cut short, the file is as it was and nothing lies beside it."""
    file.write_text(GIVEN + "    want: {shown: []}\n")
    update = propose(file)

    def cut_short(*_: object) -> None:
        raise PermissionError(1, "not permitted")

    for name in ("shutil.copymode", "pathlib.Path.replace"):
        with monkeypatch.context() as patched:
            patched.setattr(name, cut_short)
            with pytest.raises(PermissionError):
                update.write()

    assert update.before == file.read_text()
    assert ["shop.cases.yaml", "shop.yaml"] == sorted(path.name for path in file.parent.iterdir())


def test_a_file_that_cannot_be_read_has_nothing_to_change(file: Path) -> None:
    """It is a problem of the update, as it is one when the file is played."""
    update = propose(file)

    assert ("", ()) == (update.diff(), update.changed)
    assert play(file).problems == update.problems
    assert ["file-unreadable"] == [problem.code for problem in update.problems]


def test_a_mark_at_the_beginning_and_a_missing_end_stay(file: Path) -> None:
    """A byte order mark and a last line without an end are kept, and the diff says so."""
    file.write_bytes(("\ufeff" + GIVEN + "    want: {shown: [é]}").encode())
    update = propose(file)
    update.write()

    assert ("\ufeff" + GIVEN + "    want: {shown: [D]}").encode() == file.read_bytes()
    assert 2 == update.diff().count("\\ No newline at end of file\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_any_file_of_ours_can_be_made_to_want_otherwise_and_back(path: Path, tmp_path: Path) -> None:
    """With its rules switched off every case of a file can be mended, and again with its rules back; comments stay."""
    rules = path.with_name(path.name.replace(".cases.yaml", ".yaml")).read_text()
    off = re.sub(r"(?m)^mode: .*\n", "", rules).replace("version: 1\n", "version: 1\nmode: off\n", 1)
    cases, rule_file = tmp_path / path.name, tmp_path / path.name.replace(".cases.yaml", ".yaml")
    original = path.read_text()
    cases.write_text(original)
    for base in path.parent.glob(f"{path.name.removesuffix('.cases.yaml')}-*.yaml"):
        (tmp_path / base.name).write_text(base.read_text())
    for text in (off, rules):
        rule_file.write_text(text)
        update = propose(cases)
        update.write()

        assert ((), ()) == (update.left, update.problems)
        assert [] == [played.story.name for played in play(cases).stories if not played.passed]
        assert original.count("#") == cases.read_text().count("#")


@pytest.mark.parametrize(
    ("distance_us", "like", "told"),
    [
        (0, None, "now"),
        (3 * US_PER_DAY, None, "in 3 days"),
        (-US_PER_DAY, None, "1 day ago"),
        (36 * US_PER_HOUR, None, "in 36 hours"),
        (14 * US_PER_DAY, "in 1 week", "in 2 weeks"),
        (15 * US_PER_DAY, "in 1 week", "in 15 days"),
        (730 * US_PER_DAY, "in 1 year", "in 2 years"),
        (100_000 * US_PER_SECOND + 1, None, "2024-10-05T03:46:40.000001Z"),
        (US_PER_HOUR, "2024-10-04T05:00:00-03:00", "2024-10-03T22:00:00-03:00"),
        (US_PER_HOUR, "never", "in 1 hour"),
    ],
)
def test_a_time_is_told_as_the_file_tells_it(distance_us: int, like: str | None, told: str) -> None:
    """In the unit or the zone of what stood there, else in the largest unit that fits; and it can be read back."""
    assert told == told_us(AS_OF_US + distance_us, AS_OF_US, like)
    assert AS_OF_US + distance_us == instant_us(told, AS_OF_US, "at")
