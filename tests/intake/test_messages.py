"""Messages from strangers: what is read, and that nothing hostile gets further than a reason."""

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.errors import FactsError
from suppress.facts.message import Item, Message
from suppress.intake.messages import Refused, load_message, parse_message, read_messages

LEAST = {"customer_id": "C1", "items": ["A"]}
MESSAGE = Message(customer_id="C1", items=(Item(sku="A"),))

GOOD: list[tuple[dict[str, Any], Message]] = [
    (LEAST, MESSAGE),
    ({"email": "a@b.com", "items": []}, Message(email="a@b.com", items=())),
    ({"phone": 41446681800, "items": ["A"]}, Message(phone="41446681800", items=(Item(sku="A"),))),
    (LEAST | {"customer_id": 17850}, Message(customer_id="17850", items=(Item(sku="A"),))),
    (LEAST | {"items": [85123, " B "]}, Message(customer_id="C1", items=(Item(sku="85123"), Item(sku="B")))),
    (
        LEAST | {"items": [{"sku": "A", "placement": "top", "score": 1}]},
        Message(customer_id="C1", items=(Item(sku="A", placement="top", score=1.0),)),
    ),
    (
        LEAST
        | {
            "message_id": "m-1",
            "channel": "email",
            "campaign_id": "spring",
            "campaign_tags": ["sale", 2026, " new "],
            "send_at": "2026-03-01T13:00:00+01:00",
            "slots": 2,
            "replacements": ["B", 7],
            "attributes": {"subject": "Hi", "test": True, "weight": 1.5},
        },
        Message(
            customer_id="C1",
            items=(Item(sku="A"),),
            message_id="m-1",
            channel="email",
            campaign_id="spring",
            campaign_tags=("sale", "2026", "new"),
            send_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
            slots=2,
            replacements=("B", "7"),
            attributes={"subject": "Hi", "test": "true", "weight": "1.5"},
        ),
    ),
    ({**LEAST, "email": None, "slots": None, "send_at": None}, MESSAGE),
]

BAD: list[tuple[object, list[str]]] = [
    (None, ["not null"]),
    ([LEAST], ["not a list"]),
    ("text", ["not text"]),
    (7, ["not a number"]),
    ({}, ["items: it is missing", "; customer_id: it is missing, and so are email and phone"]),
    ({"items": ["A"]}, ["customer_id: it is missing, and so are email and phone; a message needs a recipient"]),
    ({"items": ["A"], "email": None}, ["customer_id: it is missing"]),
    ({"itmes": ["A"]}, ['itmes: no such field; did you mean "items"?', "; customer_id: it is missing"]),
    (LEAST | {"items": "A"}, ["items: it must be a list"]),
    (LEAST | {"items": None}, ["items: it must be a list"]),
    (LEAST | {"items": [True]}, ["items[0]"]),
    (LEAST | {"items": [""]}, ["items[0].sku: it is empty"]),
    (LEAST | {"items": [1.5]}, ["items[0]"]),
    (LEAST | {"items": [{"placement": "x"}]}, ["items[0].sku: it is missing"]),
    (LEAST | {"items": [{"sku": "A", "scores": 1}]}, ['items[0].scores: no such field; did you mean "score"?']),
    (LEAST | {"items": [{"sku": "A", "score": float("nan")}]}, ["items[0].score: it must be a finite number"]),
    (LEAST | {"items": ["A"] * 1001}, ["items: at most 1,000 entries are allowed"]),
    (LEAST | {"attributes": {str(n): "" for n in range(1001)}}, ["attributes: at most 1,000 entries are allowed"]),
    (LEAST | {"attributes": {"a": "x" * 2001}}, ["attributes.a: at most 2,000 characters are allowed"]),
    (LEAST | {"items": [{"sku": "A", "placement": ""}]}, ["items[0].placement: it is empty"]),
    (LEAST | {"items": [{"sku": "A", "placement": "x" * 256}]}, ["items[0].placement: ", "at most 255"]),
    (LEAST | {"custmer_id": "C1"}, ['custmer_id: no such field; did you mean "customer_id"?']),
    (LEAST | {"customer": {"id": "C1"}}, ["customer: no such field"]),
    (LEAST | {"customer_id": "x" * 256}, ["customer_id: ", "at most 255"]),
    (LEAST | {"customer_id": True}, ["customer_id: it must be text"]),
    (LEAST | {"customer_id": "a\x00b"}, ["customer_id: ", "U+0000"]),
    (LEAST | {"customer_id": "a\ud800"}, ["customer_id: "]),
    (LEAST | {"email": "\ud800@b.com"}, ["email: "]),
    (LEAST | {"email": " "}, ["email: it is empty"]),
    (LEAST | {"campaign_tags": "sale"}, ["campaign_tags: it must be a list"]),
    (LEAST | {"campaign_tags": ["sale", ""]}, ["campaign_tags[1]: ", "empty"]),
    (LEAST | {"campaign_tags": [True]}, ["campaign_tags[0]: it must be text"]),
    (LEAST | {"send_at": "2026-03-01T12:00:00"}, ["send_at: it has no zone"]),
    (LEAST | {"send_at": 1700000000}, ["send_at: it must be a time"]),
    (LEAST | {"slots": -1}, ["slots: it must be 0 or more"]),
    (LEAST | {"slots": True}, ["slots: it must be a whole number"]),
    (LEAST | {"slots": 10**30}, ["slots: it must be 1,000 or less"]),
    (LEAST | {"attributes": {"a": ["b"]}}, ["attributes.a: it must be text"]),
    (LEAST | {"attributes": [1]}, ["attributes: it must be a map"]),
    (LEAST | {"\ud800": 1}, ["a key: ", "surrogate"]),
    ({1: 2, "items": [], "customer_id": "C1"}, ["a name must be text"]),
    (
        {"items": "A", "slots": "x", "send_at": "?", "sku": "A"},
        ["items: ", "; slots: ", "; send_at: ", "; sku: no such field"],
    ),
]

HOSTILE: list[tuple[str, bytes]] = [
    ("NaN", b'{"customer_id": "C1", "items": [{"sku": "A", "score": NaN}]}'),
    ("Infinity", b'{"customer_id": "C1", "items": [{"sku": "A", "score": -Infinity}]}'),
    ("1e400", b'{"customer_id": "C1", "items": [{"sku": "A", "score": 1e400}]}'),
    ("lone surrogate", b'{"customer_id": "\\ud800", "items": ["A"]}'),
    ("NUL written out", b'{"customer_id": "a\\u0000", "items": ["A"]}'),
    ("NUL byte", b'{"customer_id": "a\x00", "items": ["A"]}'),
    ("20,000 lists", b"[" * 20_000 + b"]" * 20_000),
    ("20,000 lists never closed", b"[" * 20_000),
    ("20,000 maps", b'{"a":' * 20_000 + b"1" + b"}" * 20_000),
    ("1,000 levels inside", b'{"customer_id": "C1", "items": ["A"], "attributes": ' + b"[" * 1000 + b"]" * 1000 + b"}"),
    ("key twice", b'{"customer_id": "C1", "customer_id": "C2", "items": ["A"]}'),
    ("key twice inside", b'{"customer_id": "C1", "items": [{"sku": "A", "sku": "B"}]}'),
    ("5,000 digits", b'{"customer_id": "C1", "items": ["A"], "slots": ' + b"9" * 5000 + b"}"),
    ("latin-1", '{"customer_id": "Ä", "items": ["A"]}'.encode("latin-1")),
    ("utf-16", json.dumps(LEAST).encode("utf-16")),
    ("utf-32", json.dumps(LEAST).encode("utf-32")),
    ("overlong UTF-8", b'{"customer_id": "\xc0\xaf", "items": ["A"]}'),
    ("single quotes", b"{'customer_id': 'C1'}"),
    ("a comma too many", b'{"customer_id": "C1", "items": ["A",]}'),
    ("comment", b'{"customer_id": "C1", "items": ["A"]} // hi'),
    ("two on a line", b'{"customer_id": "C1", "items": ["A"]} {"customer_id": "C1", "items": ["A"]}'),
    ("too long", b'{"customer_id": "C1", "items": ["A"], "email": "' + b"x" * (1 << 20) + b'"}'),
    ("a gzip file", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"),
]


@pytest.mark.parametrize(("given", "message"), GOOD)
def test_a_good_object_becomes_its_message(given: dict[str, Any], message: Message) -> None:
    """An object with the fields of a message becomes that message, from memory and from text."""
    assert message == parse_message(given)
    assert message == load_message(json.dumps(given).encode())


@pytest.mark.parametrize(("given", "words"), BAD)
def test_a_bad_object_is_refused_with_every_mistake(given: object, words: list[str]) -> None:
    """The error names every field at fault and what it should be."""
    with pytest.raises(FactsError) as caught:
        parse_message(given)
    for each in words:
        assert each in str(caught.value)


@pytest.mark.parametrize(("what", "text"), HOSTILE, ids=[what for what, _ in HOSTILE])
def test_hostile_json_is_a_reason_and_no_more(what: str, text: bytes) -> None:
    """Hostile text is a FactsError for one message, and one Refused in a stream; the next line is read."""
    with pytest.raises(FactsError):
        load_message(text)
    good = json.dumps(LEAST).encode()
    found = list(read_messages(io.BytesIO(good + b"\n" + text + b"\n" + good)))

    assert [MESSAGE, 2, MESSAGE] == [each.line if isinstance(each, Refused) else each for each in found]
    first = list(read_messages(io.BytesIO(text + b"\n" + good)))

    assert [1, MESSAGE] == [each.line if isinstance(each, Refused) else each for each in first]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", []),
        (b"\n \n", []),
        (json.dumps(LEAST, indent=2).encode(), [None]),
        (b"\xef\xbb\xbf" + json.dumps(LEAST, indent=2).encode() + b"\n\n", [None]),
        (b"\n\n" + json.dumps(LEAST).encode() + b"\n\n" + json.dumps(LEAST).encode(), [None, None]),
        (json.dumps(LEAST | {"items": "A"}, indent=2).encode(), [1]),
        (json.dumps(LEAST, indent=2).encode()[:-1], [1]),
        (b"{\n" + json.dumps(LEAST).encode(), [1, None]),
        (json.dumps([LEAST], indent=2).encode(), [1]),
    ],
)
def test_one_object_or_many_lines(text: bytes, lines: list[int | None]) -> None:
    """A stream holds one object over many lines, or one object per line; a refusal names its line."""
    found = list(read_messages(io.BytesIO(text)))

    assert lines == [each.line if isinstance(each, Refused) else None for each in found]


FIELDS = ("items", "customer_id", "sku", "send_at", "slots", "attributes", "replacements")
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=20,
)


@given(JSON)
def test_anything_is_a_message_or_a_facts_error(anything: object) -> None:
    """Whatever JSON can say is a message or a FactsError."""
    try:
        parsed: object = parse_message(anything)
    except FactsError as error:
        parsed = str(error)

    assert isinstance(parsed, Message | str)


@given(st.binary(max_size=200))
def test_any_bytes_are_read(text: bytes) -> None:
    """Whatever bytes a stream holds, each message is read or refused."""
    for each in read_messages(io.BytesIO(text)):
        assert isinstance(each, Message | Refused)
