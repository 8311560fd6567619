"""Files made to hurt a reader: name -> bytes. The same seed gives the same files; large ones are made here."""

import gzip
import random
from collections.abc import Iterator

MEGABYTE = 1_000_000
RULE = "  - {{id: r{0}, drop: item, code: {1}, when: {2}}}\n"


def corpus(seed: int) -> dict[str, bytes]:
    """All files by name; every one of them must be refused with a Problem."""
    files = {
        f"{family.__name__}-{name}": data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        for family in (depth, references, tags, encodings, characters, numbers, sizes, meanings, tables)
        for name, data in family()
    }
    files.update((f"noise-{name}", data) for name, data in noise(random.Random(seed)))
    return files


def depth() -> Iterator[tuple[str, str]]:
    """Nesting that overflows a stack."""
    many = 200_000
    for name, opener in (
        ("brackets", "["), ("braces", "{"), ("dashes", "- "), ("question-marks", "? "), ("maps", "{a: "),
        ("both", "[{"), ("keys", "{[" ), ("closers", "]"), ("nots", "{not: "), ("alls", "{all: ["),
    ):  # fmt: skip
        yield name, opener * many
    yield "closed-brackets", "[" * many + "]" * many
    yield "sixty-five", "[" * 65 + "]" * 65
    yield "indented-maps", "".join(" " * level + "a:\n" for level in range(1_300))
    yield "indented-lists", "".join(" " * level + "-\n" for level in range(1_300))
    yield "rule", head() + RULE.format(1, "recalled", "{not: " * 70 + "{item.brand: x}" + "}" * 70)
    yield "dashes-on-lines", "- - - - - - - - \n" * 50_000


def references() -> Iterator[tuple[str, str]]:
    """Anchors, aliases and merge keys."""
    laughs = "a0: &a0 [lol]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30))
    yield "laughs", laughs
    merges = "a0: &a0 {x: 1}\n" + "".join(
        f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 20)
    )
    yield "merges", merges
    yield "itself", "a: &a [*a]\n"
    yield "itself-as-key", "&a {*a : 1}\n"
    yield "unknown", head() + "  - *nowhere\n"
    yield "root", "&root\nversion: 1\n"
    yield "long-name", "a: &" + "a" * 500_000 + " 1\n"
    yield "many", "".join(f"k{i}: &a{i} 1\n" for i in range(40_000))
    yield "on-keys", "".join(f"&a{i} k{i}: 1\n" for i in range(40_000))
    yield "merge-key", "<<: {version: 1}\n"
    yield "quoted-merge-key", '"<<": {version: 1}\n'
    yield "stars", "*" * MEGABYTE
    yield "ampersands", "&a " * 300_000


def tags() -> Iterator[tuple[str, str]]:
    """Tags that make other readers build things."""
    for name, tag in (
        ("system", "!!python/object/apply:os.system ['touch /tmp/hostile']"), ("name", "!!python/name:os.system"),
        ("module", "!!python/module:os"), ("new", "!!python/object/new:os.system ['true']"),
        ("binary", "!!binary R0lGODlh"),
        ("timestamp", "!!timestamp 2026-11-22"), ("set", "!!set {a, b}"), ("omap", "!!omap [a: 1]"),
        ("float", "!!float 1"), ("verbatim", "!<tag:yaml.org,2002:str> a"), ("local", "!secret a"), ("lone", "! a"),
        ("include", "!include /etc/passwd"), ("undefined", "!e!x a"), ("unclosed", "!<tag:x a"),
        ("escaped", "!%ff%ff a"),
    ):  # fmt: skip
        yield name, f"version: 1\nruleset: x\nowner: {tag}\n"
    yield "directive", "%TAG ! tag:example.org,2026:\n---\n!a {version: 1}\n"
    yield "version-directive", "%YAML 9999999999.1\n---\nversion: 1\n"
    yield "directives", "%a b\n" * 200_000
    yield "long", "a: !" + "a" * 900_000 + " b\n"
    yield "many", "!a " * 300_000


def encodings() -> Iterator[tuple[str, bytes]]:
    """Bytes that are not UTF-8 text."""
    text = "version: 1\nruleset: x\nowner: Jürg €\nrules: []\n"
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "cp1252", "cp500"):
        yield encoding, text.encode(encoding, "replace")
    yield "utf-7", text.encode("utf-7")
    yield "overlong", b"version: \xc0\xb1\n"
    yield "surrogates", b"owner: \xed\xa0\x80\xed\xb0\x80\n"
    yield "cut-short", "owner: €".encode()[:-1]
    yield "continuation", b"\x80\x80\x80\x80"
    yield "beyond-unicode", b"owner: \xf4\x90\x80\x80\n"
    yield "gzip", gzip.compress(text.encode(), mtime=0)
    yield "png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    yield "elf", b"\x7fELF\x02\x01\x01" + bytes(64)
    yield "bom-only", b"\xef\xbb\xbf"
    yield "bom-twice", b"\xef\xbb\xbf\xef\xbb\xbf" + text.encode()
    yield "bom-inside", b"version: 1\nruleset: \xef\xbb\xbfx\n"
    yield "late-stray-byte", b"# " + b"a" * 900_000 + b"\n\xff\n"
    yield "half-megabyte-of-utf-16", ("version: 1\n" * 20_000).encode("utf-16")


def characters() -> Iterator[tuple[str, str]]:
    """Characters that mislead eyes, terminals or line counts."""
    for code in (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F, 0x80, 0x85, 0x9F, 0xFFFE, 0xFFFF):
        yield f"control-{code:04x}", f"version: 1\nruleset: a{chr(code)}b\n"
    for code in (0x200B, 0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2066, 0x2069, 0xFEFF):
        yield f"invisible-{code:04x}", f"version: 1\nruleset: a{chr(code)}b\n"
    for name, escape in (
        ("nul", "\\0"), ("bell", "\\a"), ("escape", "\\e[31m"), ("override", "\\u202e"), ("surrogate", "\\ud800"),
        ("beyond", "\\U00110000"), ("line-separator", "\\L"), ("next-line", "\\N"), ("hex", "\\x1b"), ("cut", "\\u12"),
    ):  # fmt: skip
        yield f"escaped-{name}", f'version: 1\nruleset: "{escape}"\n'
    yield "nul-first", "\0version: 1\n"
    yield "nul-last", "version: 1\nruleset: x\nrules: []\n\0"
    yield "nul-megabyte", "\0" * MEGABYTE
    yield "tabs", "\t" * MEGABYTE
    yield "carriage-returns", "version: 1\rruleset: x\rrules: []\r"
    yield "cyrillic-name", "version: 1\nruleset: а123\nrules: []\n"
    yield "combining", "version: 1\nruleset: a" + "\u0301" * 300_000 + "\n"


def numbers() -> Iterator[tuple[str, str]]:
    """Numbers and dates beyond what a machine holds."""
    digits = "9" * 5_000
    for name, value in (
        ("digits", digits), ("negative-digits", f"-{digits}"), ("zeros", "0" * 5_000 + "x"),
        ("decimals", f"1.{digits}"),
        ("exponent", "1e999999999"), ("nan", ".nan"), ("infinity", ".inf"), ("hex", "0x10"), ("octal", "0o17"),
        ("sexagesimal", "190:20:30"), ("separators", "1_000_000"), ("arabic-digits", "١٢٣"), ("full-width", "１２"),
        ("two-to-53", str(2**53)), ("fraction", "½"),
    ):  # fmt: skip
        yield name, head() + RULE.format(1, "low_stock", f"{{stock.on_hand: {{above: {value}}}}}")
    for name, value in (
        ("long-duration", f"{digits} days"), ("century", "101 years"), ("superscript-duration", "5² days"),
        ("arabic-duration", "٥ days"), ("huge-duration", "999999999999999999 seconds"), ("nothing", "0 days"),
    ):  # fmt: skip
        yield name, head() + RULE.format(1, "low_stock", f"{{bought: {{same: sku, within: {value}}}}}")
    for name, value in (
        ("year-zero", "0000-01-01"), ("last-day", "9999-12-31"), ("long-year", f"{digits}-01-01"),
        ("leap", "2026-02-29"),
        ("leap-second", "2026-12-31T23:59:60Z"), ("wide-offset", "2026-12-31T23:59:59+99:99"),
        ("no-zone", "2026-12-31T23:59:59"), ("nanoseconds", "2026-12-31T23:59:59.123456789Z"),
    ):  # fmt: skip
        yield name, head() + RULE.format(1, "low_stock", "{item.brand: x}").replace("}\n", f", ends: {value}}}\n")
    yield "version", f"version: {digits}\nruleset: x\nrules: []\n"
    yield "units", head() + RULE.format(1, "low_stock", f"{{bought: {{same: sku, at_least: {digits} units}}}}")


def sizes() -> Iterator[tuple[str, str]]:
    """Length that costs time or memory."""
    yield "just-too-large", "#" * (MEGABYTE + 1)
    yield "five-megabytes", "# a comment\n" * 420_000
    for name, piece in (
        ("letters", "a"), ("newlines", "\n"), ("spaces", " "), ("comments", "# a\n"), ("colons", ": "), ("commas", ","),
        ("documents", "---\n"), ("ends", "...\n"), ("single-quotes", "'"), ("double-quotes", '"'),
        ("dash-lines", "- a\n"),
        ("same-keys", "a: 1\n"), ("words", "word\n"), ("pipes", "|\n"), ("percents", "%\n"), ("dashes", "-"),
        ("hashes-after", "a #"), ("flow-pairs", "{a: b}"), ("exclamations", "!"), ("back-quotes", "`"),
        ("crlf", "\r\n"),
        ("question-lines", "? a\n"), ("empty-items", "-\n"), ("empty-keys", "?\n"), ("key-colon", "a:"),
    ):  # fmt: skip
        yield name, (piece * (MEGABYTE // len(piece) + 1))[:MEGABYTE]
    yield "open-quote", 'owner: "' + "a" * 900_000
    yield "open-escapes", 'owner: "' + "\\n" * 450_000
    yield "open-flow", "owner: [" + "a, " * 300_000
    yield "list", "owner: [" + "a, " * 300_000 + "]"
    yield "flow-map", "{" + "".join(f"k{i}: v, " for i in range(70_000)) + "}"
    yield "keys", "".join(f"key-{i}: v\n" for i in range(70_000))
    yield "long-key", "k" * 900_000 + ": 1\n"
    yield "long-quoted-key", '"' + "k" * 900_000 + '": 1\n'
    yield "long-name", "version: 1\nruleset: " + "n" * 900_000 + "\n"
    yield "text-block", "owner: |\n" + "  text\n" * 140_000
    yield "folded-block", "owner: >\n" + "  text\n\n" * 120_000
    yield "deep-block", "owner: |\n" + " " * 500_000 + "a\n" + " " * 499_000 + "b\n"
    yield "lists-of-one", "- [a]\n" * 160_000
    yield "plain-lines", "owner: a\n" + "  b\n" * 240_000


def meanings() -> Iterator[tuple[str, str]]:
    """Sound YAML whose meaning costs time to read or to check."""
    bad = "no_such_code"
    yield "rules", head() + "".join(RULE.format(i, bad, f"{{item.sku: s{i}}}") for i in range(4_000))
    yield (
        "wide-rules",
        head()
        + "".join(
            RULE.format(i, "recalled", "{any: [" + ", ".join(f"{{item.sku: s{i}-{k}}}" for k in range(60)) + "]}")
            for i in range(250)
        )
        + RULE.format("z", bad, "{item.sku: z}"),
    )
    yield "same-rules", head() + "".join(RULE.format(i, "recalled", "{item.sku: a}") for i in range(4_000))
    yield (
        "one-more",
        head() + RULE.format(1, bad, "{all: [" + ", ".join(f"{{item.sku: s{i}}}" for i in range(9_000)) + "]}"),
    )
    yield "fields", head() + "".join(RULE.format(i, bad, f"{{stok.on_hnd{i}: 1}}") for i in range(4_000))
    yield "near-keys", head() + "  - {" + ", ".join(f"cod{i}: x" for i in range(20_000)) + "}\n"
    yield (
        "numbers",
        head()
        + RULE.format(1, bad, "{all: [" + ", ".join(f"{{stock.on_hand: {{above: {i}}}}}" for i in range(7_000)) + "]}"),
    )
    yield (
        "values",
        head() + RULE.format(1, bad, "{item.sku: {in: [" + ", ".join(f"s{i}" for i in range(45_000)) + "]}}"),
    )
    yield "same-values", head() + RULE.format(1, bad, "{item.sku: {in: [" + "s, " * 45_000 + "s]}}")
    nots = ", ".join(f"{{not: {{any: [{{item.sku: a{i}}}, {{item.sku: b{i}}}]}}}}" for i in range(2_000))
    parts = ", ".join(f"{{item.title: {{contains: c{i}}}}}" for i in range(4_000))
    yield "nots", head() + RULE.format(1, bad, f"{{all: [{nots}, {parts}]}}")
    yield "tree", head() + RULE.format(1, bad, tree(13)) + RULE.format(2, bad, tree(13).replace("t5", "u5"))
    yield "unless-tree", head() + RULE.format(1, bad, tree(12) + ", unless: " + tree(12).replace("t5", "u5"))
    for name, pattern in (
        ("repeat", "(x{1000}){1000}"), ("classes", "\\pL{900}"), ("open-groups", "(" * 900),
        ("alternatives", "|" * 900 + "("),
        ("behind", "(?<!a)b"), ("back-reference", "(a)\\1"), ("recursion", "(?R)"), ("long", "a" * 1_001),
        ("nul", "\\x{110000}"),
    ):  # fmt: skip
        yield f"pattern-{name}", head() + RULE.format(1, "recalled", f"{{item.title: {{matches: '{pattern}'}}}}")
    yield (
        "patterns",
        head()
        + "".join(RULE.format(i, "recalled", f"{{item.title: {{matches: '\\pL{{10}}{i}'}}}}") for i in range(2_000)),
    )
    yield (
        "large-patterns",
        head()
        + "".join(RULE.format(i, "recalled", f"{{item.title: {{matches: '\\pL{{500}}{i}'}}}}") for i in range(900)),
    )
    for name, zone in (
        ("passwd", "../../../etc/passwd"), ("absolute", "/etc/passwd"), ("long", "A" * 900), ("local", "localtime"),
        ("folder", "Europe"), ("posix", "posix/UTC"), ("dots", ".."), ("bar", "UTC|x"),
    ):  # fmt: skip
        yield f"zone-{name}", f"version: 1\nruleset: x\ntime_zone: {zone}\nrules: []\n"
    yield (
        "codes",
        "version: 1\nruleset: x\ncodes: {" + ", ".join(f"Code-{i}: x" for i in range(20_000)) + "}\nrules: []\n",
    )
    yield "template", "version: 1\nruleset: {{ name }}\nrules: {% for r in rules %}\n"
    yield "json", '{"version": 1, "ruleset": "x", "rules": [{"id": "a", "drop": "item", "when": {}}]}'
    yield "html", "<!doctype html><script>alert(1)</script>"
    yield "csv", "version,ruleset\n1,x\n"


def noise(random_: random.Random) -> Iterator[tuple[str, bytes]]:
    """Bytes and signs without order."""
    for number in range(10):
        yield f"bytes-{number}", random_.randbytes(random_.choice((10, 1_000, 500_000)))
    signs = "[]{}:,-?!&*#|>'\"%@` \n\tab1\\"
    for number in range(10):
        yield f"signs-{number}", b"{" + "".join(random_.choices(signs, k=100_000)).encode()


def tables() -> Iterator[tuple[str, str]]:
    """Long lists and maps of the words a rule file declares at its top and asks for in its rules."""
    bad = "no_such_code"
    top = "version: 1\nruleset: x\n"
    many = 12_000
    channels = ", ".join(f"c{i}" for i in range(40_000))
    yield "channels", head() + RULE.format(1, bad, f"{{bought: {{same: sku, channel: [{channels}]}}}}")
    yield "same-channels", head() + RULE.format(1, bad, "{shown: {same: sku, channel: [" + "c, " * 40_000 + "c]}}")
    declared = "".join(f"  item.attributes.abcdefgh{i}: number\n" for i in range(many))
    asked = ", ".join(f"{{item.attributes.abcdefghij{i}: x}}" for i in range(8_000))
    yield "attributes", f"{top}attributes:\n{declared}rules:\n" + RULE.format(1, bad, f"{{any: [{asked}]}}")
    yield "wrong-attributes", f"{top}attributes:\n" + "".join(f"  a{i}: number\n" for i in range(many)) + "rules: []\n"
    yield "cycles", f"{top}cycles:\n" + "".join(f"  a/b{i}: 30 days\n" for i in range(20_000)) + "rules: []\n"
    yield "regions", f"{top}regions:\n" + "".join(f"  r{i}: [a, b]\n" for i in range(9_000)) + "rules: []\n"
    locations = ", ".join(f"l{i}" for i in range(40_000))
    yield "locations", f"{top}regions: {{ZH: [{locations}]}}\nrules: []\n"
    at = ", ".join(f"{{stock.on_hand: {{at: l{i}, below: {i}}}}}" for i in range(6_000))
    yield "places", head() + RULE.format(1, bad, f"{{any: [{at}]}}")
    zones = ", ".join(f"{{sent: {{calendar: day, zone: Europe/Zurich{i}}}}}" for i in range(5_000))
    yield "zones", head() + RULE.format(1, bad, f"{{any: [{zones}]}}")
    sent = ", ".join(f"{{sent: {{within: {i} days, at_least: {i}}}}}" for i in range(1, 5_000))
    yield "windows", head() + RULE.format(1, bad, f"{{any: [{sent}]}}")
    yield "share", f"{top}max_share: {'9' * 500_000}%\nrules: []\n"
    yield "long-share", f"{top}max_share: 0.{'9' * 500_000}\nrules: []\n"
    yield "clock", head() + RULE.format(1, "recalled", f"{{message.local_time: {{below: '{'1' * 500_000}'}}}}")
    yield "count", head() + RULE.format(1, "recalled", f"{{shown: {{same: sku, at_least: {'9' * 500_000} times}}}}")
    yield "defined", head() + "".join(RULE.format(i, bad, f"{{defined: d{i}}}") for i in range(3_000))


def head() -> str:
    return "version: 1\nruleset: x\nrules:\n"


def tree(levels: int) -> str:
    """A condition that doubles with every level, in flow style; `t5` stands in many of its leaves."""
    if levels == 0:
        return "{item.sku: t5}"
    inner = tree(levels - 1)
    return f"{{{'all' if levels % 2 else 'any'}: [{inner}, {inner.replace('t5', f't{levels + 10}', 1)}]}}"
