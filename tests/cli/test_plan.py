"""`suppress plan`: what it prints about a change in a real git repository, and how it ends."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path
from weakref import WeakSet

import pytest

from suppress.cli.plan import Refused, _readable
from suppress.cli.plan_examples import example_lines
from suppress.cli.plan_revision import RevisionError, rules_at
from suppress.cli.plan_tables import campaign_table, share_of
from suppress.decisions.decision import Evidence
from suppress.replay.compare import Change
from suppress.replay.report import CampaignChange, Example, Side
from suppress.replay.told import example_told, names_of_a_page
from suppress.rules.source import MAX_BYTES
from tests.cli.test_check import run

ROOT = Path(__file__).parent.parent.parent
GOLDEN = Path(__file__).parent / "golden" / "plan.txt"
REWRITE = bool(os.environ.get("SUPPRESS_REWRITE"))

OLD_RULES = """
version: 1
ruleset: shop
rules:
  - id: already-bought
    drop: item
    code: recently_purchased
    when:
      bought: {same: sku, within: 30 days}
  - id: sold-out
    drop: item
    code: out_of_stock
    when:
      stock.available_units: {below: 1}
  - id: nothing-left
    suppress: message
    code: nothing_left
    when:
      message.items_kept: {below: 1}
"""
NEW_RULES = (
    OLD_RULES.replace("ruleset: shop", "ruleset: shop\nmax_share: 60%")
    .replace("within: 30 days", "within: 365 days")
    .replace("- id: sold-out", "- id: sold-out\n    mode: shadow")
)
ORDERS = """order_id,customer_id,sku,units,ordered_at
1,ada,MUG,1,2026-11-12T09:00:00Z
2,bob,MUG,1,2026-07-01T09:00:00Z
3,cyd,VASE,2,2026-06-01T09:00:00Z
4,dan,MUG,1,2026-05-01T09:00:00Z
5,dan,VASE,1,2026-05-01T09:00:00Z
"""
STOCK = """sku,on_hand,updated_at
MUG,5,2026-11-22T06:00:00Z
VASE,5,2026-11-22T06:00:00Z
BOWL,0,2026-11-22T06:00:00Z
"""


def message(number: int, customer: str, *skus: str, campaign: str = "newsletter", **more: object) -> str:
    """A JSON message on one line."""
    told = {"message_id": f"m-{number}", "customer_id": customer, "campaign_id": campaign, "items": skus}
    return json.dumps({**told, "send_at": "2026-11-22T09:00:00Z", **more}) + "\n"


MESSAGES = (
    message(1, "ada", "MUG", "VASE")
    + message(2, "bob", "MUG", campaign="birthday")
    + message(3, "bob", "MUG", "VASE")
    + message(4, "cyd", "VASE", "BOWL", replacements=["MUG"])
    + message(5, "dan", "MUG", "VASE")
    + message(6, "eve", "BOWL", campaign="birthday")
    + message(7, "eve", "MUG", "VASE")
)


def git(folder: Path, *arguments: str) -> str:
    """What git prints, whatever the settings of whoever runs the tests."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    names = ("-c", "user.name=Test", "-c", "user.email=test@shop.example", "-c", "init.defaultBranch=main")
    return subprocess.run(
        ["git", *names, *arguments],
        cwd=folder,
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose last commit has the old rules, with the new ones in the working tree, and a database."""
    folder = tmp_path_factory.mktemp("plan")
    (folder / "shop" / "rulesets").mkdir(parents=True)
    (folder / "shop" / "rulesets" / "shop.yaml").write_text(OLD_RULES)
    (folder / "shop" / "rulesets" / "notes.txt").write_text("no rules")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "rules")
    shop = folder / "shop"
    (shop / "rulesets" / "shop.yaml").write_text(NEW_RULES)
    (shop / "orders.csv").write_text(ORDERS)
    (shop / "stock.csv").write_text(STOCK)
    (shop / "messages.jsonl").write_text(MESSAGES)
    for arguments in (("db", "upgrade"), ("import", "orders", "orders.csv"), ("import", "stock", "stock.csv")):
        assert 0 == run(shop, *arguments).returncode
    return folder


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    """A copy of it to play with: the folder the marketer works in, one below the root of the repository."""
    return Path(shutil.copytree(made, tmp_path / "repository")) / "shop"


PLAN = ("plan", "--messages", "messages.jsonl")


def test_text_is_the_one_read_aloud(shop: Path) -> None:
    """The page is the one somebody has read; SUPPRESS_REWRITE=1 rewrites it for the next reading."""
    told = run(shop, *PLAN, "--ids", "plain")
    if REWRITE:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(told.stdout)

    assert 0 == told.returncode, told.stderr
    assert GOLDEN.read_text() == told.stdout
    assert [] == [line for line in told.stdout.splitlines() if len(line) > 100 or line != line.rstrip()]
    assert "" == told.stderr


@pytest.mark.parametrize("number", range(7))
def test_what_is_not_there_leaves_no_gap(shop: Path, number: int) -> None:
    """Whatever parts a page has, they are one empty line apart."""
    (shop / "one.jsonl").write_text(MESSAGES.splitlines()[number])
    told = run(shop, "plan", "--messages", "one.jsonl")

    assert "\n\n" in told.stdout
    assert "\n\n\n" not in told.stdout


def test_the_page_that_explains_a_plan_shows_this_one() -> None:
    """docs/plan.md explains what is printed: its examples are taken from the golden page."""
    examples = re.findall(r"```text\n(.*?)```", (ROOT / "docs/plan.md").read_text(), re.DOTALL)

    assert 2 == len(examples)
    assert [] == [example for example in examples if example not in GOLDEN.read_text()]


def test_json_has_everything(shop: Path) -> None:
    """A program reads counts, matrices, rules, campaigns, examples and bounds; they agree with one another."""
    told = json.loads(run(shop, *PLAN, "--format", "json").stdout)
    verdicts = {(cell["before"], cell["now"]): cell["messages"] for cell in told["verdicts"] if cell["messages"]}

    assert {"persons": 5, "persons_exact": True, "messages": 7, "items": 12, "messages_refused": 0} == told["audience"]
    assert {("send", "send"): 4, ("send", "suppress"): 2, ("suppress", "send"): 1} == verdicts
    assert (2, 0.4) == tuple(told["by_change"]["newly_silenced"][key] for key in ("persons", "share_of_persons"))
    assert ["already-bought", "sold-out", "nothing-left"] == [rule["rule"] for rule in told["rules"]]
    assert {"fired": 1, "decided": 1, "shadow": 0} == told["rules"][0]["before"]
    assert [("newsletter", 5, 3), ("birthday", 2, 2)] == [
        (campaign["campaign_id"], campaign["messages"], campaign["messages_changed"]) for campaign in told["campaigns"]
    ]
    assert [{"rule": None, "counts": "messages", "acted_on": 2, "total": 7}] == [
        {key: share[key] for key in ("rule", "counts", "acted_on", "total")} for share in told["max_share"]
    ]
    assert {"person", "message_id", "campaign_id", "sku", "before", "now"} == set(told["examples"]["newly_dropped"][0])


@pytest.mark.parametrize("format_", ["text", "json"])
def test_ids_are_hashed_where_others_read(shop: Path, format_: str) -> None:
    """In a log or a file no customer and no message can be recognised, unless plain ids are asked for."""
    hashed = run(shop, *PLAN, "--format", format_).stdout
    plain = run(shop, *PLAN, "--format", format_, "--ids", "plain").stdout

    assert [] == re.findall(r"\b(?:ada|bob|cyd|dan|eve|m-\d)\b", hashed)
    assert "person-" in hashed
    assert re.search(r"\bdan\b", plain)


@pytest.mark.parametrize("plain", [True, False])
def test_facts_about_customers_are_told_with_plain_ids_alone(plain: bool) -> None:
    """Where ids are hashed, what is known about the customer is left out as well; facts about items stay."""
    of_customers = (
        "customer.country", "customer.attributes.tier", "bought.sku", "bought.category", "shown.sku", "sent",
        "said.sku", "item.replenishment_due", "message.local_time", "message.local_date", "what nobody thought of",
    )  # fmt: skip
    of_others = ("item.brand", "item.attributes.colour", "stock.on_hand", "message.items_kept", "campaign.tag")
    seen = tuple(Evidence(field=field, seen="XY", wanted="w") for field in of_customers + of_others)
    side = Side(verdict="drop", rule="r", code="c", sentence="S.", evidence=seen)
    example = Example(customer_id="ada", message_id=None, campaign_id=None, sku="A", old=side, new=side)
    names = names_of_a_page(plain=plain)
    told = example_told(example, names)
    lines = " ".join(line.strip() for line in example_lines(example, names))
    expected = (*of_customers, *of_others) if plain else of_others

    assert expected == tuple(each["field"] for each in told["now"]["evidence"])
    assert expected == tuple(field for field in of_customers + of_others if f"{field} XY" in lines)


def test_a_hashed_id_holds_for_one_page(shop: Path) -> None:
    """A person is the same all over a page and another on the next; who is picked does not depend on it."""

    def people(*ids: str) -> list[list[str]]:
        told = json.loads(run(shop, *PLAN, "--format", "json", *ids).stdout)["examples"]
        return [[example["person"] for example in examples] for examples in told.values()]

    plain, one, other = people("--ids", "plain"), people(), people()
    pairs = {
        (hashed, id_) for here, there in zip(one, plain, strict=True) for hashed, id_ in zip(here, there, strict=True)
    }

    assert len(pairs) == len({hashed for hashed, _ in pairs}) == len({id_ for _, id_ in pairs}) > 1
    assert set() == {hashed for hashed, _ in pairs} & set(chain.from_iterable(other))
    assert [len(examples) for examples in one] == [len(examples) for examples in other]


def test_a_folder_and_a_revision_tell_the_same(shop: Path) -> None:
    """The old rules may lie in a folder or in git's history."""
    (shop / "before").mkdir()
    (shop / "before" / "shop.yaml").write_text(OLD_RULES)
    asked = (*PLAN, "--format", "json", "--ids", "plain", "--old")
    by_revision = run(shop, *asked, "HEAD")
    by_folder = run(shop, *asked, "before")
    of_a_file = run(shop, *asked, "main", "--new", "rulesets/shop.yaml")

    assert (0, 0, 0) == (by_revision.returncode, by_folder.returncode, of_a_file.returncode)
    assert by_revision.stdout == by_folder.stdout == of_a_file.stdout


def test_rules_against_themselves_change_nothing(shop: Path) -> None:
    """No table is drawn where there is nothing to tell."""
    told = run(shop, *PLAN, "--old", "rulesets", "--new", "rulesets")

    assert 0 == told.returncode
    assert "Nothing changes: the rules are the same." in told.stdout
    assert "for example" not in told.stdout


def test_another_policy_without_facts_is_told(shop: Path) -> None:
    """What the service does when it cannot have the facts is part of a change, though no message shows it."""
    (shop / "rulesets" / "shop.yaml").write_text(NEW_RULES.replace("version: 1", "version: 1\non_unavailable: hold"))

    assert "Without facts in time, the service: refuses before, hold now.\n" in run(shop, *PLAN).stdout
    assert {"before": None, "now": "hold"} == json.loads(run(shop, *PLAN, "--format", "json").stdout)["on_unavailable"]


def test_max_share_passed_is_exit_9(shop: Path) -> None:
    """Too many silenced ends the plan with a code of its own, after everything was told."""
    (shop / "rulesets" / "shop.yaml").write_text(NEW_RULES.replace("60%", "20%"))
    told = run(shop, *PLAN)

    assert 9 == told.returncode
    assert (
        "2 (28.6 %) of the messages would not be sent at once: PASSES the ruleset's max_share of 20 %." in told.stdout
    )
    assert "suppress: the max_share of the ruleset would be passed\n" == told.stderr


def test_max_share_of_a_rule_is_named(shop: Path) -> None:
    """A rule's own bound counts the items it acts on, and is named when it is passed."""
    (shop / "rulesets" / "shop.yaml").write_text(NEW_RULES.replace("365 days}", "365 days}\n    max_share: 25%"))
    told = run(shop, *PLAN)

    assert 9 == told.returncode
    assert "The rule already-bought would act on 6 (50.0 %) of the items: PASSES its max_share of 25 %." in told.stdout
    assert "suppress: the max_share of the rule already-bought would be passed\n" == told.stderr


def test_unreadable_messages_are_exit_7_and_the_others_count(shop: Path) -> None:
    """A line that cannot be read is named and left out; a passed max_share goes before it."""
    (shop / "messages.jsonl").write_text(MESSAGES + '{"items": []}\n')
    told = run(shop, *PLAN, "--format", "json")

    assert 7 == told.returncode
    assert "refused: line 8" in told.stderr
    assert (7, 1) == tuple(json.loads(told.stdout)["audience"][key] for key in ("messages", "messages_refused"))


def test_what_was_refused_is_told_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines cannot be read, no more than the last one's text is in memory."""
    alive: WeakSet[_Text] = WeakSet()
    most = 0

    def refusals(_: object) -> Iterator[object]:
        nonlocal most
        for _ in range(50):
            yield _Refusal(alive)
            most = max(most, len(alive))

    monkeypatch.setattr("suppress.intake.messages.read_messages", refusals)
    refused = Refused()

    assert [] == list(_readable(BytesIO(), refused, lambda: None))
    assert 50 == refused.count
    assert most <= 2


class _Text(str):
    """A text that can be watched."""

    __hash__ = object.__hash__


class _Refusal:
    """Something that is no message, and whose text is watched."""

    def __init__(self, alive: "WeakSet[_Text]") -> None:
        self._alive = alive

    def __str__(self) -> str:
        text = _Text("line 1: no message")
        self._alive.add(text)
        return text


def test_as_of_moves_the_windows(shop: Path) -> None:
    """Years later nothing was bought within the window, and only the stock rule makes a difference."""
    told = json.loads(run(shop, *PLAN, "--format", "json", "--as-of", "2030-01-01T00:00:00Z").stdout)

    assert 0 == told["by_change"]["newly_dropped"]["items"]
    assert 2 == told["by_change"]["newly_allowed"]["items"]


def test_messages_come_through_a_pipe_too(shop: Path) -> None:
    """`-` reads the messages from stdin."""
    told = run(shop, "plan", "--messages", "-", "--format", "json", "--ids", "plain", stdin=MESSAGES)

    assert run(shop, *PLAN, "--format", "json", "--ids", "plain").stdout == told.stdout


def test_nothing_is_written(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Working tree, index and repository stay as they were, and the temporary folder is gone."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before = (git(shop, "status", "--porcelain"), git(shop, "count-objects", "-v"), sorted(shop.rglob("*.yaml")))
    told = run(shop, *PLAN)

    assert 0 == told.returncode
    assert before == (
        git(shop, "status", "--porcelain"),
        git(shop, "count-objects", "-v"),
        sorted(shop.rglob("*.yaml")),
    )
    assert [] == list(temporary.iterdir())


def test_links_in_a_revision_are_not_followed(shop: Path) -> None:
    """A link that somebody committed leads nowhere: its rules are not read."""
    outside = shop.parent / "outside.yaml"
    outside.write_text(OLD_RULES)
    (shop / "rulesets" / "shop.yaml").unlink()
    (shop / "rulesets" / "shop.yaml").symlink_to(outside)
    git(shop, "add", "rulesets")
    git(shop, "commit", "-m", "a link")
    told = run(shop, *PLAN)

    assert 3 == told.returncode
    assert "the directory has no rule file" in told.stderr


@pytest.mark.parametrize("name", ["../../escaped.yaml", "sub/escaped.yaml", "/{}/escaped.yaml"])
def test_a_revision_writes_nothing_outside_its_folder(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A name that somebody forged into a tree leads nowhere; the sound files beside it are taken."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    blob = git(shop, "hash-object", "-w", "rulesets/shop.yaml").strip()
    entries = [
        f"100644 {each}\0".encode() + bytes.fromhex(blob)
        for each in (name.format(str(tmp_path).strip("/")), "shop.yaml")
    ]
    tree = _object(shop, "tree", b"".join(entries))
    for folder in ("rulesets", "shop"):
        tree = _object(shop, "tree", f"40000 {folder}\0".encode() + bytes.fromhex(tree))
    commit = git(shop, "commit-tree", tree, "-m", "forged").strip()

    with rules_at(commit, shop / "rulesets") as rules:
        taken = [path.name for path in rules.iterdir()]

    assert ["shop.yaml"] == taken
    assert [] == list(tmp_path.rglob("escaped.yaml"))


def _object(folder: Path, kind: str, data: bytes) -> str:
    """The name of an object written as it is, whatever git thinks of it."""
    written = subprocess.run(
        ["git", "hash-object", "-t", kind, "-w", "--literally", "--stdin"],
        cwd=folder,
        input=data,
        check=True,
        capture_output=True,
    )
    return written.stdout.decode().strip()


def test_a_large_file_of_a_revision_is_refused(shop: Path) -> None:
    """A file that would not be read is not laid out either; at the bound it still is."""
    large = shop / "rulesets" / "large.yaml"
    large.write_bytes(b"#" * MAX_BYTES)
    git(shop, "add", "rulesets/large.yaml")
    git(shop, "commit", "-m", "as large as may be")
    with rules_at("HEAD", shop / "rulesets") as rules:
        assert MAX_BYTES == (rules / "large.yaml").stat().st_size
    large.write_bytes(b"#" * (MAX_BYTES + 1))
    git(shop, "commit", "-am", "larger")

    with pytest.raises(RevisionError, match=r'file large\.yaml of "HEAD" has 1,000,001 bytes; at most 1,000,000'):
        rules_at("HEAD", shop / "rulesets").__enter__()


def test_nothing_is_fetched(shop: Path, tmp_path: Path) -> None:
    """In a repository that was cloned in part, what is not there is asked for and not fetched."""
    git(shop, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "--filter=blob:none", "--no-checkout", shop.parent.as_uri(), "part")
    part = tmp_path / "part" / "shop"
    shutil.copytree(shop, part)
    before = git(part, "count-objects", "-v")
    told = run(part, *PLAN)

    assert 2 == told.returncode
    assert "the repository was cloned in part, and the old rules would have to be fetched" in told.stderr
    assert before == git(part, "count-objects", "-v")
    git(part, "archive", "--output=/dev/null", "HEAD")
    assert 0 == run(part, *PLAN).returncode


def test_inside_a_hook_the_folder_decides(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository is the one the rules are in, whatever a hook's environment says."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", "nowhere")

    assert 0 == run(shop, *PLAN).returncode


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--old=-n",), 2, '"-n" is no revision'),
        (("--old=--upload-pack=touch x",), 2, "is no revision"),
        (("--old", ""), 2, "is no revision"),
        (("--old", "HEAD~7"), 2, '"HEAD~7" is neither a folder or file nor a revision'),
        (("--old", "x" * 5_000), 2, "is neither a folder or file nor a revision"),
        (("--old", "HEAD; touch x"), 2, "is neither a folder or file nor a revision"),
        (("--old", "HEAD:shop/rulesets"), 2, "is neither a folder or file nor a revision"),
        (("--new", "later"), 2, 'the revision "HEAD" has no folder shop/later'),
        (("--new", "rulesets/later.yaml"), 2, 'the revision "HEAD" has no file later.yaml in shop/rulesets'),
        (("--new", "nowhere"), 2, "nowhere"),
        (("--ruleset", "shp"), 3, 'did you mean "shop"?'),
        (("--database", "sqlite:///none.db"), 6, "suppress db upgrade"),
        (("--messages", "none.jsonl"), 2, "none.jsonl"),
    ],
)
def test_mistakes_have_an_exit_code_and_a_remedy(shop: Path, arguments: tuple[str, ...], code: int, says: str) -> None:
    """Nobody is shown a traceback; stdout stays empty; nothing said on the command line is run."""
    (shop / "later").mkdir()
    (shop / "later" / "shop.yaml").write_text(NEW_RULES)
    (shop / "rulesets" / "later.yaml").write_text(NEW_RULES.replace("ruleset: shop", "ruleset: later"))
    told = run(shop, *PLAN, "--ruleset", "later" if "later.yaml" in arguments[-1] else "shop", *arguments)

    assert code == told.returncode, told.stderr
    assert says in told.stderr
    assert "Traceback" not in told.stderr
    assert "" == told.stdout
    assert not (shop / "x").exists()


def test_without_a_repository_a_folder_is_asked_for(shop: Path) -> None:
    """Rules that are in no repository have no revisions, and git's own words are passed on."""
    shutil.rmtree(shop.parent / ".git")
    told = run(shop, *PLAN)

    assert 2 == told.returncode
    assert "is in no git repository: not a git repository" in told.stderr


def test_without_git_a_folder_is_asked_for(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git is needed for revisions alone."""
    (shop / "before").mkdir()
    (shop / "before" / "shop.yaml").write_text(OLD_RULES)
    monkeypatch.setenv("PATH", str(shop))
    told = run(shop, *PLAN)

    assert 2 == told.returncode
    assert "git is not installed. help: install it, or give --old a folder of rules" in told.stderr
    assert 0 == run(shop, *PLAN, "--old", "before").returncode


def test_old_rules_with_a_mistake_are_named_by_their_revision(shop: Path) -> None:
    """The place of a mistake in the old rules is one the reader knows, not a temporary folder."""
    (shop / "rulesets" / "shop.yaml").write_text(OLD_RULES.replace("below: 1", "blow: 1"))
    git(shop, "commit", "-am", "a slip")
    (shop / "rulesets" / "shop.yaml").write_text(NEW_RULES)
    told = run(shop, *PLAN)

    assert 3 == told.returncode
    assert "the old rules cannot be used: HEAD:rulesets/shop.yaml:14:" in told.stderr


def test_only_a_base_has_changed(shop: Path) -> None:
    """A ruleset that builds on another one of its folder is planned with the base of either time."""
    (shop / "rulesets" / "base.yaml").write_text(OLD_RULES.replace("ruleset: shop", "ruleset: base"))
    (shop / "rulesets" / "shop.yaml").write_text("version: 1\nruleset: shop\nuse: base\nrules: []\n")
    git(shop, "add", "rulesets")
    git(shop, "commit", "-m", "a base")
    (shop / "rulesets" / "base.yaml").write_text(NEW_RULES.replace("ruleset: shop", "ruleset: base"))
    told = run(shop, *PLAN, "--ruleset", "shop", "--format", "json")

    assert 0 == told.returncode, told.stderr
    assert 5 == json.loads(told.stdout)["by_change"]["newly_dropped"]["items"]


def test_tables_are_never_wider_than_the_page() -> None:
    """Names of any length are folded; numbers of any size stay in one piece."""
    campaign = CampaignChange(
        campaign_id="k" * 255, messages=9_999_999, changed=9_999_998, by_change=dict.fromkeys(Change, 9_999_997)
    )
    lines = list(campaign_table([campaign]))

    assert 100 >= max(len(line) for line in lines)
    assert ["9,999,999", "9,999,998", "(>99.9", "%)", *["9,999,997"] * len(Change)] == lines[1].split()[1:]
    assert 255 == "".join(lines[1:]).count("k")


@pytest.mark.parametrize(
    ("part", "whole", "wanted"),
    [
        (0, 10, "0 (0 %)"),
        (0, 0, "0 (0 %)"),
        (1, 10_000, "1 (<0.1 %)"),
        (9_999, 10_000, "9,999 (>99.9 %)"),
        (10_000, 10_000, "10,000 (100 %)"),
        (1, 3, "1 (33.3 %)"),
    ],
)
def test_shares_are_never_rounded_to_nothing_or_all(part: int, whole: int, wanted: str) -> None:
    """What is there is not told as 0 %, and what is not all not as 100 %."""
    assert wanted == share_of(part, whole)
