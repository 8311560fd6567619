"""Memory while reading does not grow with the file."""

import json
import subprocess
import sys
from pathlib import Path

MEASURE = """
import json, sys, tracemalloc
from pathlib import Path
from suppress.facts.snapshot import Source
from suppress.intake.positions import Positions
from suppress.intake.reading import ReadOptions, read_records

tracemalloc.start()
rows = 0
for chunk in read_records(Path(sys.argv[1]), Source.ORDERS, ReadOptions(as_of_us=0, batch_rows=2000)):
    rows += len(chunk.records)
print(json.dumps({"rows": rows, "peak": tracemalloc.get_traced_memory()[1]}))
"""


def _measured(path: Path, rows: int) -> dict[str, int]:
    with path.open("w") as file:
        file.write("order_id,customer_id,sku,units,ordered_at,unit_price_minor\n")
        for n in range(rows):
            file.write(f"O{n // 4},C{n},S{n % 5000},1,2026-01-01T00:{n // 60 % 60:02}:{n % 60:02}Z,{n % 30_000}\n")
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], check=True, capture_output=True, text=True)
    measured: dict[str, int] = json.loads(done.stdout)
    return measured


def test_ten_times_the_rows_take_no_more_memory(tmp_path: Path) -> None:
    """The peak of 250,000 rows stays near that of 20,000: what is remembered has a limit."""
    small = _measured(tmp_path / "small.csv", 20_000)
    large = _measured(tmp_path / "large.csv", 250_000)

    assert (20_000, 250_000) == (small["rows"], large["rows"])
    assert large["peak"] < 2.5 * small["peak"] + 17_000_000, (small, large)
