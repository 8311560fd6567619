"""Message files read as columns: what is accepted, refused and made of it is what the border makes of each message."""

import csv
import gzip
import io
import json
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import re2
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suppress.errors import FactsError
from suppress.facts.book import FactBook
from suppress.facts.instants import to_us
from suppress.facts.message import Message
from suppress.facts.records import CustomerRecord
from suppress.facts.snapshot import FactNeeds
from suppress.intake import messages as border
from suppress.intake.messages import Refused, parse_message
from suppress.scan.message_grammar import PLAIN
from suppress.scan.messages import MessagesRead, read_messages
from tests.intake.test_messages import BAD, GOOD, HOSTILE
from tests.scan.book_folder import write_folder

AS_OF_US = to_us(datetime(2026, 11, 22, 9, tzinfo=UTC))
RANDOM = settings(max_examples=40, suppress_health_check=list(HealthCheck))


@dataclass(frozen=True)
class Found:
    """What a scan read: the summary, one dict per message with its candidates, and the rejects."""

    read: MessagesRead
    messages: list[dict[str, Any]]
    refused: list[tuple[str, int, str, str]]


def scanned(source: Path, work: Path, facts: Path | None = None, used_border: Any = border) -> Found:
    """The message files of `source`, read into `work`."""
    work.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        read = read_messages(
            connection,
            source,
            facts or work,
            work,
            rejects=work / "rejects.csv",
            border=used_border,
            as_of_us=AS_OF_US,
        )
        left = connection.execute("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'incoming%'").fetchall()
    assert [] == left
    messages = pq.read_table(work / "messages.parquet").to_pylist(maps_as_pydicts="strict")
    candidates = pq.read_table(work / "candidates.parquet").to_pylist()
    assert list(range(len(messages))) == [each["message_no"] for each in messages]
    assert sorted(candidates, key=lambda each: (each["message_no"], each["position"])) == candidates
    counted = [message.pop("candidates") for message in messages]
    for message in messages:
        message["candidates"] = []
    for each in candidates:
        messages[each.pop("message_no")]["candidates"].append(tuple(each.values()))
    assert [len(message["candidates"]) for message in messages] == counted
    for message in messages:
        del message["message_no"]
    with (work / "rejects.csv").open(encoding="utf-8", newline="") as stream:
        heading, *rows = csv.reader(stream)
    assert ["file", "row", "message_id", "reason"] == heading
    assert (len(messages), len(rows)) == (read.accepted, read.refused)
    assert read.rows == read.accepted + read.refused
    assert read.candidates == len(candidates)
    return Found(read, messages, [(Path(row[0]).name, int(row[1]), row[2], row[3]) for row in rows])


def told(message: Message, customer: tuple[str | None, str | None] | None = None) -> dict[str, Any]:
    """A message as the two tables tell it. `customer`: whom it is for, and why that is nobody."""
    customer_id, problem = customer or (message.customer_id, None if message.customer_id else "missing")
    items = [(each.sku, each.placement, each.score) for each in message.items]
    shown = items + [(sku, None, None) for sku in dict.fromkeys(message.replacements)]
    return {
        "message_id": message.message_id,
        "customer_id": customer_id,
        "customer_problem": problem,
        "channel": message.channel,
        "campaign_id": message.campaign_id,
        "campaign_tags": list(message.campaign_tags),
        "as_of_us": to_us(message.send_at) if message.send_at else AS_OF_US,
        "slots": len(items) if message.slots is None else message.slots,
        "items_asked": len(items),
        "attributes": dict(message.attributes),
        "candidates": [(at, at > len(items), *each) for at, each in enumerate(shown, 1)],
    }


def expected(read: Sequence[tuple[int, Message | str]]) -> tuple[list[dict[str, Any]], list[tuple[int, str]]]:
    """The messages accepted and the rows refused, when these were read one by one; ids are used once."""
    accepted, refused, first = [], [], {}
    for row, each in read:
        if isinstance(each, str):
            refused.append((row, each))
        elif each.message_id is None:
            refused.append((row, "message_id: it is missing"))
        elif each.message_id in first:
            where = first[each.message_id]
            refused.append((row, f"message id {each.message_id} was already used in row {where}"))
        else:
            first[each.message_id] = row
            accepted.append(told(each))
    return accepted, sorted(refused)


def unquoted(found: Found) -> list[tuple[int, str]]:
    """The refused rows with their reasons, in row order."""
    return sorted((row, reason) for _, row, _, reason in found.refused)


def one_by_one(objects: Sequence[dict[str, Any]], first_row: int = 1) -> list[tuple[int, Message | str]]:
    """Each object as the border reads it."""
    read: list[tuple[int, Message | str]] = []
    for row, each in enumerate(objects, first_row):
        try:
            read.append((row, parse_message(each)))
        except FactsError as error:
            read.append((row, str(error)))
    return read


def by_intake(path: Path) -> list[tuple[int, Message | str]]:
    """The messages of a file with one object per line as `check` reads them."""
    numbers = iter([n for n, line in enumerate(path.read_bytes().split(b"\n"), 1) if line.strip()])
    with path.open("rb") as stream:
        return [
            (next(numbers), each.reason if isinstance(each, Refused) else each) for each in border.read_messages(stream)
        ]


def as_jsonl(path: Path, objects: Sequence[Any], **options: Any) -> Path:
    path.write_text("".join(json.dumps(each, **options) + "\n" for each in objects), encoding="utf-8")
    return path


# Agreement with the border

ODD_TEXTS = [
    "",
    " ",
    " A",
    "A ",
    "a\tb",
    "a\x00b",
    "a\nb",
    "Café",
    "Cafe\u0301",
    "ｘ",
    "\xa0A",
    "A\u200b",
    'a"b',
    "a\\b",
    "x" * 256,
]
IDS = st.sampled_from(
    ["A", "B-1", "85123A", "Größe", "Ж", "米", "a b", "x" * 255, "'", "{}", "a:b", "a|b"]
) | st.sampled_from(ODD_TEXTS)
PLAIN_IDS = st.sampled_from(["A", "B-1", "C'2", "Größe", "a b"])
INSTANTS = st.sampled_from(
    [
        "2026-11-22T09:00:00Z",
        "2026-11-22T10:00:00.250+01:00",
        "2026-11-22T09:00Z",
        "2026-11-22t09:00:00z",
        "2026-02-30T09:00:00Z",
        "2026-11-22T09:00:00",
        "2026-11-22",
        "20261122T090000Z",
        "2026-W47-7T09:00:00Z",
        "1812-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59.999999Z",
        "tomorrow",
    ]
)
SCORES = st.sampled_from([0, 1, -1, 0.5, -0.0, 1e-7, 1e300, 2**60, 0.1 + 0.2])
ITEMS = st.lists(PLAIN_IDS, max_size=4) | st.lists(
    IDS
    | st.integers(0, 99)
    | st.fixed_dictionaries({"sku": IDS}, optional={"placement": IDS | st.none(), "score": SCORES}),
    max_size=4,
)
NAMES = st.integers(0, 10**9).map(str)
OBJECTS = st.fixed_dictionaries(
    {"items": ITEMS, "message_id": NAMES | st.integers(0, 5) | IDS | st.none()},
    optional={
        "customer_id": PLAIN_IDS | IDS | st.integers(0, 99),
        "email": st.sampled_from(["a@b.com", " ", "", "A@B.com", "nobody"]) | st.none(),
        "phone": st.sampled_from(["+41446681800", "044 668 18 00"]) | st.integers(0, 99) | st.none(),
        "channel": PLAIN_IDS | st.none(),
        "campaign_id": IDS | st.none(),
        "campaign_tags": st.lists(PLAIN_IDS | IDS, max_size=3),
        "send_at": INSTANTS | st.none(),
        "slots": st.sampled_from([0, 1, 2, 1000, 1001, -1]) | st.none(),
        "replacements": st.lists(PLAIN_IDS, max_size=4) | st.lists(IDS, max_size=2),
        "attributes": st.dictionaries(
            PLAIN_IDS | IDS, st.text(max_size=5) | st.integers(0, 9) | st.booleans(), max_size=3
        ),
    },
)
ANY_VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just([]) | st.just({})


@st.composite
def objects_with_slips(draw: Any) -> dict[str, Any]:
    """A message, sometimes with a value of the wrong kind or a field nobody knows."""
    found: dict[str, Any] = dict(draw(OBJECTS))
    if draw(st.integers(0, 4)) == 0:
        found[draw(st.sampled_from([*found, "sku", "slots", "send_at"]))] = draw(ANY_VALUE)
    return found


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" , ", " : ")])
def test_the_corpus_of_messages_is_read_as_the_border_reads_it(tmp_path: Path, separators: tuple[str, str]) -> None:
    """Good, bad and hostile messages in one file are accepted and refused as `check` does, in its words."""
    lines = [json.dumps(each, separators=separators).encode() for each, _ in GOOD]
    lines += [json.dumps(each, separators=separators).encode() for each, _ in BAD if _is_sayable(each)]
    lines += [text for _, text in HOSTILE]
    path = tmp_path / "all.jsonl"
    path.write_bytes(b"\n".join(lines))
    found = scanned(path, tmp_path / "work")
    accepted, refused = expected(by_intake(path))

    assert accepted == found.messages
    assert refused == unquoted(found)


def _is_sayable(each: object) -> bool:
    return not isinstance(each, dict) or all(isinstance(key, str) for key in each)


@RANDOM
@given(st.lists(objects_with_slips(), max_size=8), st.booleans(), st.sampled_from([(",", ":"), (", ", ": ")]))
def test_random_messages_in_jsonl(objects: list[dict[str, Any]], ascii_only: bool, separators: tuple[str, str]) -> None:
    """Whatever JSONL says, the scan accepts and refuses what `check` does, in its words, and understands the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = as_jsonl(Path(folder) / "m.jsonl", objects, ensure_ascii=ascii_only, separators=separators)
        found = scanned(path, Path(folder) / "work")
        accepted, refused = expected(by_intake(path))

    assert accepted == found.messages
    assert refused == unquoted(found)


TYPES = {
    **dict.fromkeys(("message_id", "customer_id", "email", "phone", "channel", "campaign_id"), pa.string()),
    "campaign_tags": pa.list_(pa.string()),
    "send_at": pa.string(),
    "slots": pa.int64(),
    "items": pa.list_(pa.struct({"sku": pa.string(), "placement": pa.string(), "score": pa.float64()})),
    "replacements": pa.list_(pa.string()),
    "attributes": pa.map_(pa.string(), pa.string()),
}
TYPED = st.fixed_dictionaries(
    {
        "items": st.lists(
            st.fixed_dictionaries(
                {"sku": PLAIN_IDS | IDS, "placement": IDS | st.none(), "score": SCORES.map(float) | st.none()}
            ),
            max_size=4,
        ),
        "message_id": NAMES | PLAIN_IDS | IDS | st.none(),
    },
    optional={
        **dict.fromkeys(("customer_id", "channel", "campaign_id"), PLAIN_IDS | IDS),
        "email": st.sampled_from(["a@b.com", " ", "", "A@B.com", "nobody"]),
        "phone": st.sampled_from(["+41446681800", "044 668 18 00"]),
        "campaign_tags": st.lists(PLAIN_IDS | IDS, max_size=3),
        "send_at": INSTANTS,
        "slots": st.sampled_from([0, 1, 2, 1000, 1001, -1, 2**40]),
        "replacements": st.lists(PLAIN_IDS | IDS, max_size=4),
        "attributes": st.dictionaries(
            PLAIN_IDS | IDS, st.text(st.characters(exclude_categories=("Cs",)), max_size=5), max_size=3
        ),
    },
)


@RANDOM
@given(st.lists(TYPED, max_size=8), st.integers(1, 8))
def test_random_messages_in_parquet(objects: list[dict[str, Any]], group_rows: int) -> None:
    """A Parquet file means what the same messages mean as JSON; NULL is not given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.parquet"
        columns = {
            name: pa.array([_for_arrow(each.get(name)) for each in objects], type_) for name, type_ in TYPES.items()
        }
        pq.write_table(pa.table(columns), path, row_group_size=group_rows)
        found = scanned(path, Path(folder) / "work")
    accepted, refused = expected(one_by_one(objects))

    assert accepted == found.messages
    assert refused == unquoted(found)


def _for_arrow(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value


@RANDOM
@given(st.lists(TYPED, max_size=8), st.booleans(), st.sampled_from(",;\t"))
def test_random_messages_in_csv(objects: list[dict[str, Any]], in_bars: bool, delimiter: str) -> None:
    """A CSV file means what the same messages mean as JSON; a blank cell is not given, a list is `A|B` or JSON."""
    objects = [
        {name: value for name, value in each.items() if not (isinstance(value, str) and not value.strip())}
        for each in objects
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.csv"
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=delimiter)
            writer.writerow(TYPES)
            writer.writerows([_cell(each.get(name), in_bars=in_bars) for name in TYPES] for each in objects)
        found = scanned(path, Path(folder) / "work")
    accepted, refused = expected(one_by_one(objects, first_row=2))

    assert accepted == found.messages
    assert refused == unquoted(found)


def _cell(value: Any, *, in_bars: bool) -> str:
    if isinstance(value, list):
        entries = [each if isinstance(each, str) else None for each in value]
        if (
            in_bars
            and entries
            and all(each and each.strip() and "|" not in each and each[0] != "[" for each in entries)
        ):
            return "|".join(str(each) for each in entries)
        return json.dumps(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else "" if value is None else str(value)


def test_every_plain_character_is_its_own_compared_form() -> None:
    """What SQL takes for plain needs no cleaning: no blank but the space, no control character, its own NFC form."""
    pattern = re2.compile(f"[{PLAIN}]")
    plain = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000 and pattern.fullmatch(chr(code))]

    assert len(plain) > 20_000
    for each in plain:
        assert each == " " or not each.isspace()
        assert unicodedata.category(each) not in {"Cc", "Cs", "Cn", "Mn", "Mc"}
        assert each == unicodedata.normalize("NFC", each)
    neighbours = "".join(plain)
    assert neighbours == unicodedata.normalize("NFC", neighbours)
    assert neighbours[::-1] == unicodedata.normalize("NFC", neighbours[::-1])


class NoBorder:
    """A border at which nothing arrives."""

    def parse_message(self, obj: object) -> Message:
        raise AssertionError(obj)

    def load_message(self, text: bytes) -> Message:
        raise AssertionError(text)


EVERYDAY = {
    "message_id": "m-1",
    "customer_id": "C1",
    "email": None,
    "channel": "email",
    "campaign_id": "Größen im Frühling",
    "campaign_tags": ["sale", "new"],
    "send_at": "2026-11-22T10:00:00+01:00",
    "slots": 2,
    "items": [{"sku": "A", "placement": "top", "score": 0.75}, {"sku": "B", "placement": None, "score": -1e-3}],
    "replacements": ["C", "D", "C", "A"],
    "attributes": {"subject": "Schöne Grüße: 20 % auf alles!", "first": "yes"},
}


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_messages_with_little_in_them_are_read_as_columns(tmp_path: Path, kind: str) -> None:
    """A field that one message has and another has not makes neither of them odd."""
    fields = {name: EVERYDAY[name] for name in EVERYDAY if kind != "csv" or name != "items"}
    objects = [{"customer_id": "C1", "items": ["A"], name: value} for name, value in fields.items() if value]
    objects += [{"email": "a@b.com", "items": ["A"]}, {"phone": "+41446681800", "items": ["A"]}]
    objects = [{"message_id": f"m-{n}", **each} for n, each in enumerate(objects, 2)]
    objects = [each | {"items": [{"sku": "A"}]} for each in objects] if kind == "parquet" else objects
    path = tmp_path / f"m.{kind}"
    if kind == "parquet":
        columns = {name: pa.array([_for_arrow(each.get(name)) for each in objects], TYPES[name]) for name in TYPES}
        pq.write_table(pa.table(columns), path)
    else:
        written(path, objects)
    found = scanned(path, tmp_path / "work", used_border=NoBorder())

    assert [told(parse_message(each)) for each in objects] == found.messages


@pytest.mark.parametrize("kind", ["jsonl", "spaced.jsonl", "bare.jsonl", "parquet", "csv", "json.gz", "csv.gz"])
def test_everyday_messages_are_read_as_columns(tmp_path: Path, kind: str) -> None:
    """Messages of everyday values never go through the border one by one, whatever the format."""
    path = tmp_path / f"m.{kind}"
    everyday = EVERYDAY | {"items": ["A", "B"]} if kind.startswith(("bare", "csv")) else EVERYDAY
    if "json" in kind:
        separators = (", ", ": ") if "spaced" in kind else (",", ":")
        text = (json.dumps(everyday, ensure_ascii=False, separators=separators) + "\n").encode()
    elif "csv" in kind:
        out = io.StringIO()
        rows = [list(EVERYDAY), [_cell(value, in_bars=True) for value in everyday.values()]]
        csv.writer(out).writerows(rows)
        text = out.getvalue().encode()
    if kind == "parquet":
        pq.write_table(pa.table({name: pa.array([_for_arrow(EVERYDAY[name])], TYPES[name]) for name in EVERYDAY}), path)
    else:
        path.write_bytes(gzip.compress(text, mtime=0) if kind.endswith("gz") else text)
    found = scanned(path, tmp_path / "work", used_border=NoBorder())

    assert [told(parse_message(everyday))] == found.messages
    assert [False, False, True, True, True] == [each[1] for each in found.messages[0]["candidates"]]


# Recipients

PEOPLE = [
    ("C1", (("email", "ann@example.com"), ("phone", "+41446681800"))),
    ("C2", (("email", "both@example.com"),)),
    ("C3", (("email", "both@example.com"), ("email", "größe@example.com"))),
    ("C4", (("email", "x.y+tag@bücher.example.com"), ("phone", "+12015550123"))),
]
ADDRESSES = [
    {"email": "ann@example.com"},
    {"email": " Ann@EXAMPLE.com "},
    {"email": "both@example.com"},
    {"email": "BOTH@example.com"},
    {"email": "GRÖSSE@example.com"},
    {"email": "Größe@example.com"},
    {"email": "x.y+TAG@xn--bcher-kva.example.com"},
    {"email": "nobody@example.com"},
    {"email": "no address"},
    {"email": "ann@example.com", "phone": "+12015550123"},
    {"email": "nobody@example.com", "phone": "+41446681800"},
    {"phone": "+41446681800"},
    {"phone": "+41 44 668 18 00"},
    {"phone": 41446681800},
    {"phone": "044 668 18 00"},
    {"phone": "+1 (201) 555-0123"},
    {"phone": "+999"},
    {"customer_id": "not in the book", "email": "ann@example.com"},
    {"customer_id": "C2", "phone": "+41446681800"},
]


def people() -> FactBook:
    book = FactBook()
    for customer_id, identities in PEOPLE:
        empty = dict.fromkeys(("household_id", "country", "region", "time_zone"))
        flags = dict.fromkeys(("do_not_contact", "open_case", "late_order"))
        book.add(
            [
                CustomerRecord(
                    customer_id=customer_id,
                    identities=identities,
                    consent="{}",
                    attributes="{}",
                    updated_at_us=0,
                    **empty,
                    **flags,
                )
            ]
        )
    return book


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_recipients_are_found_as_check_finds_them(tmp_path: Path, kind: str) -> None:
    """An id is taken as it is; an address is the one customer who has it, or missing, or ambiguous."""
    book = people()
    objects = [{"message_id": f"m-{n}", "items": ["A"], **each} for n, each in enumerate(ADDRESSES)]
    path = written(tmp_path / f"m.{kind}", objects)
    found = scanned(path, tmp_path / "work", write_folder(book, tmp_path / "facts"))
    snapshots = [book.snapshot(parse_message(each), AS_OF_US, FactNeeds()) for each in objects]
    wanted = [(each.customer_id, each.customer_problem) for each in snapshots]

    assert [] == found.refused
    assert wanted == [(each["customer_id"], each["customer_problem"]) for each in found.messages]
    assert {("C1", None), ("C2", None), ("C4", None), (None, "missing"), (None, "ambiguous")} <= set(wanted)


def test_addresses_stay_out_of_every_file(tmp_path: Path) -> None:
    """Neither the tables nor the rejects hold an address, whether its message is accepted or refused."""
    objects: list[dict[str, Any]] = [{"items": ["A"], "email": f"secret{n}@example.com"} for n in range(3)]
    objects += [{"items": [""], "email": "secret@example.com"}, {"items": ["A"], "email": {"secret": 1}}]
    objects += [{"items": ["A"], "phone": "+41446681800"}, {"items": [" "], "phone": "+41446681800"}]
    objects = [{"message_id": f"m-{n}", **each} for n, each in enumerate(objects)]
    found = scanned(as_jsonl(tmp_path / "m.jsonl", objects), tmp_path / "work")

    assert (4, 3) == (found.read.accepted, found.read.refused)
    for path in (tmp_path / "work").iterdir():
        assert b"secret" not in path.read_bytes()
        assert b"41446681800" not in path.read_bytes()
    texts = json.dumps([found.messages, found.refused])
    assert "secret" not in texts


def written(path: Path, objects: Sequence[dict[str, Any]]) -> Path:
    """These messages in the format of the file's name."""
    names = list(dict.fromkeys(name for each in objects for name in each))
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(names)
            writer.writerows([_cell(each.get(name), in_bars=True) for name in names] for each in objects)
    elif path.suffix == ".parquet":
        pq.write_table(
            pa.table({name: pa.array([_as_text(each.get(name)) for each in objects]) for name in names}), path
        )
    else:
        as_jsonl(path, objects, ensure_ascii=False)
    return path


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


# Files

KINDS = ["jsonl", "csv", "parquet"]


def some(first: int, count: int) -> list[dict[str, Any]]:
    return [{"message_id": f"m-{n}", "customer_id": f"C{n}", "items": ["A", "B"]} for n in range(first, first + count)]


@pytest.mark.parametrize("kind", KINDS)
def test_an_id_used_twice_is_refused_with_the_first_row(tmp_path: Path, kind: str) -> None:
    """The first message with an id stays; every later one is refused and says where the first is."""
    first = 2 if kind == "csv" else 1
    path = written(tmp_path / f"m.{kind}", [*some(1, 3), *some(2, 1), *some(4, 1), *some(2, 1)])
    found = scanned(path, tmp_path / "work")

    assert ["m-1", "m-2", "m-3", "m-4"] == [each["message_id"] for each in found.messages]
    reason = f"message id m-2 was already used in row {first + 1}"
    assert [(path.name, first + at, "m-2", reason) for at in (3, 5)] == found.refused


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_without_an_id_is_refused(tmp_path: Path, kind: str) -> None:
    """Nothing could refer to such a message: its row is told with the reason, and the others are taken."""
    first = 2 if kind == "csv" else 1
    path = written(tmp_path / f"m.{kind}", [*some(1, 1), some(2, 1)[0] | {"message_id": None}, *some(3, 1)])
    found = scanned(path, tmp_path / "work")

    assert ["m-1", "m-3"] == [each["message_id"] for each in found.messages]
    assert [(path.name, first + 1, "", "message_id: it is missing")] == found.refused


def test_a_folder_is_its_files_in_name_order(tmp_path: Path) -> None:
    """Files of all formats count as one input, in name order; an id used in an earlier file is refused."""
    folder = tmp_path / "in"
    folder.mkdir()
    written(folder / "c.parquet", some(6, 2))
    written(folder / "a.jsonl", some(0, 2))
    written(folder / "b.csv", [*some(2, 2), *some(1, 1), *some(4, 2)])
    (folder / "_SUCCESS").touch()
    (folder / ".a.jsonl.crc").touch()
    found = scanned(folder, tmp_path / "work")

    assert [f"m-{n}" for n in range(8)] == [each["message_id"] for each in found.messages]
    assert [("b.csv", 4, "m-1", "message id m-1 was already used in row 2 of a.jsonl")] == found.refused


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, kind: str) -> None:
    """Both tables are byte-equal after a rerun, odd and refused rows among them."""
    odd = [{"message_id": " m-x ", "customer_id": "C", "items": ["e\u0301"]}, {"items": [""], "customer_id": "C"}]
    path = written(tmp_path / f"m.{kind}", [*some(0, 3000), *odd, *some(3000, 3000), *some(7, 1)])
    for work in ("one", "two"):
        assert 6001 == scanned(path, tmp_path / work).read.accepted
    for table in ("messages.parquet", "candidates.parquet"):
        assert (tmp_path / "one" / table).read_bytes() == (tmp_path / "two" / table).read_bytes()


def test_many_candidates_are_written_a_part_at_a_time(tmp_path: Path) -> None:
    """However few candidates are unnested at once, the file holds all of them in order, and no part is left."""
    source = written(tmp_path / "in.jsonl", some(0, 40))
    at_once = scanned(source, tmp_path / "at once")
    with patch("suppress.scan.message_tables._CANDIDATES_AT_ONCE", 3):
        in_parts = scanned(source, tmp_path / "in parts")

    assert at_once == in_parts
    assert not list((tmp_path / "in parts").glob("candidates-*"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("m.jsonl", b""),
        ("m.jsonl", b"\n \n"),
        ("m.json", b"\xef\xbb\xbf\n"),
        ("m.csv", b"message_id,customer_id,items\n"),
        ("m.csv", b"\xef\xbb\xbf customer_id ;items;message_id\r\n\r\n"),
        ("m.jsonl.gz", gzip.compress(b"", mtime=0)),
    ],
)
def test_an_input_without_messages_gives_empty_tables(tmp_path: Path, name: str, content: bytes) -> None:
    """No rows give two tables without rows and no instant."""
    (tmp_path / name).write_bytes(content)
    found = scanned(tmp_path / name, tmp_path / "work")

    assert (0, 0, None, None) == (
        found.read.rows,
        found.read.candidates,
        found.read.first_as_of_us,
        found.read.last_as_of_us,
    )


def test_a_parquet_file_without_rows(tmp_path: Path) -> None:
    """A Parquet file may have no rows."""
    names = {name: pa.array([], pa.string()) for name in ("message_id", "customer_id")}
    pq.write_table(pa.table({**names, "items": pa.array([], pa.list_(pa.string()))}), tmp_path / "m.parquet")

    assert 0 == scanned(tmp_path / "m.parquet", tmp_path / "work").read.rows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (json.dumps(EVERYDAY, indent=2), [None]),
        ("\n\n" + json.dumps(EVERYDAY, indent=2) + "\n\n", [None]),
        (json.dumps(EVERYDAY, indent=2)[:-1], [1]),
        ("{\n" + json.dumps(EVERYDAY), [1, None]),
        (json.dumps([EVERYDAY], indent=2), [1]),
        (json.dumps(EVERYDAY).replace("\n", "\r\n") + "\r\n", [None]),
        (json.dumps(EVERYDAY) + "\n" + json.dumps(EVERYDAY | {"message_id": "m-2"})[:-9], [None, 2]),
    ],
)
def test_one_message_over_many_lines_or_one_per_line(tmp_path: Path, text: str, rows: list[int | None]) -> None:
    """A JSON file is one message over several lines, or one per line; a last line cut short is refused in its place."""
    path = tmp_path / "m.json"
    path.write_text(text, newline="")
    found = scanned(path, tmp_path / "work")

    assert [row for row in rows if row] == [row for _, row, _, _ in found.refused]
    assert rows.count(None) == found.read.accepted


def _parquet(**columns: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


WHOLE = _parquet(message_id=[f"m-{n}" for n in range(100)], customer_id=["C"] * 100, items=[["A"]] * 100)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("m.parquet", WHOLE[:-1], ["m.parquet", "cut short or damaged"]),
        ("m.parquet", WHOLE[: len(WHOLE) // 2], ["m.parquet", "cut short or damaged"]),
        ("m.parquet", b"", ["m.parquet", "cut short or damaged"]),
        ("m.parquet", b"customer_id,items\n", ["m.parquet", "cut short or damaged"]),
        ("m.parquet", WHOLE[:4] + b"\xff" * 60 + WHOLE[64:], ["m.parquet", "cut short or damaged"]),
        ("m.parquet", _parquet(message_id=["m"], customer_id=["C"]), ["the column items is missing"]),
        ("m.parquet", _parquet(customer_id=["C"], items=[["A"]]), ["the column message_id is missing"]),
        (
            "m.parquet",
            _parquet(message_id=["m"], items=[["A"]]),
            ["the column customer_id (or email, or phone) is missing"],
        ),
        (
            "m.parquet",
            _parquet(message_id=["m"], customer_id=["C"], item=["A"]),
            ["items is missing", 'did you mean "items"?'],
        ),
        (
            "m.parquet",
            _parquet(message_id=["m"], customer_id=["C"], items=[["A"]], margin=[1]),
            ['"margin"', "the columns are"],
        ),
        (
            "m.parquet",
            _parquet(message_id=["m"], customer_id=["C"], items=[[{"sku": "A", "plcement": "x"}]]),
            ['did you mean "placement"'],
        ),
        (
            "m.parquet",
            _parquet(message_id=["m"], customer_id=["C"], items=[[{"placement": "x"}]]),
            ["the field sku is missing"],
        ),
        ("m.csv", b"", ["m.csv", "the file is empty"]),
        ("m.csv", b"message_id,customer_id\nm,C\n", ["the column items is missing"]),
        ("m.csv", b"customer_id,items\nC,A\n", ["the column message_id is missing"]),
        ("m.csv", b"customer_id,items,items\nC,A,B\n", ['"items" is there twice']),
        ("m.csv", "customer_id,items\nÄ,A\n".encode("latin-1"), ["not UTF-8"]),
        ("m.csv", b"x" * (1 << 20), ["really a CSV"]),
        ("m.jsonl.gz", gzip.compress(json.dumps(EVERYDAY).encode())[:-9], ["m.jsonl.gz", "cut short"]),
        ("m.csv.gz", b"customer_id,items\n", ["m.csv.gz", "no gzip file"]),
        ("m.txt", b"", ["m.txt", ".parquet, .csv"]),
        ("m.parquet.gz", b"", [".parquet, .csv"]),
    ],
)
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, name: str, content: bytes, words: list[str]) -> None:
    """A damaged file, or one with the wrong columns, is a FactsError that names the file and the fault."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FactsError) as caught:
        scanned(tmp_path / name, tmp_path / "work")
    for each in [name, *words]:
        assert each in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_source_that_is_not_there_says_so(tmp_path: Path) -> None:
    """No such file, an empty folder, a folder in a folder and a file of another kind are FactsErrors."""
    for make, words in [
        (lambda: tmp_path / "none.csv", "no such file"),
        (lambda: _folder(tmp_path / "empty"), "holds no message files"),
        (lambda: _folder(tmp_path / "nested", "sub/"), "side by side"),
        (lambda: _folder(tmp_path / "other", "notes.txt"), "must end in"),
    ]:
        with pytest.raises(FactsError, match=words):
            scanned(make(), tmp_path / "work")


def _folder(path: Path, entry: str | None = None) -> Path:
    path.mkdir()
    if entry and entry.endswith("/"):
        (path / entry).mkdir()
    elif entry:
        (path / entry).touch()
    return path


@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        (
            "customer_id",
            pa.array([17850.0, float("nan"), 2.5]),
            ["17850", "customer_id: it is missing", "customer_id: it must be text"],
        ),
        ("customer_id", pa.array([17850, None, -3]), ["17850", "customer_id: it is missing", "-3"]),
        (
            "customer_id",
            pa.array(["C1", "", None]).dictionary_encode(),
            ["C1", "customer_id: it is empty", "customer_id: it is missing"],
        ),
        ("customer_id", pa.array([b"C1", b"\xff", None]), ["C1", "\ufffd", "customer_id: it is missing"]),
        (
            "customer_id",
            pa.array([True, False, None]),
            ["customer_id: it must be text"] * 2 + ["customer_id: it is missing"],
        ),
    ],
)
def test_ids_of_other_types_in_parquet(tmp_path: Path, column: str, values: Any, wanted: list[str]) -> None:
    """Whole numbers are ids, also as pandas writes them; other values are refused row by row."""
    pq.write_table(
        pa.table({"message_id": ["1", "2", "3"], column: values, "items": [["A"]] * 3}), tmp_path / "m.parquet"
    )
    found = scanned(tmp_path / "m.parquet", tmp_path / "work")
    accepted = {each["customer_id"] for each in found.messages}
    reasons = {row: reason for _, row, _, reason in found.refused}
    for row, each in enumerate(wanted, 1):
        assert reasons[row].startswith(each) if row in reasons else each in accepted


@pytest.mark.parametrize(
    ("column", "values", "wanted"),
    [
        ("send_at", pa.array([AS_OF_US + 7, None], pa.timestamp("us", "UTC")), [AS_OF_US + 7, AS_OF_US]),
        ("send_at", pa.array([AS_OF_US * 1000, None], pa.timestamp("ns", "UTC")), [AS_OF_US, AS_OF_US]),
        ("send_at", pa.array([2**62, -(2**62)], pa.timestamp("us", "UTC")), ["send_at: it must be a time"] * 2),
        ("send_at", pa.array([2**63 - 1, 1 - 2**63], pa.timestamp("us", "UTC")), ["send_at: it must be a time"] * 2),
        ("send_at", pa.array([AS_OF_US, None], pa.timestamp("us")), ["send_at: it has no zone", AS_OF_US]),
        ("send_at", pa.array([1, None], pa.date32()), ["send_at: it must be a time", AS_OF_US]),
        ("send_at", pa.array([AS_OF_US, None]), ["send_at: it must be a time", AS_OF_US]),
    ],
)
def test_instants_in_parquet(tmp_path: Path, column: str, values: Any, wanted: list[Any]) -> None:
    """A time with a zone is an instant; one without, a date or a number is refused."""
    others = {"message_id": ["1", "2"], "customer_id": ["C"] * 2, "items": [["A"]] * 2}
    pq.write_table(pa.table({column: values, **others}), tmp_path / "m.parquet")
    found = scanned(tmp_path / "m.parquet", tmp_path / "work")
    told_of = {row: reason for _, row, _, reason in found.refused}
    instants: Iterator[int] = iter([each["as_of_us"] for each in found.messages])
    for row, each in enumerate(wanted, 1):
        if isinstance(each, int):
            assert each == next(instants)
        else:
            assert told_of[row].startswith(each)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([{"a": "x", "b": None}, {"a": None, "b": "y"}, None]),
        pa.array([[("a", "x")], [("a", None), ("b", "y")], None], pa.map_(pa.string(), pa.string())),
        pa.array(['{"a": "x"}', '{"b":"y"}', None]),
    ],
)
def test_attributes_in_parquet(tmp_path: Path, values: Any) -> None:
    """Attributes are a struct, a map or JSON text; NULL is not given."""
    others = {"message_id": ["1", "2", "3"], "customer_id": ["C"] * 3, "items": [["A"]] * 3}
    pq.write_table(pa.table({"attributes": values, **others}), tmp_path / "m.parquet")
    found = scanned(tmp_path / "m.parquet", tmp_path / "work")

    assert [{"a": "x"}, {"b": "y"}, {}] == [each["attributes"] for each in found.messages]


def test_lists_of_other_types_in_parquet(tmp_path: Path) -> None:
    """A list in a column of another type is refused where it is given, and none where it is NULL."""
    table = {"campaign_tags": [1.5, None, None], "replacements": [None, {"a": 1}, None], "customer_id": ["C"] * 3}
    pq.write_table(pa.table(table | {"message_id": [1, 2, 3], "items": [[1], [2], [3]]}), tmp_path / "m.parquet")
    found = scanned(tmp_path / "m.parquet", tmp_path / "work")

    assert [([], "3")] == [(each["campaign_tags"], each["candidates"][0][2]) for each in found.messages]
    assert [(1, "campaign_tags: it must be a list"), (2, "replacements: it must be a list")] == unquoted(found)


def test_cells_that_are_no_json_are_refused_one_by_one(tmp_path: Path) -> None:
    """A list or map that cannot be read, among thousands that can, is refused with its row; NaN and keys twice too."""
    rows: list[list[str]] = [["C", "A|B", '{"a": "x"}', f"m-{n}"] for n in range(5000)]
    bad = {
        7: (["C", "[A", ""], "items: it must be a list; as JSON it cannot be read"),
        70: (["C", '[{"sku": "A", "score": NaN}]', ""], "items: it must be a list; as JSON it cannot be read"),
        700: (["C", "A", '{"a": "x", "a": "y"}'], "attributes: it must be a map like {...}; as JSON it cannot be read"),
        3000: (["C", "A", '{"a"'], "attributes: it must be a map like {...}; as JSON it cannot be read"),
        4000: (["C", "A", "x"], "attributes: it must be a map like {...}; as JSON it cannot be read"),
        4100: (["C", "A", '["x"]'], "attributes: it must be a map of names to values"),
        4200: (["C", "A"], "has 2 cells; the heading has 4"),
    }
    for row, (cells, _) in bad.items():
        rows[row - 2] = [*cells, f"m-{row}"] if len(cells) == 3 else cells
    with (tmp_path / "m.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["customer_id", "items", "attributes", "message_id"], *rows])
    found = scanned(tmp_path / "m.csv", tmp_path / "work")

    assert sorted((row, reason) for row, (_, reason) in bad.items()) == unquoted(found)
    assert 5000 - len(bad) == found.read.accepted


def test_what_is_told_of_the_instants(tmp_path: Path) -> None:
    """The summary gives the earliest and the latest instant, and whether they are one."""
    one = scanned(as_jsonl(tmp_path / "a.jsonl", some(0, 2)), tmp_path / "a").read
    later = datetime(2026, 12, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    two = scanned(
        as_jsonl(tmp_path / "b.jsonl", [some(0, 1)[0], some(1, 1)[0] | {"send_at": later.isoformat()}]), tmp_path / "b"
    ).read

    assert (True, AS_OF_US, AS_OF_US) == (one.is_one_instant, one.first_as_of_us, one.last_as_of_us)
    assert (False, AS_OF_US, to_us(later)) == (two.is_one_instant, two.first_as_of_us, two.last_as_of_us)


def test_rejects_are_appended_and_safe_in_a_spreadsheet(tmp_path: Path) -> None:
    """A second reading adds its refused rows below the first's; a cell that looks like a formula is quoted."""
    path = as_jsonl(tmp_path / "m.jsonl", [{"message_id": "=1+1", "customer_id": "C", "items": [""]}])
    scanned(path, tmp_path / "work")
    with (tmp_path / "work" / "rejects.csv").open() as stream:
        assert 2 == len(list(csv.reader(stream)))
    with duckdb.connect() as connection:
        again = tmp_path / "work" / "rejects.csv"
        read_messages(connection, path, tmp_path, tmp_path, rejects=again, border=border, as_of_us=0)
    with again.open() as stream:
        rows = list(csv.reader(stream))

    assert ["file", "row", "message_id", "reason"] == rows[0]
    assert [[str(path), "1", "'=1+1", "items[0].sku: it is empty"]] * 2 == rows[1:]
    assert 0o600 == again.stat().st_mode & 0o777


def test_progress_is_told_in_rows(tmp_path: Path) -> None:
    """Who watches is told the rows read so far, refused ones included."""
    path = as_jsonl(tmp_path / "m.jsonl", [*some(0, 5), {"items": 1}])
    told_of: list[int] = []
    with duckdb.connect() as connection:
        read_messages(
            connection,
            path,
            tmp_path,
            tmp_path,
            rejects=tmp_path / "r.csv",
            border=border,
            as_of_us=0,
            progress=told_of.append,
        )

    assert 6 == told_of[-1]
    assert sorted(told_of) == told_of
