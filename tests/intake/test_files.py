"""What files of strangers look like, and what comes of them."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from suppress.errors import FactsError
from suppress.facts.snapshot import Source
from tests.intake.files import Row, read, us, write_csv, write_jsonl, write_parquet

HEAD = "sku,on_hand,updated_at\n"
AT = "2026-03-01T12:00:00Z"

READABLE: list[tuple[str, bytes]] = [
    ("byte order mark", b"\xef\xbb\xbf" + HEAD.encode() + f"A,5,{AT}\n".encode()),
    ("CRLF", (HEAD + f"A,5,{AT}\n").replace("\n", "\r\n").encode()),
    ("old Mac line ends", (HEAD + f"A,5,{AT}\n").replace("\n", "\r").encode()),
    ("no line end at the end", (HEAD + f"A,5,{AT}").encode()),
    ("semicolons", (HEAD + f"A,5,{AT}\n").replace(",", ";").encode()),
    ("tabs", (HEAD + f"A,5,{AT}\n").replace(",", "\t").encode()),
    ("blank lines", ("\n" + HEAD + f"\n\nA,5,{AT}\n\n").encode()),
    ("quotes", f'"sku","on_hand","updated_at"\n"A","5","{AT}"\n'.encode()),
    ("headings as people write them", f"SKU,On Hand,updated-at\nA,5,{AT}\n".encode()),
    ("a column nobody knows", f"sku,on_hand,colour,updated_at\nA,5,red,{AT}\n".encode()),
    ("a column without a name", f"sku,on_hand,updated_at,\nA,5,{AT},\n".encode()),
]


@pytest.mark.parametrize(("what", "content"), READABLE, ids=[what for what, _ in READABLE])
def test_dialects_of_csv_are_read(tmp_path: Path, what: str, content: bytes) -> None:
    """Each dialect of CSV gives the one row it holds."""
    path = tmp_path / "stock.csv"
    path.write_bytes(content)
    found = read(path, Source.STOCK)

    assert [("A", 5, us(AT))] == [(r.sku, r.on_hand, r.updated_at_us) for r in found.records]  # type: ignore[union-attr]
    assert [] == found.refused


UNREADABLE: list[tuple[str, str, bytes, str]] = [
    ("empty", "s.csv", b"", "empty"),
    ("blank", "s.csv", b"\n \n", "empty"),
    ("column missing", "s.csv", b"code,on_hand,updated_at\n", 'column sku is missing; the file has "code"'),
    ("how to say which", "s.csv", b"code,on_hand,updated_at\n", "--map 'THEIRS=sku'"),
    ("heading twice", "s.csv", b"sku,sku,on_hand,updated_at\n", "stands twice"),
    ("two headings for one", "s.csv", b"sku,SKU,on_hand,updated_at\n", "would both be sku"),
    ("latin-1", "s.csv", HEAD.encode() + b"caf\xe9,1,x\n", "--encoding cp1252"),
    ("utf-16", "s.csv", HEAD.encode("utf-16"), "--encoding"),
    ("unknown ending", "s.xlsx", b"PK", ".csv, .tsv, .jsonl"),
    ("no Parquet", "s.parquet", b"PAR1 not", "Parquet"),
    ("no gzip", "s.csv.gz", b"sku", "gzip"),
    ("cut gzip", "s.csv.gz", gzip.compress(HEAD.encode() * 100)[:-9], "gzip"),
    ("no line ends", "s.csv", b"x" * (1 << 20) + b"y", "really a CSV"),
    ("JSONL without the column", "s.jsonl", b'{"code": "A"}\n', "sku, on_hand, updated_at is missing"),
    ("JSONL with two names for one", "s.jsonl", b'{"sku":"A","SKU":"B","on_hand":1,"updated_at":"x"}', "both be sku"),
]


@pytest.mark.parametrize(("what", "name", "content", "words"), UNREADABLE, ids=[each[0] for each in UNREADABLE])
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, what: str, name: str, content: bytes, words: str) -> None:
    """A file that cannot be read as a whole is a FactsError that says what would help."""
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(FactsError) as caught:
        read(path, Source.STOCK)
    assert words in str(caught.value)


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    """A CSV in another encoding is read when --encoding names it."""
    for encoding in ("cp1252", "utf-16"):
        path = tmp_path / "s.csv"
        path.write_bytes((HEAD + f"café,1,{AT}\n").encode(encoding))

        assert ["café"] == [r.sku for r in read(path, Source.STOCK, encoding=encoding).records]  # type: ignore[union-attr]
    with pytest.raises(FactsError, match='no encoding "klingon"'):
        read(path, Source.STOCK, encoding="klingon")


def test_broken_csv_rows_are_refused_with_their_numbers(tmp_path: Path) -> None:
    """Rows with too few or too many cells or a stray quote are refused; a row over two lines counts once."""
    path = tmp_path / "s.csv"
    path.write_text(
        HEAD + f"A,1,{AT}\nB,2\nC,3,{AT},extra\n" + f'"D\nD",4,{AT}\n' + f'"E"x,5,{AT}\nF,6,{AT}\n"G,7,{AT}\nH,8,{AT}\n'
    )
    found = read(path, Source.STOCK)

    assert ["A", "F"] == [r.sku for r in found.records]  # type: ignore[union-attr]
    assert [3, 4, 5, 6, 8] == [refused.row for refused in found.refused]
    assert found.rows == 7


def test_broken_json_lines_are_refused_with_their_numbers(tmp_path: Path) -> None:
    """A line that is no JSON map is refused for itself alone."""
    good = json.dumps({"sku": "A", "on_hand": 1, "updated_at": AT})
    bad = [
        "{", "[1]", "null", '{"sku": NaN}', '{"sku": "\\ud800"}', '{"sku": 1e400}', "[" * 20_000,
        '{"sku": "' + "x" * (1 << 20) + '"}',
    ]  # fmt: skip
    path = tmp_path / "s.jsonl"
    path.write_text("\n\n".join([good, *bad, good]))
    found = read(path, Source.STOCK)

    assert 2 == len(found.records)
    assert [3 + 2 * index for index in range(len(bad))] == [refused.row for refused in found.refused]


def test_values_of_the_wrong_json_type_are_refused(tmp_path: Path) -> None:
    """Yes/no, lists, maps and inexact numbers do not pass for ids or numbers."""
    least = {"sku": "A", "on_hand": 1, "updated_at": AT}
    rows: list[Row] = [
        least | {"sku": True},
        least | {"sku": ["A"]},
        least | {"sku": {"a": 1}},
        least | {"sku": 123456789012345678901},
        least | {"on_hand": False},
        least | {"on_hand": [1]},
        least | {"on_hand": 1.5},
        least | {"updated_at": 1700000000},
        least | {"sku": None},
        least | {"sku": 85123},
        least | {"on_hand": 3.0},
    ]
    found = read(write_jsonl(tmp_path / "s.jsonl", rows), Source.STOCK)

    assert list(range(1, 10)) == [refused.row for refused in found.refused]
    assert [("85123", 1), ("A", 3)] == [(r.sku, r.on_hand) for r in found.records]  # type: ignore[union-attr]


def _orders(count: int) -> list[Row]:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        {
            "order_id": 1000 + n // 3,
            "customer_id": f"C{n % 7}",
            "sku": f"S-{n % 11}",
            "units": n % 4 - 1 or 2,
            "ordered_at": (start + timedelta(hours=n, microseconds=n)).isoformat(),
            "is_gift": n % 5 == 0,
            "channel": "web" if n % 2 else None,
            "unit_price_minor": None if n % 6 == 0 else n * 10,
            "currency": "EUR",
        }
        for n in range(count)
    ]


def test_every_format_gives_the_same_records(tmp_path: Path) -> None:
    """CSV, JSONL and Parquet of the same rows give equal records, compressed or not, whatever the batch size."""
    rows = _orders(100)
    expected = read(write_csv(tmp_path / "o.csv", rows), Source.ORDERS).records
    (tmp_path / "o.csv.gz").write_bytes(gzip.compress((tmp_path / "o.csv").read_bytes()))
    write_jsonl(tmp_path / "o.jsonl", rows)
    (tmp_path / "o.ndjson.gz").write_bytes(gzip.compress((tmp_path / "o.jsonl").read_bytes()))
    timed = [{**row, "ordered_at": datetime.fromisoformat(row["ordered_at"])} for row in rows]
    write_parquet(tmp_path / "o.parquet", timed)

    assert 100 == len(expected)
    for name in ("o.csv.gz", "o.jsonl", "o.ndjson.gz", "o.parquet"):
        for batch_rows in (7, 8192):
            found = read(tmp_path / name, Source.ORDERS, batch_rows=batch_rows)

            assert expected == found.records, name
            assert [] == found.refused


def test_parquet_times_of_every_kind_are_exact(tmp_path: Path) -> None:
    """Zoned times keep their instant, nanoseconds are cut to microseconds, times without a zone need --time-zone."""
    from zoneinfo import ZoneInfo

    import pyarrow
    import pyarrow.parquet

    instant = us("2026-07-01T10:00:00.123456+00:00")
    for kind in (pyarrow.timestamp("ns", "Europe/Zurich"), pyarrow.timestamp("us", "UTC"), pyarrow.timestamp("ns")):
        ticks = instant * 1000 + 789 if kind.unit == "ns" else instant
        table = pyarrow.table(
            {
                "sku": pyarrow.array([4711, 4712], pyarrow.int64()),
                "on_hand": pyarrow.array([3.0, float("nan")], pyarrow.float64()),
                "reserved": pyarrow.array([None, 1], pyarrow.int32()),
                "location_id": pyarrow.array(["ZH", None]).dictionary_encode(),
                "updated_at": pyarrow.array([ticks, ticks], pyarrow.int64()).cast(kind),
            }
        )
        path = tmp_path / "s.parquet"
        pyarrow.parquet.write_table(table, path)
        zone = None if kind.tz else ZoneInfo("UTC")
        found = read(path, Source.STOCK, zone=zone)

        assert [("4711", "ZH", 3, 0, instant)] == [
            (r.sku, r.location_id, r.on_hand, r.reserved, r.updated_at_us)  # type: ignore[union-attr]
            for r in found.records
        ]
        assert [(2, "on_hand")] == [refused[:2] for refused in found.refused]
        if zone:
            assert ["updated_at", "on_hand; updated_at"] == [r.column for r in read(path, Source.STOCK).refused]


def test_lists_and_maps_of_parquet_are_read(tmp_path: Path) -> None:
    """A list column is a list of skus and a struct column a map."""
    rows = [{"sku": "A", "bundle_of": ["B", "C"], "attributes": {"colour": "red", "size": 4}}]
    [record] = read(write_parquet(tmp_path / "p.parquet", rows), Source.PRODUCTS).records

    assert ('["B","C"]', '{"colour":"red","size":"4"}') == (record.bundle_of, record.attributes)  # type: ignore[union-attr]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow the error names the command that installs it."""
    import sys

    path = write_parquet(tmp_path / "p.parquet", [{"sku": "A"}])
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(FactsError, match=r"pip install pyarrow"):
        read(path, Source.PRODUCTS)


def test_other_headings_are_mapped_and_strangers_named_once(tmp_path: Path) -> None:
    """--map renames columns, beats a column of that name, and what is not read is told once with a hint."""
    path = tmp_path / "p.csv"
    path.write_text("StockCode,sku,titel,Description\n" + "A,1,x,Lamp\n" * 20)
    found = read(
        path, Source.PRODUCTS, mapping={"StockCode": "sku", "Description": "title", "Colour": "brand"}, batch_rows=5
    )

    assert {("A", "Lamp")} == {(r.sku, r.title) for r in found.records}  # type: ignore[union-attr]
    assert 3 == len(found.notes)
    assert ['"sku"', '"titel"', '"Colour"'] == [
        next(w for w in note.split() if '"' in w).rstrip(",") for note in found.notes
    ]


@pytest.mark.parametrize("mapping", [{"a": "skew"}, {"a": "sku", "b": "sku"}])
def test_a_map_to_nowhere_is_an_error(tmp_path: Path, mapping: dict[str, str]) -> None:
    """--map to a column that does not exist, or twice to one, is an error."""
    with pytest.raises(FactsError, match="--map"):
        read(write_csv(tmp_path / "p.csv", [{"sku": "A"}]), Source.PRODUCTS, mapping=mapping)


def test_the_traps_of_real_exports(tmp_path: Path) -> None:
    """Write-offs, lines without a customer and lines of nothing are refused; credits, fees, case twins are kept."""
    rows = [
        {"Invoice": i, "StockCode": s, "Quantity": q, "InvoiceDate": "2010-12-01 08:26:00", "Customer ID": c}
        for i, s, q, c in (
            ("536365", "85123A", "6", "17850.0"),
            ("536365", "85123a", "6", "17850.0"),
            ("C536379", "85123A", "-1", "17850.0"),
            ("536414", "22139", "-56", ""),
            ("536544", "21773", "1", ""),
            ("536370", "POST", "3", "12583.0"),
            ("536400", "22752", "0", "13448.0"),
        )
    ]
    from zoneinfo import ZoneInfo

    mapping = {"Invoice": "order_id", "StockCode": "sku", "Quantity": "units", "InvoiceDate": "ordered_at"}
    path = write_csv(tmp_path / "retail.csv", rows)
    found = read(path, Source.ORDERS, mapping=mapping, zone=ZoneInfo("Europe/London"))

    assert [
        ("536365", "1", "85123A", 6),
        ("536365", "2", "85123a", 6),
        ("C536379", "1", "85123A", -1),
        ("536370", "1", "POST", 3),
    ] == [
        (r.order_id, r.line_id, r.sku, r.units)  # type: ignore[union-attr]
        for r in found.records
    ]
    assert [(5, "customer_id"), (6, "customer_id"), (8, "units")] == [refused[:2] for refused in found.refused]
