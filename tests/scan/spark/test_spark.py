"""The same plan on Spark, local[2]: what DuckDB writes, row for row, and nothing of a customer's is moved."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as pq
import pytest

from suppress.errors import FactsError
from suppress.facts.instants import from_us
from suppress.rules.compile import CompiledRuleset, compile_ruleset
from suppress.rules.reading import read_ruleset
from suppress.scan.folder import read_folder
from suppress.scan.message_files import message_files
from suppress.scan.plan import Limits, make_plan
from suppress.scan.sources import from_files
from suppress.scan.work import Work
from suppress.scanning import NoShares, ScanRequest, running, scan
from tests import debian
from tests.agreement.generate import AS_OF_US, a_ruleset
from tests.scan.book_folder import write_folder
from tests.scan.campaign import write_jsonl
from tests.scan.draw import a_campaign, a_shop

pyspark = pytest.importorskip("pyspark")

from suppress.scan.spark import SparkRun  # noqa: E402
from suppress.scan.spark_facts import write_bucketed  # noqa: E402
from suppress.scan.spark_session import java_command  # noqa: E402
from tests.scan.spark.accepting import AcceptingRun, ExplainedRun  # noqa: E402

pytestmark = pytest.mark.slow

EVERYTHING = Path(__file__).with_name("everything.yaml")
SHIPPED = sorted(path for path in Path("rulesets").glob("*.yaml") if not path.name.endswith(".cases.yaml"))
RANDOM_SEEDS = range(100, 104)
LISTS = ("send.csv", "suppressed.csv")


@pytest.fixture(scope="module", autouse=True)
def java() -> None:
    """Java, installed now where there is none: a second engine that nobody tried is none."""
    if java_command() is None and debian.can_install():
        debian.install("openjdk-17-jre-headless")
    assert java_command() is not None, "no Java. On Debian: apt-get install openjdk-17-jre-headless"


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Spark for all tests. Of few rows, working out a plan costs less than compiling it."""
    from pyspark.sql import SparkSession

    temp = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(temp),
        "spark.sql.warehouse.dir": str(temp / "warehouse"),
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    builder = SparkSession.builder.master("local[2]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    yield made
    made.stop()


def compiled_file(file: Path) -> CompiledRuleset:
    """The ruleset in a file."""
    ruleset, problems = read_ruleset(file)

    assert ruleset is not None, problems
    return compile_ruleset(ruleset)


def campaign(root: Path, seed: int, messages: int) -> tuple[Path, Path]:
    """A facts folder and a message file drawn of a seed."""
    rng = Random(seed)
    facts = write_folder(a_shop(rng), root / "facts")
    return facts, write_jsonl(a_campaign(rng, messages), root / "in.jsonl")


def scan_with(engine: str, compiled: CompiledRuleset, facts: Path, messages: Path, out: Path, session: Any) -> Path:
    """The folder a scan on an engine wrote."""
    request = ScanRequest(
        messages=messages,
        out=out,
        rules=out,
        facts=facts,
        as_of=from_us(AS_OF_US),
        memory="300MB",
        threads=1,
        allow_stale=True,
        engine=engine,
    )
    with patch.object(running, "load_ruleset", lambda *_, **__: compiled):
        return scan(request, session=session if engine == "spark" else None).out


def rows_of(out: Path, table: str) -> list[dict[str, Any]]:
    """The rows of a table of an output folder, in its order."""
    return pq.read_table(out / f"{table}.parquet").to_pylist()


def types_of(out: Path, table: str) -> list[tuple[str, str]]:
    """Name and type of a table's columns."""
    return [(field.name, str(field.type)) for field in pq.read_schema(out / f"{table}.parquet")]


def assert_same(by_duckdb: Path, by_spark: Path) -> None:
    """Assert that two output folders hold the same tables, rows in the same order, and the same lists and figures."""
    for table in ("messages", "items"):
        assert types_of(by_duckdb, table) == types_of(by_spark, table)
        for want, have in zip(rows_of(by_duckdb, table), rows_of(by_spark, table), strict=True):
            assert want == have
    for name in LISTS:
        assert (by_duckdb / name).read_bytes() == (by_spark / name).read_bytes()
    reports = [json.loads((out / "report.json").read_text()) for out in (by_duckdb, by_spark)]
    assert ["duckdb", "spark"] == [report.pop("engine") for report in reports]
    assert reports[0] == reports[1]


def seen_in(out: Path) -> Counter[str]:
    """What there is to compare in an output."""
    items, messages = rows_of(out, "items"), rows_of(out, "messages")
    seen: Counter[str] = Counter()
    for row in messages:
        seen[row["verdict"]] += 1
        seen["control group"] += row["control_group"]
        seen["to nobody known"] += row["customer_id"] is None
    for row in items:
        seen["replacements shown"] += row["is_replacement"] and row["shown"]
        seen["eligible again"] += row["eligible_again_at"] is not None
        seen["unknown"] += row["unknown"] is not None
        for reason in row["reasons"] or ():
            seen[reason["rule"]] += 1
    seen["instants"] = len({row["as_of"] for row in messages})
    return seen


def test_every_kind_of_rule_comes_to_the_same_on_both_engines(session: Any, tmp_path: Path) -> None:
    """Households, bundles, replacements, holds, a control group, limits and several instants: the tables are equal."""
    compiled = compiled_file(EVERYTHING)
    facts, messages = campaign(tmp_path, 24, 150)
    by_duckdb = scan_with("duckdb", compiled, facts, messages, tmp_path / "duckdb", session)
    by_spark = scan_with("spark", compiled, facts, messages, tmp_path / "spark", session)

    assert_same(by_duckdb, by_spark)
    seen = seen_in(by_duckdb)
    fired = {rule.id for rule in compiled.item_rules}
    assert fired <= set(seen), f"no rule {fired - set(seen)} fired"
    for what in (
        "send",
        "hold",
        "suppress",
        "control group",
        "to nobody known",
        "replacements shown",
        "unknown",
        "eligible again",
    ):
        assert seen[what] > 0, f"{what} is not seen: {seen}"
    assert seen["instants"] > 3


@pytest.mark.parametrize("seed", [3, 5])
def test_random_campaigns_come_to_the_same_on_both_engines(session: Any, tmp_path: Path, seed: int) -> None:
    """Whatever the rules: the tables are equal."""
    compiled = compile_ruleset(a_ruleset(Random(seed)))
    facts, messages = campaign(tmp_path, seed, 60)
    by_duckdb = scan_with("duckdb", compiled, facts, messages, tmp_path / "duckdb", session)
    by_spark = scan_with("spark", compiled, facts, messages, tmp_path / "spark", session)

    assert_same(by_duckdb, by_spark)


def walked(
    kind: type[SparkRun], session: Any, root: Path, compiled: CompiledRuleset, facts: Path, messages: Path
) -> Any:
    """A run on Spark, walked, without lists and report."""
    from suppress.intake import messages as border

    folder = read_folder(facts)
    limits = Limits(memory_bytes=300_000_000, threads=1)
    plan = make_plan(compiled, folder, messages, message_files(messages), as_of_us=AS_OF_US, limits=limits)
    work = Work(root / "out")
    for made in (work.temp, work.result):
        made.mkdir(parents=True)
    run = kind(plan, compiled, folder, work, lambda _: (), NoShares(), session=session)
    run.walk(from_files(plan, folder, work, root / "rejects.csv", border), lambda *_: None)
    return run


RULESETS = [*SHIPPED, EVERYTHING, *RANDOM_SEEDS]


@pytest.mark.parametrize("rules", RULESETS, ids=[str(getattr(rules, "stem", rules)) for rules in RULESETS])
def test_spark_accepts_every_query_of_a_ruleset(session: Any, tmp_path: Path, rules: Path | int) -> None:
    """All stages translate, and Spark finds every table and column, and every type right."""
    compiled = compiled_file(rules) if isinstance(rules, Path) else compile_ruleset(a_ruleset(Random(rules)))
    facts, messages = campaign(tmp_path, 11, 6)
    run = walked(AcceptingRun, session, tmp_path, compiled, facts, messages)

    assert {"product", "message", "judged", "placed", "decided", ".items.parquet.part"} <= set(run.accepted)


def test_what_lies_by_customer_is_not_moved(session: Any, tmp_path: Path) -> None:
    """From bucketed tables, the items of a campaign are judged without any exchange by hash that a join asks for."""
    compiled = compiled_file(Path(__file__).with_name("bucketed.yaml"))
    facts, messages = campaign(tmp_path, 7, 20)
    bucketed = write_bucketed(session, read_folder(facts), "shop_moved", 4, tmp_path / "bucketed")
    plans = walked(ExplainedRun, session, tmp_path, compiled, bucketed, messages).plans

    past = {relation for relation in plans if relation.startswith("past ")}
    assert {"past bought item_group customer", "past bought category customer", "past due", "past said"} <= past
    for relation in ("past bought item_group customer", "past bought category customer", "judged"):
        assert "SelectedBucketsCount: 4 out of 4" in plans[relation]
    for relation in {*past, "message", "judged", "decided"}:
        moved = [line for line in plans[relation].splitlines() if "Exchange hashpartitioning" in line]

        assert [] == moved, relation


def test_tables_of_a_catalogue_give_the_same_as_files(session: Any, tmp_path: Path) -> None:
    """A scan by names of bucketed tables writes what a scan by files writes; DuckDB refuses the names."""
    compiled = compiled_file(Path(__file__).with_name("bucketed.yaml"))
    facts, messages = campaign(tmp_path, 13, 40)
    bucketed = write_bucketed(session, read_folder(facts), "shop_named", 3, tmp_path / "bucketed")
    by_duckdb = scan_with("duckdb", compiled, facts, messages, tmp_path / "duckdb", session)
    by_spark = scan_with("spark", compiled, bucketed, messages, tmp_path / "spark", session)

    assert_same(by_duckdb, by_spark)
    with pytest.raises(FactsError, match="--engine spark"):
        scan_with("duckdb", compiled, bucketed, messages, tmp_path / "refused", session)
