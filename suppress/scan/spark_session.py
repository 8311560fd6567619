"""Make a SparkSession for scans, or a scan's own of one that is handed in, with the settings a scan relies on."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from suppress.errors import FactsError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OWN_SETTINGS: Final = {
    # What makes a translated query mean what it means in DuckDB.
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.legacy.sizeOfNull": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # Texts of rules are data: `${...}` in them is not to be filled in, nor are escapes to be read another way.
    "spark.sql.variable.substitute": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    # What keeps rows that lie together by customer where they are.
    "spark.sql.requireAllClusterKeysForCoPartition": "false",
    "spark.sql.sources.bucketing.enabled": "true",
    # What is small says so; nothing else goes to every worker because it looked small.
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    # Spark 4.3 loses what it knows of the columns of a checkpoint beneath UNION ALL, and fails ("key not found").
    "spark.sql.constraintPropagation.enabled": "false",
    # It would divide tables anew that lie divided by customer already.
    "spark.sql.adaptive.enabled": "false",
}
"""Set on the scan's own session; the session handed in keeps its own."""

_JAVA_HELP: Final = "help: install Java 17 or newer and have `java` on the PATH, or set JAVA_HOME"


def made_session(*, threads: int, memory_bytes: int, temp: Path) -> "SparkSession":
    """A SparkSession on this machine: no web page, no open port beyond the machine, spilling into `temp`.

    Raises FactsError when pyspark or Java is missing, or Spark does not start.
    """
    try:
        from pyspark.errors import PySparkException  # noqa: PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError:
        raise FactsError("the Spark engine needs pyspark. help: run `pip install 'suppress[spark]'`") from None
    if java_command() is None:
        raise FactsError(f"the Spark engine needs Java, and there is none. {_JAVA_HELP}")
    builder = (
        SparkSession.builder.master(f"local[{threads}]")
        .appName("suppress scan")
        .config("spark.driver.memory", f"{max(512, memory_bytes // 2**20)}m")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.local.dir", str(temp))
        .config("spark.sql.warehouse.dir", str(temp / "warehouse"))
        .config("spark.sql.session.timeZone", "UTC")
    )
    try:
        session = builder.getOrCreate()
    except (PySparkException, OSError) as error:
        raise FactsError(f"Spark does not start: {str(error).splitlines()[0]}. {_JAVA_HELP}") from None
    session.sparkContext.setLogLevel("ERROR")
    return session


def own_session(session: "SparkSession", partitions: int) -> "SparkSession":
    """A session with temporary views and settings of its own, on the same cluster and catalogue.

    `partitions`: into how many parts rows are divided by customer.
    """
    own = session.newSession()
    for key, value in OWN_SETTINGS.items():
        own.conf.set(key, value)
    own.conf.set("spark.sql.shuffle.partitions", str(partitions))
    return own


def java_command() -> str | None:
    """Where Java is; None = nowhere it is looked for."""
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").exists():
        return str(Path(home) / "bin" / "java")
    return shutil.which("java")
