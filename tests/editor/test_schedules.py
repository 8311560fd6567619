"""What an editor offers and underlines in files of schedules."""

import pytest

from suppress.schedules.reading import KEYS
from tests.editor.drafting import CURSOR, Editor, without_marks

MODELINE = "# yaml-language-server: $schema=./schedules.schema.json\n"
BEGUN = f"{MODELINE}- name: mail\n  messages: m.csv\n  "
OFFERED = {
    "a schedule": (f"{MODELINE}- ", set(KEYS)),
    "behind schedules": (f"{MODELINE}version: 1\nschedules:\n  - ", set(KEYS)),
    "when": (f"{BEGUN}when:\n    ", {"cron", "at", "zone"}),
    "notify": (f"{BEGUN}notify:\n    ", {"command", "webhook", "allow_private"}),
}
WHEN = "when: {at: 2026-12-24T09:00, zone: UTC}"
MARKED = {
    f"{BEGUN}{WHEN}\n": "",
    f"{BEGUN}when: {{at: ⟦tomorrow⟧, zone: UTC}}\n": "write date and time, e.g. `2026-12-01T09:00`",
    f"{BEGUN}when: {{cron: ⟦every day⟧, zone: UTC}}\n": "write minute, hour, day, month and weekday",
    f"{BEGUN}{WHEN}\n  before: ⟦an hour⟧\n": "write a whole number with its unit",
    f"{BEGUN}{WHEN}\n  ⟦befor⟧: 60 minutes\n": "Property befor is not allowed.",
}
"""Whole files, marked as underlined -> a part of the message; empty = none."""


@pytest.mark.parametrize(("before", "keys"), OFFERED.values(), ids=OFFERED)
def test_keys_are_offered(editor: Editor, before: str, keys: set[str]) -> None:
    """Every key of a schedule is offered with a word on what it is for."""
    offered = editor.offers(before + CURSOR)

    assert set() == keys - set(offered)
    assert [] == [key for key in keys if not offered[key].says]


@pytest.mark.parametrize("marked", MARKED, ids=range(len(MARKED)))
def test_what_is_wrong_is_underlined(editor: Editor, marked: str) -> None:
    """The mark begins and ends with the wrong word, and the message says what to write."""
    uri = editor.open(without_marks(marked))

    assert marked == editor.underlined(uri, without_marks(marked))
    assert MARKED[marked] in "".join(editor.messages(uri))
