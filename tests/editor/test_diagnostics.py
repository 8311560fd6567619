"""What an editor underlines: the very word that is wrong, and what to write instead; and nothing in a sound file."""

from pathlib import Path

import pytest

from suppress.rules.reading import rule_files
from tests.editor.conftest import ROOT
from tests.editor.drafting import Editor, without_marks
from tests.editor.language_server import LanguageServer
from tests.editor.test_completion import FILE, MODELINE

BEGUN = f"{FILE}rules:\n  - id: a\n    drop: item\n    code: recalled\n"
A_RULE = f"{BEGUN.removeprefix(FILE)}    when: {{item.brand: A}}\n"
SHIPPED = sorted((ROOT / "rulesets").glob("*.yaml"))
TRIED = rule_files(ROOT / "tests" / "cases")[0]

CONDITIONS = {
    "item.brand: Acme": "",
    "item.brand: true": "",
    "item.brand: {is: ⟦{a: b}⟧}": "write a text",
    "item.brand: ⟦[Acme]⟧": "write a text",
    "stock.available_units: {below: ⟦three⟧}": "write a whole number, without quotes",
    "stock.available_units: {below: ⟦1.5⟧}": "write a whole number, without quotes",
    'stock.available_units: {below: ⟦"1"⟧}': "write a whole number, without quotes",
    "stock.available_units: ⟦three⟧": 'Incorrect type. Expected "integer | operators".',
    "stock.available_units: ⟦{lower: 1}⟧": "a map of `is`, `is_not`, `in`, `not_in`, `below`",
    "⟦stock.availble_units⟧: {below: 1}": "Property stock.availble_units is not allowed.",
    "item.status: ⟦recaled⟧": "write `active` or `discontinued` or `recalled` or `hidden`",
    "item.status: {in: [recalled, ⟦recaled⟧]}": '"active", "discontinued", "recalled", "hidden"',
    "item.status: {in: ⟦recalled⟧}": 'Expected "array"',
    "item.status:\n        in:\n          - recalled\n          - ⟦recaled⟧": '"active", "discontinued", "recalled"',
    "item.replenishment_due: ⟦maybe⟧": "write `yes` or `no`",
    "item.replenishment_due: {is: ⟦1⟧}": "write `yes` or `no`",
    "item.category: {under: ⟦/home⟧}": "write a category such as `home/bedroom`, without `/` at its ends",
    "item.sku: {in: ⟦[a, a]⟧}": "duplicate",
    "stock.age: {below: ⟦6⟧}": "write a whole number with its unit, e.g. `30 days` or `6 hours`",
    "stock.age: ⟦6 hours⟧": 'Expected "operators"',
    "stock.incoming_at: {below: ⟦tomorrow⟧}": "write a date such as `2026-12-24`",
    "bought: {same: ⟦skus⟧}": '"sku", "item_group", "category", "brand"',
    "⟦bought⟧: {within: 30 days}": 'Missing property "same".',
    "bought: {same: sku, within: ⟦30⟧}": "write a whole number with its unit",
    "bought: {same: sku, within: ⟦30 dys⟧}": "write a whole number with its unit",
    "bought: {same: sku, at_least: ⟦0⟧}": "below the minimum of 1",
    "bought: {same: sku, kept: ⟦no⟧}": "write `yes` or `any`",
    "bought: {same: sku, by: ⟦house⟧, gifts: ⟦maybe⟧}": '"customer", "household"',
    "bought: {same: sku, at_least: ⟦2 boxes⟧}": "e.g. `3` or `3 units` or `3 orders`",
    "shown: {same: ⟦brand⟧}": '"sku", "item_group", "category"',
    "sent: {within: ⟦7 dys⟧, at_least: 3}": "write a whole number with its unit",
    "sent: {calendar: ⟦year⟧, zone: shop}": '"day", "week", "month"',
    "⟦sent⟧: {at_least: 3}": "write `within`, or `calendar` and `zone`",
    "sent: ⟦{calendar: day}⟧": "missing property zone required by property calendar",
    "sent: {within: 7 days, calendar: ⟦day⟧, zone: shop}": "write `within` or `calendar`, not both",
    "stock.available_units: ⟦{at: zurich}⟧": "fewer properties than the required number of 2",
    "said: {says: [already_own, ⟦mine⟧], same: sku}": '"already_own", "not_interested", "bought_as_gift"',
    "⟦shwon⟧: {same: sku}": "Property shwon is not allowed.",
    'message.local_time: {between: [⟦"25:00"⟧, "08:00"]}': "write hours and minutes, e.g. `08:00`",
    "message.local_date: ⟦24.12.2026⟧": "write a date such as `2026-12-25`",
    "message.local_weekday: ⟦Mon⟧": "write `monday` or `tuesday`",
    "customer.consent.sms: ⟦maybe⟧": "write `yes` or `no`",
    "stock.group_in_stock_share: {below: ⟦half⟧}": "write whole percent from 0 to 100",
    "item.price_minor: {⟦at⟧: zurich, below: 1}": "Property at is not allowed.",
    "any: ⟦{item.status: recalled}⟧": 'Expected "array"',
    "any:\n        - item.status: recalled\n        - stock.on_hand: {above: ⟦many⟧}": "write a whole number",
    "all: [{not: {customer.known: ⟦perhaps⟧}}]": "write `yes` or `no`",
}
"""What stands under `when:`, marked as underlined -> a part of the message; empty = none."""

FILES = {
    f"{MODELINE}version: ⟦2⟧\nruleset: shop\nrules: ⟦[]⟧\n": "Valid values: 1.",
    f"{MODELINE}version: 1\nruleset: ⟦Shop!⟧\n{A_RULE}":
        "write lower-case letters, digits and `-`",
    f"{BEGUN}    when: {{item.brand: A}}\n    mode: ⟦loud⟧\n": '"enforce", "shadow", "off"',
    f"{BEGUN}    when: {{item.brand: A}}\n    starts: ⟦tomorrow⟧\n": "write a date such as `2026-12-24`",
    f"{BEGUN}    when: {{item.brand: A}}\n    ⟦modus⟧: shadow\n": "Property modus is not allowed.",
    f"{FILE}rules:\n  - ⟦i⟧d: a\n    code: recalled\n    when: {{item.brand: A}}\n": "write one effect: `drop: item`",
    f"{FILE}rules:\n  - ⟦i⟧d: a\n    drop: item\n    when: {{item.brand: A}}\n": 'Missing property "code".',
    f"{FILE}rules:\n  - id: a\n    hold: {{until: ⟦noon⟧}}\n    code: quiet_hours\n    when: {{item.brand: A}}\n":
        "write hours and minutes",
    f"{BEGUN}    when: {{item.brand: A}}\n    always: ⟦perhaps⟧\n": "write `yes` or `no`",
    f"{BEGUN}    when: {{item.brand: A}}\n    max_share: ⟦140%⟧\n": "write a share from 0% to 100%",
    f"{FILE}control_group: ⟦5⟧\n{A_RULE}": "write a share from 0% to 100%",
    f"{BEGUN}    when: {{item.brand: A}}\n    suppress: ⟦message⟧\n": "a rule has one effect",
    f"{BEGUN}    when: {{item.brand: A}}\n    hold: ⟦{{for: 2 hours}}⟧\n": "a rule has one effect",
    f"{FILE}attributes: {{customer.attributes.tier: ⟦integer⟧}}\n{A_RULE}":
        '"text", "number", "yes/no", "date"',
    f"{FILE}cycles: {{⟦/coffee⟧: 30 days}}\n{A_RULE}": "write a category such as `home/bedroom`",
    f"{FILE}attributes: {{⟦tier⟧: number}}\n{A_RULE}": "write the whole name, e.g. `customer.attributes.tier`",
    f"{FILE}codes: {{⟦Mine⟧: of my own}}\n{A_RULE}": "write lower-case letters, digits and `_`",
    f"{FILE}define: {{⟦Ours⟧: {{item.brand: A}}}}\n{A_RULE}": "write lower-case letters, digits and `-`",
    f"{FILE}cycles: {{grocery/coffee: ⟦30⟧}}\n{A_RULE}":
        "write whole days, e.g. `30 days`",
    f"{FILE}defaults: {{stock_max_age: ⟦6⟧}}\n{A_RULE}":
        "write a whole number with its unit",
}  # fmt: skip
"""Whole files, marked as underlined -> a part of the first message."""

MARKED = {f"{BEGUN}    when:\n      {condition}\n": told for condition, told in CONDITIONS.items()} | FILES


@pytest.fixture(scope="module")
def opened(editor: Editor) -> dict[str, str]:
    """The files above, all open at once since the server waits before it looks at one: marked text -> URI."""
    return {marked: editor.open(without_marks(marked)) for marked in MARKED}


@pytest.mark.parametrize("marked", MARKED, ids=[*CONDITIONS, *(f"file {number}" for number in range(len(FILES)))])
def test_what_is_wrong_is_underlined(editor: Editor, opened: dict[str, str], marked: str) -> None:
    """The mark begins and ends with the wrong word, and the message says what to write."""
    text = without_marks(marked)

    assert marked == editor.underlined(opened[marked], text)
    assert MARKED[marked] in "".join(editor.messages(opened[marked])[:1])


@pytest.fixture(scope="module")
def shipped(server: LanguageServer) -> dict[Path, str]:
    """Every file that is shipped, as it is on disk, all open at once: path -> URI."""
    uris = {path: path.as_uri() for path in SHIPPED}
    for path, uri in uris.items():
        server.open(uri, path.read_text(encoding="utf-8"))
    return uris


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_nothing_is_wrong_with_what_is_shipped(server: LanguageServer, shipped: dict[Path, str], path: Path) -> None:
    """Every shipped rule file and its cases name a schema that exists, and nothing in them is underlined."""
    schema = "cases" if path.name.endswith(".cases.yaml") else "ruleset"

    assert path.read_text(encoding="utf-8").startswith(f"# yaml-language-server: $schema=./{schema}.schema.json\n")
    assert (path.parent / f"{schema}.schema.json").is_file()
    assert [] == server.diagnostics(shipped[path])


@pytest.fixture(scope="module")
def tried(editor: Editor) -> dict[Path, str]:
    """The rule files our own cases try, under the schema of those that are shipped: path -> URI."""
    return {path: editor.open(MODELINE + path.read_text(encoding="utf-8")) for path in TRIED}


@pytest.mark.parametrize("path", TRIED, ids=lambda path: path.name)
def test_nothing_is_wrong_with_what_our_cases_try(editor: Editor, tried: dict[Path, str], path: Path) -> None:
    """Whatever the language can do, and our own cases show, an editor takes without complaint."""
    assert [] == editor.messages(tried[path])
