"""Queries of a scan in Spark's words, and what is said when Spark cannot be had. No Spark is started here."""

import sys
from pathlib import Path

import pytest

from suppress.errors import FactsError

pytest.importorskip("sqlglot")

from suppress.scan import spark_session
from suppress.scan.spark_session import made_session
from suppress.scan.spark_sql import in_spark, ordered

TRANSLATED = [
    (
        "SELECT message_no, list(sku ORDER BY position) FILTER (WHERE shown) AS kept FROM placed GROUP BY message_no",
        "SELECT message_no, TRANSFORM(ARRAY_SORT(COLLECT_LIST(STRUCT(position AS at, sku AS value))"
        " FILTER(WHERE shown)), e -> e.value) AS kept,"
        " of_customer AS of_customer FROM placed GROUP BY message_no, of_customer",
    ),
    (
        "SELECT l.sku FROM pair c JOIN line l ON l.customer_id = c.customer_id",
        "SELECT l.sku FROM pair AS c JOIN line AS l ON l.of_customer = c.of_customer",
    ),
    (
        "SELECT x.y FROM a c LEFT JOIN p x ON x.pair_no = c.message_no * 1048576 + c.position",
        "SELECT x.y FROM a AS c LEFT JOIN p AS x ON (x.pair_no = c.message_no * 1048576 + c.position AND"
        " x.of_customer = c.of_customer)",
    ),
    (
        "SELECT * FROM sent WHERE customer_id IN (SELECT customer_id FROM message)",
        "SELECT * FROM sent WHERE of_customer IN (SELECT of_customer FROM message)",
    ),
    ("SELECT least(greatest(a)) AS b FROM t", "SELECT a AS b FROM t"),
    (
        "SELECT count(DISTINCT s.id) FILTER (WHERE s.x) AS n FROM s",
        "SELECT CAST(SIZE(COLLECT_SET(s.id) FILTER(WHERE s.x)) AS BIGINT) AS n FROM s",
    ),
    (
        "SELECT CAST('0x' || substr(sha256('a' || m.c), 1, 16) AS UBIGINT) % 10000 AS n FROM m",
        "SELECT CAST(CONV(SUBSTRING(SHA2('a' || m.c, 256), 1, 16), 16, 10) AS DECIMAL(20, 0)) % 10000 AS n FROM m",
    ),
    (r"SELECT 'it''s \ ${x}' AS t", r"SELECT 'it\'s \\ ${x}' AS t"),
]


@pytest.mark.parametrize(("duckdb", "spark"), TRANSLATED)
def test_a_query_in_sparks_words(duckdb: str, spark: str) -> None:
    """What sqlglot cannot know is put right, and customers are carried along."""
    assert spark == in_spark(duckdb)


def test_what_has_no_translation_is_refused() -> None:
    """Formats and types of which Spark knows nothing are an error, not another meaning."""
    with pytest.raises(ValueError, match="no translation"):
        in_spark("SELECT strftime(make_timestamp(a), '%d.%m.%Y') AS x FROM t")
    with pytest.raises(ValueError, match="no translation"):
        in_spark("SELECT CAST(a AS UBIGINT) AS x FROM t")


def test_order_and_what_is_left_out_stand_apart() -> None:
    """A table is written in order by the workers; the query itself has none."""
    found = ordered("SELECT * EXCLUDE (message_no) FROM (SELECT message_no, sku FROM t ORDER BY message_no, sku)")

    assert ("message_no", "sku") == found.by
    assert ("message_no",) == found.left_out
    assert "SELECT message_no, sku, of_customer AS of_customer FROM t" == found.select


def test_without_java_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Java: the error names it, and what to do."""
    pytest.importorskip("pyspark")
    monkeypatch.setattr(spark_session, "java_command", lambda: None)
    with pytest.raises(FactsError, match=r"needs Java.*help: install Java 17"):
        made_session(threads=1, memory_bytes=1 << 30, temp=tmp_path)


def test_without_pyspark_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No pyspark: the error names the extra."""
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(FactsError, match=r"suppress\[spark\]"):
        made_session(threads=1, memory_bytes=1 << 30, temp=tmp_path)
