"""Settings: who says them, and what is said about those that cannot be."""

from pathlib import Path

import pytest

from suppress.cli import COMMANDS, main
from suppress.errors import SettingsError
from suppress.settings import Settings, load_settings

WRONG = [
    (
        {"SUPPRESS_RESERVE_HOURS": "soon"},
        "",
        'SUPPRESS_RESERVE_HOURS is "soon"; it must be a whole number from 1 to 8,760. '
        "help: mend SUPPRESS_RESERVE_HOURS, or leave it out",
    ),
    (
        {"SUPPRESS_LOG_CUSTOMERS": ""},
        "",
        'SUPPRESS_LOG_CUSTOMERS is ""; it must be "hashed" or "plain". '
        "help: mend SUPPRESS_LOG_CUSTOMERS, or leave it out",
    ),
    (
        {"SUPPRESS_ON_LOG_FAILURE": "maybe"},
        "log_keep_days = 0",
        'log_keep_days in suppress.toml is "0"; it must be a whole number from 1 to 36,500, and '
        'SUPPRESS_ON_LOG_FAILURE is "maybe"; it must be "answer" or "refuse". '
        "help: mend log_keep_days in suppress.toml and SUPPRESS_ON_LOG_FAILURE, or leave it out",
    ),
    (
        {},
        'database = ["postgresql://ada:secret@host"]',
        "database in suppress.toml is something else; it must be text. "
        "help: mend database in suppress.toml, or leave it out",
    ),
    (
        {},
        "rules = rulesets",
        "suppress.toml is not TOML: Invalid value (at line 1, column 9). help: mend it, or move it away",
    ),
]


@pytest.mark.parametrize(("environment", "file", "wanted"), WRONG)
def test_what_cannot_be_a_setting_is_named_with_a_remedy(
    environment: dict[str, str], file: str, wanted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says where a wrong value stands, what it is and what it must be; an address is not told."""
    monkeypatch.chdir(tmp_path)
    if file:
        (tmp_path / "suppress.toml").write_text(file)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError) as raised:
        load_settings()

    assert wanted == str(raised.value)


SCHEDULES = """
- name: morning-mail
  messages: campaigns/{date}.csv
  when: {cron: "0 9 * * mon-fri", zone: Europe/Zurich}
"""
ASKS_SETTINGS = {
    "check": ["m.json"], "db": ["check"], "explain": ["01J00000000000000000000000"], "fmt": [], "lint": [],
    "import": ["products", "p.csv"], "keys": ["list"], "lake": ["refresh"], "log": ["verify"], "rules": [], "runs": [],
    "plan": ["--messages", "m.json"], "publish": ["--message", "why"], "release": ["spring"], "serve": [], "test": [],
    "rollback": ["shop", "1", "--message", "why"], "scan": ["m.csv", "--out", "out"], "scheduler": ["--once"],
    "versions": [],
}  # fmt: skip


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"doctor", "init", "schema"}))
def test_every_command_ends_with_2_when_a_setting_cannot_be(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No command shows a traceback, or blames itself, for a variable of the environment."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("m.json", ""), ("p.csv", ""), ("m.csv", ""), ("schedules.yaml", SCHEDULES)):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("SUPPRESS_RESERVE_HOURS", "soon")
    monkeypatch.setattr("sys.argv", ["suppress", command, *ASKS_SETTINGS[command]])

    with pytest.raises(SystemExit) as left:
        main()

    assert (2, True) == (left.value.code, capsys.readouterr().err.startswith("suppress: SUPPRESS_RESERVE_HOURS is "))


def test_a_flag_goes_before_a_variable_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stands nearer to the call counts."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "suppress.toml").write_text('database = "file"\nrules = "file"\nruleset = "file"\n')
    monkeypatch.setenv("SUPPRESS_DATABASE", "variable")
    monkeypatch.setenv("SUPPRESS_RULES", "variable")

    got = load_settings(database="flag")

    assert ("flag", "variable", "file") == (got.database, got.rules, got.ruleset)


def test_operations_names_every_setting() -> None:
    """No setting is only found in the code."""
    page = Path("docs/operations.md").read_text()

    assert [] == [
        name for name in Settings.model_fields if not {f"`SUPPRESS_{name}`".upper(), f"`_{name}`".upper()} & words(page)
    ]


def words(page: str) -> set[str]:
    return {word.strip(",:;|") for word in page.split()}
