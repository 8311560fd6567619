"""`suppress init`: the starter project is green as it is made, and nothing of anybody is overwritten."""

import json
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from suppress.cases.schema import cases_schema
from suppress.cli import COMMANDS
from suppress.cli.init import starter_files
from suppress.intake.rejects import rejects_path
from suppress.ledger.opening import key_path
from suppress.rules.schema import ruleset_schema
from suppress.scan.work import Work
from suppress.settings import DEFAULT_DATABASE, DEFAULT_LOG_DIR, Settings
from suppress.stores.lake import lake_path
from tests.cli.test_check import run
from tests.cli.test_plan import git

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "suppress" / "starter"
SCREEN_LINES = 45
RESULTS = (
    "messages.parquet", "items.parquet", "send.csv", "suppressed.csv", "report.json", "report.html", "run.json",
    "state/messages.parquet",
)  # fmt: skip


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A starter project as it is made."""
    folder = tmp_path_factory.mktemp("init")
    told = run(folder, "init", "shop")

    assert 0 == told.returncode, told.stderr
    return folder / "shop"


@pytest.fixture
def project(fresh: Path, tmp_path: Path) -> Path:
    """A copy of it to play with."""
    return Path(shutil.copytree(fresh, tmp_path / "shop"))


def commands_in(text: str) -> list[list[str]]:
    """Every call of `suppress` in a page, a script or a workflow, without what follows on the line."""
    return [found.split() for found in re.findall(r"^(?:\s*- (?:run: )?)?suppress ([^#>\n]+)", text, re.MULTILINE)]


@pytest.mark.parametrize("workflow", [".github/workflows/suppress.yml", ".gitlab-ci.yml"])
def test_the_checks_of_every_change_are_green(project: Path, workflow: str) -> None:
    """What the workflow runs in the fresh project ends with 0: lint, style and the cases, with their coverage."""
    text = (project / workflow).read_text()
    commands = commands_in(text)

    assert isinstance(yaml.safe_load(text), dict)
    assert ["lint", "fmt", "test"] == [command for command, *_ in commands]
    assert ["test", "--min-coverage", "90"] == commands[-1][:3]
    assert ["fmt", "--check"] in commands
    for command in commands:
        told = run(project, *command)

        assert 0 == told.returncode, (command, told.stdout, told.stderr)


def test_lint_has_nothing_to_warn_of(project: Path) -> None:
    """The marketer's first lint is quiet."""
    told = run(project, "lint")

    assert (0, "") == (told.returncode, told.stdout)


def test_the_page_works_as_pasted(project: Path) -> None:
    """Every command of the README runs in the fresh project, up to a plan against the last commit and a check."""
    (project / "products.csv").write_text("sku,title\nMUG,A mug\n")
    (project / "orders.csv").write_text("order_id,customer_id,sku,units,ordered_at\n1,ada,MUG,1,2026-11-20T09:00:00Z\n")
    (project / "stock.csv").write_text("sku,on_hand,updated_at\nMUG,5,2026-11-22T06:00:00Z\n")
    message = {"customer_id": "ada", "items": ["MUG"], "send_at": "2026-11-22T09:00:00Z"}
    (project / "messages.jsonl").write_text(json.dumps(message) + "\n")
    (project / "message.json").write_text(json.dumps(message))
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "rules")
    commands = commands_in((project / "README.md").read_text())
    told = [run(project, *command) for command in commands]

    assert [0] * len(commands) == [each.returncode for each in told], [each.stderr for each in told]
    assert {"lint", "rules", "fmt", "test", "db", "import", "plan", "check"} == {command for command, *_ in commands}
    assert "SUPPRESS" in told[-1].stdout
    assert "" == git(project, "status", "--porcelain")


def test_nothing_a_project_gathers_is_committed(project: Path) -> None:
    """`git add .` takes what was made to be shared, and no database, log, key, list of customers or half-done file."""
    git(project, "init")
    shared = set(starter_files())
    database = Path("suppress.db")
    log, key = Path(DEFAULT_LOG_DIR), key_path(Settings())
    out = Path("scans/advent")
    gathered = {
        database, *(database.with_name(f"{database.name}-{more}") for more in ("wal", "shm", "journal")),
        lake_path(DEFAULT_DATABASE) / "CURRENT", Path("shop.lake/gen-000001/manifest.json"),
        log / "host-1.0000000001.jsonl", log / "anchors/host-1.head", key, key.with_name(f"{key.name}.17.new"),
        *(folder / name for folder in (out, Path("mine")) for name in RESULTS),
        *(Work(folder).root / "plan.json" for folder in (out, Path("mine"))), Path("mine.stopped/report.json"),
        Path(".mine.facts/products.parquet"), Path("mine.messages.jsonl"), Path("mine.messages.jsonl.unfinished-17"),
        Path("orders.csv"), rejects_path(Path("orders.csv")), Path(".orders.csv.rejects.csv.17.draft"),
        Path("messages.jsonl"), Path("facts/orders.parquet"), Path("lint.junit.xml"),
    }  # fmt: skip
    for path in gathered:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text("theirs")
    git(project, "add", ".")

    assert shared == set(git(project, "ls-files").split())


def test_the_page_is_one_screen(fresh: Path) -> None:
    """Whoever opens the project reads its README without scrolling, and every command it names exists."""
    text = (fresh / "README.md").read_text()

    assert SCREEN_LINES >= len(text.splitlines())
    assert set(re.findall(r"suppress ([a-z]+)", text)) <= set(COMMANDS)


def test_editors_find_the_schemas(fresh: Path) -> None:
    """Each YAML file's first line names the schema beside it; the schemas are those of this version."""
    schemas = {"shop.yaml": ruleset_schema(), "shop.cases.yaml": cases_schema()}
    for name, schema in schemas.items():
        modeline = (fresh / "rulesets" / name).read_text().splitlines()[0]
        named = modeline.removeprefix("# yaml-language-server: $schema=./")

        assert schema == json.loads((fresh / "rulesets" / named).read_text())


def test_editor_settings_are_sound(fresh: Path) -> None:
    """The YAML extension is recommended, and the settings name files that exist."""
    settings = json.loads((fresh / ".vscode/settings.json").read_text())
    extensions = json.loads((fresh / ".vscode/extensions.json").read_text())

    assert "redhat.vscode-yaml" in extensions["recommendations"]
    assert [] == [path for path in settings["yaml.schemas"] if not (fresh / path).is_file()]
    assert (fresh / ".editorconfig").read_text().startswith("root = true\n")


def test_settings_choose_the_ruleset_that_was_made(fresh: Path) -> None:
    """`suppress.toml` leads to the rules and names them as the file does."""
    text = (fresh / "suppress.toml").read_text()

    assert 'rules = "rulesets"' in text
    assert 'ruleset = "shop"' in text
    assert 'database = "sqlite:///suppress.db"' in text


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("README.md", lambda path: path.write_text("mine"), "README.md"),
        ("rulesets/shop.yaml", lambda path: path.write_text("mine"), "rulesets/shop.yaml"),
        ("suppress.toml", lambda path: path.symlink_to("nowhere"), "suppress.toml"),
        (".github", lambda path: path.write_text("mine"), ".github"),
        ("rulesets", lambda path: path.write_text("mine"), "rulesets"),
    ],
)
def test_nothing_is_overwritten(tmp_path: Path, name: str, make, says: str) -> None:
    """One file in the way, be it a link that leads nowhere, is named, and not a single file is written."""
    path = tmp_path / "shop" / name
    path.parent.mkdir(parents=True)
    make(path)
    before = sorted(tmp_path.rglob("*"))
    told = run(tmp_path, "init", "shop")

    assert 2 == told.returncode
    assert f"shop has these already: {says}. help: nothing was written" in told.stderr
    assert before == sorted(tmp_path.rglob("*"))


def test_a_file_that_appears_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even when somebody writes one of the files between the look and the writing, theirs stays."""
    monkeypatch.setattr("suppress.cli.init._obstacle", lambda *_: None)
    (tmp_path / "README.md").write_text("mine")
    told = run(tmp_path, "init", ".")

    assert 2 == told.returncode
    assert "cannot write README.md: file exists" in told.stderr
    assert "mine" == (tmp_path / "README.md").read_text()


def test_a_second_time_names_what_exists(project: Path) -> None:
    """Run again in the same folder, it says what is there and leaves it alone."""
    (project / "rulesets" / "shop.yaml").write_text("mine")
    told = run(project.parent, "init", "shop")

    assert 2 == told.returncode
    assert "README.md" in told.stderr
    assert "mine" == (project / "rulesets" / "shop.yaml").read_text()


def test_a_folder_with_other_files_is_fine(tmp_path: Path) -> None:
    """A project that exists gets the starter's files beside its own; all that were made are listed."""
    (tmp_path / "rulesets").mkdir()
    (tmp_path / "rulesets" / "other.txt").write_text("mine")
    told = run(tmp_path, "init", ".")

    assert 0 == told.returncode, told.stderr
    assert sorted(starter_files()) == sorted(told.stdout.split())
    assert "mine" == (tmp_path / "rulesets" / "other.txt").read_text()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file where the folder should be is a mistake of the caller, not of the program."""
    (tmp_path / "shop").write_text("mine")
    told = run(tmp_path, "init", "shop")

    assert 2 == told.returncode
    assert "Traceback" not in told.stderr


def test_no_stranger_is_installed() -> None:
    """The public index has another project's package of our name, so no file of the project asks for the bare name."""
    told = starter_files()["requirements.txt"].decode()
    asked = [line for line in told.splitlines() if not line.startswith("#")]

    assert [f"suppress @ https://packages.example/suppress-{version('suppress')}-py3-none-any.whl"] == asked
    assert [] == [name for name, content in starter_files().items() if b"install suppress" in content]


def test_every_template_is_delivered() -> None:
    """Git ignores none of the templates; what it ignores, the wheel leaves out."""
    paths = [path for path in TEMPLATES.rglob("*") if path.is_file()]
    ignored = subprocess.run(
        ["git", "check-ignore", *map(str, paths)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert "" == ignored.stdout
    assert {str(path.relative_to(TEMPLATES)) for path in paths} <= set(starter_files())
    assert {"requirements.txt", *(f"rulesets/{kind}.schema.json" for kind in ("ruleset", "cases", "schedules"))} == set(
        starter_files()
    ) - {str(path.relative_to(TEMPLATES)) for path in paths}
