"""Bodies nobody should send, made of tables: pieces of hostile JSON put into every place a body has.

Each has a name, its bytes, and the headers it comes with. None may be answered with 200 or with 5xx.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import NamedTuple

GOOD = '{"customer_id":"C-1","channel":"email","items":[{"sku":"A-1"}]}'
JSON = "application/json"


class Hostile(NamedTuple):
    """One body, and where it goes."""

    name: str
    body: bytes
    target: str = "/v1/check"
    content_type: str = JSON
    encoding: str | None = None


# What no JSON text may hold, or no field of ours.
VALUES: dict[str, str] = {
    "nan": "NaN",
    "infinity": "Infinity",
    "minus infinity": "-Infinity",
    "beyond measure": "1e400",
    "minus beyond measure": "-1e400",
    "a long number": "9" * 5_000,
    "leading zero": "012",
    "hexadecimal": "0x1f",
    "plus": "+1",
    "bare point": ".5",
    "point at the end": "5.",
    "lone high surrogate": '"\\ud800"',
    "lone low surrogate": '"\\udc00"',
    "surrogates in the wrong order": '"\\udc00\\ud800"',
    "nul": '"a\\u0000b"',
    "single quotes": "'a'",
    "bare word": "undefined",
    "python's none": "None",
    "a comment": "1 /* one */",
    "half an escape": '"\\u12"',
    "unknown escape": '"\\x41"',
    "raw tab": '"a\tb"',
    "raw line break": '"a\nb"',
    "raw nul": '"a\x00b"',
    "an open text": '"a',
    "an open list": "[",
    "an open object": "{",
    "a closed list": "]",
    "trailing comma in a list": "[1,]",
    "trailing comma in an object": '{"a":1,}',
    "no value": "",
    "two values": "1 2",
    "a colon": ":",
    "deep lists": "[" * 20_000 + "]" * 20_000,
    "deep objects": '{"a":' * 20_000 + "1" + "}" * 20_000,
    "fifty lists": "[" * 50 + "]" * 50,
    "fifty objects": '{"a":' * 50 + "1" + "}" * 50,
    "deep and open": "[" * 200_000,
    "an object with a key twice": '{"a":1,"a":2}',
    "an object with a key twice, written differently": '{"a":1,"\\u0061":2}',
    "an object of an empty key": '{"":{"":{}}}',
    "a list of lists": "[[[]]]",
}

# Each field, as the place of a value.
PLACES: dict[str, str] = {
    "customer_id": '{"customer_id":%s,"items":["A"]}',
    "email": '{"email":%s,"items":["A"]}',
    "items": '{"customer_id":"C","items":%s}',
    "an item": '{"customer_id":"C","items":[%s,"B"]}',
    "a sku": '{"customer_id":"C","items":[{"sku":%s}]}',
    "attributes": '{"customer_id":"C","items":["A"],"attributes":{"a":%s}}',
    "slots": '{"customer_id":"C","items":["A"],"slots":%s}',
    "deadline_ms": '{"customer_id":"C","items":["A"],"deadline_ms":%s}',
    "include": '{"customer_id":"C","items":["A"],"include":[%s,"reasons"]}',
    "an unknown field": '{"customer_id":"C","items":["A"],"x":%s}',
}
PLACES_IN_BATCHES: dict[str, str] = {
    "messages": '{"messages":%s}',
    "a message": '{"messages":[%s]}',
    "a message's item": '{"messages":[{"customer_id":"C","items":[%s,"B"]}]}',
}

# Whole bodies of the wrong kind or measure.
WHOLE: dict[str, str] = {
    "nothing": "",
    "blanks": " \n\t ",
    "null": "null",
    "true": "true",
    "a number": "1",
    "a text": '"C-1"',
    "a list": "[]",
    "a list of one message": f"[{GOOD}]",
    "no fields": "{}",
    "no recipient": '{"items":["A"]}',
    "no items": '{"customer_id":"C"}',
    "two messages": f"{GOOD}\n{GOOD}",
    "a message and more": f"{GOOD} x",
    "a key twice": '{"customer_id":"C","customer_id":"D","items":["A"]}',
    "items twice": '{"customer_id":"C","items":["A"],"items":["B"]}',
    "an option twice": '{"customer_id":"C","items":["A"],"deadline_ms":1,"deadline_ms":2}',
    "an empty customer": '{"customer_id":"","items":["A"]}',
    "a blank customer": '{"customer_id":"   ","items":["A"]}',
    "a long customer": json.dumps({"customer_id": "C" * 256, "items": ["A"]}),
    "a customer with a line break": '{"customer_id":"C\\nBcc: x","items":["A"]}',
    "a customer with an escape": '{"customer_id":"C\\u001b[31m","items":["A"]}',
    "a sku with a delete": '{"customer_id":"C","items":["A\\u007f"]}',
    "an empty sku": '{"customer_id":"C","items":[""]}',
    "a long sku": json.dumps({"customer_id": "C", "items": ["A" * 256]}),
    "a yes as sku": '{"customer_id":"C","items":[true]}',
    "a null as sku": '{"customer_id":"C","items":[null]}',
    "a fraction as sku": '{"customer_id":"C","items":[1.5]}',
    "too many items": json.dumps({"customer_id": "C", "items": ["A"] * 1_001}),
    "too many replacements": json.dumps({"customer_id": "C", "items": ["A"], "replacements": ["B"] * 1_001}),
    "too many attributes": json.dumps(
        {"customer_id": "C", "items": [], "attributes": {str(n): "" for n in range(1_001)}}
    ),
    "a long attribute": json.dumps({"customer_id": "C", "items": [], "attributes": {"a": "x" * 3_000}}),
    "a number for attributes": '{"customer_id":"C","items":[],"attributes":7}',
    "a naive time": '{"customer_id":"C","items":[],"send_at":"2026-11-22T09:00:00"}',
    "no time": '{"customer_id":"C","items":[],"send_at":"soon"}',
    "a time as number": '{"customer_id":"C","items":[],"send_at":1795000000}',
    "a day that is none": '{"customer_id":"C","items":[],"send_at":"2026-02-30T09:00:00Z"}',
    "a year that is none": '{"customer_id":"C","items":[],"send_at":"0000-01-01T00:00:00Z"}',
    "a year too late": '{"customer_id":"C","items":[],"send_at":"10000-01-01T00:00:00Z"}',
    "negative slots": '{"customer_id":"C","items":["A"],"slots":-1}',
    "slots beyond measure": '{"customer_id":"C","items":["A"],"slots":18446744073709551616}',
    "yes as slots": '{"customer_id":"C","items":["A"],"slots":true}',
    "no time at all": '{"customer_id":"C","items":["A"],"deadline_ms":0}',
    "all the time": '{"customer_id":"C","items":["A"],"deadline_ms":99999999}',
    "a deadline in words": '{"customer_id":"C","items":["A"],"deadline_ms":"200"}',
    "an unknown include": '{"customer_id":"C","items":["A"],"include":["everything"]}',
    "include as text": '{"customer_id":"C","items":["A"],"include":"reasons"}',
    "too much to include": json.dumps({"customer_id": "C", "items": ["A"], "include": ["reasons"] * 11}),
    "a request id with a line break": '{"customer_id":"C","items":["A"],"request_id":"a\\r\\nSet-Cookie: x"}',
    "an empty request id": '{"customer_id":"C","items":["A"],"request_id":""}',
    "reserve as text": '{"customer_id":"C","items":["A"],"reserve":"no"}',
    "prototype": '{"customer_id":"C","items":["A"],"__proto__":{"admin":true}}',
    "constructor": '{"customer_id":"C","items":["A"],"constructor":1}',
    "a key with nul": '{"customer_id":"C","items":["A"],"\\u0000":1}',
    "a key with a surrogate": '{"customer_id":"C","items":["A"],"\\ud800":1}',
    "a key of a megabyte": json.dumps({"customer_id": "C", "items": ["A"], "k" * 900_000: 1}),
    "a hundred thousand keys": json.dumps({f"k{n}": 1 for n in range(60_000)}),
    "yaml": "customer_id: C\nitems: [A]\n",
    "xml": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e "e">]><x>&e;</x>',
    "a form": "customer_id=C&items=A",
    "json5": "{customer_id:'C',items:['A'],}",
    "a comment first": f"// hello\n{GOOD}",
    "a prefix against hijacking": f")]}}'\n{GOOD}",
    "a record separator first": f"\x1e{GOOD}",
    "a form feed first": f"\x0c{GOOD}",
    "a non-breaking blank first": f"\u00a0{GOOD}",
}
WHOLE_BATCHES: dict[str, str] = {
    "nothing": "",
    "a list": f"[{GOOD}]",
    "one message": GOOD,
    "no messages": '{"messages":[]}',
    "null": '{"messages":null}',
    "a message that is none": '{"messages":[1]}',
    "one bad of two": f'{{"messages":[{GOOD},{{"customer_id":"C"}}]}}',
    "no recipient": '{"messages":[{"items":["A"]}]}',
    "options inside": '{"messages":[{"customer_id":"C","items":["A"],"deadline_ms":1}]}',
    "more beside": f'{{"messages":[{GOOD}],"more":1}}',
    "messages twice": f'{{"messages":[{GOOD}],"messages":[{GOOD}]}}',
    "a key twice inside": '{"messages":[{"customer_id":"C","customer_id":"C","items":["A"]}]}',
    "too many messages": f'{{"messages":[{",".join([GOOD] * 1_001)}]}}',
    "too many items": json.dumps({"messages": [{"customer_id": "C", "items": ["A"] * 1_000}] * 21}),
    "too many replacements": json.dumps(
        {"messages": [{"customer_id": "C", "items": ["A"], "replacements": ["A"] * 1_000}] * 20}
    ),
}
RULES: dict[str, dict[str, str]] = {
    "/v1/rulesets:lint": {
        "nothing": "",
        "no files": '{"files":{}}',
        "a list of files": '{"files":["a.yaml"]}',
        "a folder": '{"files":{"../a.yaml":""}}',
        "an absolute path": '{"files":{"/etc/passwd":""}}',
        "another ending": '{"files":{"a.txt":""}}',
        "a name with nul": '{"files":{"a\\u0000.yaml":""}}',
        "a file as a number": '{"files":{"a.yaml":1}}',
        "a file twice": '{"files":{"a.yaml":"","a.yaml":""}}',
        "a surrogate in a file": '{"files":{"a.yaml":"\\ud800"}}',
        "too many files": json.dumps({"files": {f"a{n}.yaml": "" for n in range(101)}}),
        "something else": '{"files":{"a.yaml":""},"x":1}',
    },
    "/v1/rulesets:plan": {
        "no rules": '{"files":{"a.yaml":""}}',
        "only cases": '{"files":{"a.cases.yaml":"cases: []"}}',
        "an alias bomb": json.dumps({"files": {"a.yaml": "a: &a [x]\n" + "b: [*a,*a]\n" * 50}}),
        "deep yaml": json.dumps({"files": {"a.yaml": "[" * 50_000}}),
        "a name that is a number": '{"files":{"a.yaml":""},"ruleset":1}',
        "python in yaml": json.dumps({"files": {"a.yaml": "!!python/object/apply:os.system ['true']"}}),
    },
    "/v1/rulesets:publish": {
        "no message": '{"files":{"a.yaml":""}}',
        "an empty message": '{"files":{"a.yaml":""},"message":""}',
        "a message with a line break": '{"files":{"a.yaml":""},"message":"a\\nb"}',
        "a long message": json.dumps({"files": {"a.yaml": ""}, "message": "x" * 1_001}),
        "bad rules": '{"files":{"a.yaml":"rules: 1"},"message":"m"}',
        "a version below none": '{"files":{"a.yaml":""},"message":"m","after":-1}',
        "a version in words": '{"files":{"a.yaml":""},"message":"m","after":"1"}',
        "an author": '{"files":{"a.yaml":""},"message":"m","author":"root"}',
    },
    "/v1/rulesets:rollback": {
        "nothing": "{}",
        "no such version": '{"ruleset":"shop","to":99,"message":"m"}',
        "no such ruleset": '{"ruleset":"nix","to":1,"message":"m"}',
        "version none": '{"ruleset":"shop","to":0,"message":"m"}',
        "a version beyond measure": '{"ruleset":"shop","to":1e400,"message":"m"}',
        "a fraction": '{"ruleset":"shop","to":1.5,"message":"m"}',
        "a ruleset with nul": '{"ruleset":"shop\\u0000","to":1,"message":"m"}',
    },
}

# The same good message in clothes it must not wear.
ENCODED: dict[str, bytes] = {
    "utf-8 with a mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "utf-16": GOOD.encode("utf-16"),
    "utf-16 little": GOOD.encode("utf-16-le"),
    "utf-16 big": GOOD.encode("utf-16-be"),
    "utf-32": GOOD.encode("utf-32"),
    "utf-32 big": GOOD.encode("utf-32-be"),
    "utf-7": '{"customer_id":"é","items":["A"]}'.encode("utf-7") + b"}",
    "ebcdic": GOOD.encode("cp500"),
    "latin-1": '{"customer_id":"é","items":["A"]}'.encode("latin-1"),
    "windows-1252": '{"customer_id":"€","items":["A"]}'.encode("cp1252"),
    "shift-jis": '{"customer_id":"日本","items":["A"]}'.encode("shift-jis"),
    "an overlong slash": b'{"customer_id":"\xc0\xaf","items":["A"]}',
    "an overlong nul": b'{"customer_id":"\xc0\x80","items":["A"]}',
    "a surrogate as bytes": b'{"customer_id":"\xed\xa0\x80","items":["A"]}',
    "beyond unicode": b'{"customer_id":"\xf4\x90\x80\x80","items":["A"]}',
    "a lonely tail": b'{"customer_id":"\x80","items":["A"]}',
    "a cut character": b'{"customer_id":"\xe2\x82","items":["A"]}',
    "ff": b"\xff" * 100,
    "nul bytes": b"\x00" * 100,
    "every byte": bytes(range(256)),
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "nul at the end": GOOD.encode() + b"\x00",
    "cut in the middle": GOOD.encode()[:30],
    "10 megabytes": b'{"customer_id":"C","items":["' + b"A" * 10_000_000 + b'"]}',
    "10 megabytes of blanks": b" " * 10_000_000 + GOOD.encode(),
    "10 megabytes of brackets": b"[" * 10_000_000,
    "a byte too many": GOOD.encode().ljust((1 << 20) + 1),
}
COMPRESSED: dict[str, tuple[str, bytes]] = {
    "gzip": ("gzip", gzip.compress(GOOD.encode())),
    "x-gzip": ("x-gzip", gzip.compress(GOOD.encode())),
    "a gzip bomb": ("gzip", gzip.compress(b" " * 10_000_000)),
    "gzip twice": ("gzip, gzip", gzip.compress(gzip.compress(GOOD.encode()))),
    "deflate": ("deflate", zlib.compress(GOOD.encode())),
    "brotli": ("br", b"\x0b\x02\x80{}\x03"),
    "zstandard": ("zstd", b"\x28\xb5\x2f\xfd"),
    "said to be gzip": ("gzip", GOOD.encode()),
    "capitals": ("GZIP", gzip.compress(GOOD.encode())),
    "nonsense": ("rot13", GOOD.encode()),
    "identity and gzip": ("identity, gzip", gzip.compress(GOOD.encode())),
}
CONTENT_TYPES = (
    "", "text/plain", "text/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
    "application/xml", "application/jsonx", "application/json; charset=utf-16", "application/json; charset=latin-1",
    'application/json; charset="ebcdic"', "json", "*/*", "application", "application/yaml", "application/octet-stream",
    "application/jsonl", "a" * 5_000,
)  # fmt: skip


def hostile_bodies() -> Iterator[Hostile]:
    """All of them."""
    for where, place in PLACES.items():
        for what, value in VALUES.items():
            yield Hostile(f"{what} as {where}", (place % value).encode())
    for where, place in PLACES_IN_BATCHES.items():
        for what, value in VALUES.items():
            yield Hostile(f"{what} as {where}", (place % value).encode(), "/v1/check:batch")
    yield from (Hostile(what, text.encode()) for what, text in WHOLE.items())
    for what, text in WHOLE_BATCHES.items():
        yield Hostile(f"batch of {what}", text.encode(), "/v1/check:batch")
    for target, texts in RULES.items():
        for what, text in texts.items():
            yield Hostile(f"{target} {what}", text.encode(), target)
    yield from (Hostile(what, body) for what, body in ENCODED.items())
    for what, (encoding, body) in COMPRESSED.items():
        yield Hostile(what, body, encoding=encoding)
    yield from (Hostile(f"declared as {c[:40]}", GOOD.encode(), content_type=c) for c in CONTENT_TYPES)
    for target in RULES:
        for what in ("nan", "deep lists", "lone high surrogate", "an object with a key twice", "deep and open"):
            yield Hostile(f"{target} {what}", VALUES[what].encode(), target)
