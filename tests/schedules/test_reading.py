"""What `schedules.yaml` may say, and what is said of its mistakes."""

from pathlib import Path

import pytest

from suppress.facts.instants import US_PER_HOUR, US_PER_MINUTE
from suppress.schedules.order import before_word, messages_of, out_of, run_id_of
from suppress.schedules.reading import parse_schedules, read_schedules
from suppress.schedules.schedule import CommandNotice, Cron, Files, Moments, Query, WebhookNotice
from suppress.schedules.slots import Slot

GOOD = """
version: 1
schedules:
  - name: morning-mail
    messages: campaigns/{date}.jsonl
    ruleset: retail-default
    when: {cron: "0 9 * * mon-fri", zone: Europe/Zurich}
    before: [5 minutes, 60 minutes]
    out: scans/{name}/{date}-{time}
    notify: {command: [logger, -t, scan]}
  - name: christmas
    messages: {query: "SELECT * FROM campaign;"}
    when: {at: [2026-12-25T09:00, 2026-12-24T09:00], zone: Europe/Zurich}
    notify: {webhook: "https://hooks.example/x?key=1"}
"""
LEAST = "- {name: a, messages: m.csv, when: {at: 2026-12-24T09:00Z}}"


def problems_of(text: str) -> list[str]:
    schedules, problems = parse_schedules(text.encode(), "s.yaml", Path("/shop"))
    assert () == schedules
    return [str(problem) for problem in problems]


def test_all_that_may_be_said() -> None:
    """Every key is read; scans come longest first, moments in order."""
    (mail, christmas), problems = parse_schedules(GOOD.encode(), "s.yaml", Path("/shop"))

    assert () == problems
    assert ("morning-mail", Files(path="campaigns/{date}.jsonl")) == (mail.name, mail.messages)
    assert (US_PER_HOUR, 5 * US_PER_MINUTE) == mail.before_us
    assert ("retail-default", CommandNotice(argv=("logger", "-t", "scan"))) == (mail.ruleset, mail.notify)
    assert isinstance(mail.when, Cron)
    assert "Europe/Zurich" == mail.when.zone
    assert Query(sql="SELECT * FROM campaign") == christmas.messages
    assert Moments(at_us=(1798099200_000_000, 1798185600_000_000), zone="Europe/Zurich") == christmas.when
    assert WebhookNotice(url="https://hooks.example/x?key=1") == christmas.notify
    assert ((0,), None) == (christmas.before_us, christmas.ruleset)


def test_the_least_that_must_be_said() -> None:
    """A bare list, one moment with its zone in it, and everything else by default."""
    (least,), problems = parse_schedules(LEAST.encode(), "s.yaml", Path("/shop"))

    assert () == problems
    assert ("UTC", "scans/{name}/{date}-{time}") == (least.when.zone, least.out)


def test_paths_of_a_scan() -> None:
    """Placeholders are of the send by its own clock; scans of one send get folders of their own."""
    (mail, christmas), _ = parse_schedules(GOOD.encode(), "s.yaml", Path("/shop"))
    slot = Slot(0, 1795420800_000_000, US_PER_HOUR)

    assert Path("/shop/campaigns/2026-11-23.jsonl") == messages_of(mail, slot)
    assert Path("/shop/scans/morning-mail/2026-11-23-0900/1h") == out_of(mail, slot)
    assert "morning-mail-20261123T0900-1h" == run_id_of(mail, slot)
    assert Path("/shop/scans/christmas/2026-11-23-0900") == out_of(christmas, slot)
    assert messages_of(christmas, slot) is None


@pytest.mark.parametrize(
    ("minutes", "word"), [(0, "0min"), (5, "5min"), (60, "1h"), (90, "90min"), (1440, "1d"), (1 / 60, "1s")]
)
def test_before_in_paths(minutes: float, word: str) -> None:
    """Lengths of time in paths are short and exact."""
    assert word == before_word(round(minutes * US_PER_MINUTE))


MISTAKES = [
    ("", "1:1 empty-file"),
    ("version: 1", '1:1 missing-key: the file has no "schedules"'),
    ("version: 2\nschedules: []", '1:10 unknown-version: no version "2"'),
    ("[]", "1:1 not-a-list"),
    ("- 7", "1:3 not-a-map: a schedule is a map"),
    ("- {messages: m, when: {at: 2026-12-24T09:00Z}}", '1:3 missing-key: the schedule has no "name"'),
    (LEAST.replace("name: a", "name: Morning mail"), '1:10 bad-name: a schedule cannot be named "Morning mail"'),
    (LEAST.replace("name: a", "id: a"), '1:4 unknown-key: no key "id" in a schedule. help: write "name"'),
    (LEAST.replace("m.csv", "'m-{dat}.csv'"), '1:23 unknown-placeholder: nothing to put for "{dat}". help: did you'),
    (LEAST.replace("m.csv", "'m-{before}.csv'"), '1:23 unknown-placeholder: nothing to put for "{before}"'),
    (LEAST.replace("m.csv", "'m-}.csv'"), "1:23 stray-brace: a brace stands alone"),
    (LEAST.replace("m.csv", "{sql: x}"), '1:24 unknown-key: no key "sql" under messages'),
    (LEAST.replace("m.csv", "{query: delete from x}"), "1:31 not-a-select: a query is one SELECT"),
    (LEAST.replace("m.csv", "{query: select 1; commit}"), "1:31 several-statements"),
    (LEAST.replace("{at: 2026-12-24T09:00Z}", "tomorrow"), "1:36 not-a-map: when is a map"),
    (LEAST.replace("09:00Z", "09:00"), '1:41 missing-zone: nobody knows whose clock "2026-12-24T09:00" is'),
    (LEAST.replace("T09:00Z", ""), '1:41 not-a-time: at is a date and a time, not "2026-12-24"'),
    (LEAST.replace("12-24", "02-30"), '1:41 no-such-date: there is no date "2026-02-30T09:00Z"'),
    (LEAST.replace("at: 2026-12-24T09:00Z", "zone: UTC"), "1:36 missing-key: when has neither cron nor at"),
    (LEAST.replace("{at: ", "{cron: 0 9 * * *, at: "), "1:36 two-times: when has both cron and at"),
    (LEAST.replace("at: 2026-12-24T09:00Z", "cron: 0 9 * * *"), "1:36 missing-zone: a cron expression has no zone"),
    (
        LEAST.replace("at: 2026-12-24T09:00Z", "cron: 0 25 * * *, zone: UTC"),
        '1:43 bad-cron: no hour "25". help: write 0 to 23',
    ),
    (LEAST.replace("09:00Z}", "09:00, zone: Zurich}"), '1:65 unknown-time-zone: no time zone "Zurich". help: did you'),
    (LEAST[:-1] + ", before: 60}", '1:69 missing-unit: before has no unit: "60". help: write "60 minutes"'),
    (LEAST[:-1] + ", before: []}", "1:69 bad-list: before holds 1 to 10 lengths of time"),
    (LEAST[:-1] + ", before: 40 days}", '1:69 too-early: before is "40 days"'),
    (LEAST[:-1] + ", before: [1 hour, 60 minutes]}", '1:78 repeated-value: "60 minutes" stands there twice'),
    (LEAST[:-1] + ", notify: me}", "1:69 not-a-map: notify is a map"),
    (LEAST[:-1] + ", notify: {command: logger}}", "1:79 not-a-list: a command is a list"),
    (LEAST[:-1] + ", notify: {webhook: http://x/}}", '1:79 not-https: a webhook begins with https://, not "http://"'),
    (LEAST[:-1] + ", notify: {webhook: nowhere}}", "1:79 bad-url: the webhook is not an address"),
    (LEAST[:-1] + ", notify: {webhook: https://me:pw@x/}}", "1:79 secret-in-url: the webhook names a user or password"),
    (LEAST[:-1] + ", notify: {}}", "1:69 missing-key: notify needs one of command and webhook"),
    (LEAST.replace("at: 2026-12-24T09:00Z", "cron: 0 9 * * *, zone: UTC")[:-1] + ", out: here}", "1:71 out-shared"),
    (f"{LEAST}\n{LEAST}", '2:10 repeated-name: the name "a" is taken in line 1'),
    (
        f"{LEAST[:-1]}, out: x}}\n{LEAST[:-1].replace('name: a', 'name: b')}, out: x}}",
        '2:66 out-shared: "a" writes to the same folder "x". help: put {name} into it',
    ),
]


@pytest.mark.parametrize(("text", "wanted"), MISTAKES)
def test_mistakes_have_a_place_and_a_help(text: str, wanted: str) -> None:
    """Each mistake is told where it stands, and with what to write instead; nothing of the file is then used."""
    told = problems_of(text)

    assert [line for line in told if line.startswith(f"s.yaml:{wanted}")], told
    assert all(". help: " in line for line in told)


def test_all_mistakes_at_once() -> None:
    """A file is mended once."""
    text = "\n".join(LEAST.replace("09:00Z", "25:00Z").replace("name: a", f"name: n{n}") for n in range(5))

    assert 5 == len(problems_of(text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named, and nothing is scheduled."""
    schedules, problems = read_schedules(tmp_path / "none.yaml")

    assert () == schedules
    assert ["file-unreadable"] == [problem.code for problem in problems]


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Wherever the scheduler is started, files are where the schedules are."""
    (tmp_path / "s.yaml").write_text(LEAST)
    (schedule,), _ = read_schedules(tmp_path / "s.yaml")

    assert tmp_path / "m.csv" == messages_of(schedule, Slot(0, 0, 0))
