"""The files a ruleset is made of, read once into memory from a folder, a file or texts."""

from pathlib import Path

import pytest

from suppress.rules.sources import FileKind, SourceFile, read_sources, sources_of_path, sources_of_texts

RULES = """version: 1
ruleset: {name}
{use}rules:
  - {{id: {name}, drop: item, code: recalled, when: {{item.sku: {name}}}}}
"""
FILES = {
    "shop.yaml": RULES.format(name="shop", use="use: [one, two]\n"),
    "one.yaml": RULES.format(name="one", use="use: deep\n"),
    "two.yml": RULES.format(name="two", use=""),
    "deep.yaml": RULES.format(name="deep", use=""),
    "other.yaml": RULES.format(name="other", use=""),
    "shop.cases.yaml": "cases: []\n",
    "shop.cases.yml": "cases: []\n",
    "one.cases.yaml": "cases: []\n",
    "note.txt": "",
    ".hidden.yaml": "?",
}
MADE_OF = [
    ("shop.yaml", FileKind.RULESET),
    ("deep.yaml", FileKind.BASE),
    ("one.yaml", FileKind.BASE),
    ("two.yml", FileKind.BASE),
    ("shop.cases.yaml", FileKind.CASES),
    ("shop.cases.yml", FileKind.CASES),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("named", ["", "shop.yaml"])
def test_a_ruleset_is_made_of_all_it_uses(folder: Path, named: str) -> None:
    """From a folder or a file in it: its own file, what it uses at any depth, its cases, and nothing else."""
    sources, problems = sources_of_path(folder / named)
    rulesets, found = read_sources(sources)
    files = sources.files_of(rulesets["shop"])

    assert () == problems
    assert ({named} if named else {"shop.yaml", "one.yaml", "two.yml", "deep.yaml", "other.yaml"}) == set(found)
    assert [(name, kind, FILES[name]) for name, kind in MADE_OF] == list(files)


def test_texts_are_read_like_files() -> None:
    """Texts somebody sent make the same ruleset as files."""
    texts = {name: text for name, text in FILES.items() if name not in {"note.txt", ".hidden.yaml"}}
    sources, problems = sources_of_texts(texts)
    rulesets, _ = read_sources(sources)

    assert () == problems
    assert MADE_OF == [(each.file, each.kind) for each in sources.files_of(rulesets["shop"])]


def test_what_is_read_is_what_is_kept(folder: Path) -> None:
    """A file that is saved after it was read changes nothing of what is checked and kept."""
    sources, _ = sources_of_path(folder)
    (folder / "other.yaml").write_text("broken")
    rulesets, _ = read_sources(sources)

    assert (SourceFile("other.yaml", FileKind.RULESET, FILES["other.yaml"]),) == sources.files_of(rulesets["other"])


def test_what_cannot_be_read(folder: Path) -> None:
    """A missing folder, a case file and a file nobody may read are told as problems."""
    (folder / "gone.yaml").symlink_to(folder / "nowhere")
    codes = {
        "missing": [problem.code for problem in sources_of_path(folder / "missing")[1]],
        "cases": [problem.code for problem in sources_of_path(folder / "shop.cases.yaml")[1]],
        "gone": [problem.code for problem in sources_of_path(folder)[1]],
    }

    assert {"missing": ["no-such-directory"], "cases": ["case-file"], "gone": ["file-unreadable"]} == codes


@pytest.mark.parametrize(
    "name",
    ["../shop.yaml", "/etc/shop.yaml", "a\\b.yaml", ".shop.yaml", "shop.txt", "shop\n.yaml", "s" * 300 + ".yaml"],
)
def test_a_text_is_sent_under_a_plain_name(name: str) -> None:
    """A name that is none of a rule file or case file is refused, whatever folder it means; the others are read."""
    sources, problems = sources_of_texts({name: RULES, "shop.yaml": RULES})

    assert ["bad-file-name"] == [problem.code for problem in problems]
    assert ("shop.yaml",) == sources.named
