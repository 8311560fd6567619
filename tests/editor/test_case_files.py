"""What an editor offers and underlines in files of cases: the columns of imports, the questions, the codes."""

import pytest

from suppress.cases.shapes import CASE_KEYS, FILE_KEYS, MESSAGE_KEYS, QUESTIONS
from suppress.decisions.decision import Verdict
from suppress.decisions.reasons import REASON_CODES
from suppress.intake.rows import FORMS
from tests.editor.drafting import CURSOR, Editor, without_marks

MODELINE = "# yaml-language-server: $schema=./cases.schema.json\n"
CASES = f"{MODELINE}cases:\n  - name: a story\n    as_of: 2026-11-22T09:00:00Z\n    "
WANTED = f"{CASES}message: {{items: [A]}}\n    want: "

KEYS = {
    "file": (MODELINE, set(FILE_KEYS)),
    "case": (f"{MODELINE}cases:\n  - ", set(CASE_KEYS)),
    "message": (f"{CASES}message:\n      ", set(MESSAGE_KEYS)),
    "want": (f"{CASES}want:\n      ", set(QUESTIONS)),
    "given": (f"{MODELINE}given:\n  ", {*FORMS, "feeds"}),
    "given of a case": (f"{CASES}given:\n      ", {*FORMS, "feeds"}),
    **{
        f"rows of {name}": (f"{MODELINE}given:\n  {name}:\n    - ", {column.name for column in form.columns})
        for name, form in FORMS.items()
    },
}
VALUES = {
    "{verdict: ": set(Verdict),
    "\n      dropped:\n        A: ": set(REASON_CODES),
    "{dropped: {A: ": set(REASON_CODES),
}

MARKED = {
    f"{WANTED}{{verdict: send, dropped: {{}}}}\n": "",
    f"{WANTED}{{verdict: ⟦sned⟧}}\n": "write e.g. `verdict: send`",
    f"{WANTED}{{⟦verdicts⟧: send}}\n": "Property verdicts is not allowed.",
    f"{CASES}message: {{items: [A], ⟦chanel⟧: sms}}\n    want: {{verdict: send}}\n": "Property chanel is not allowed.",
    f"{CASES}given:\n      orders:\n        - {{sku: A, ordered_at: ⟦6 dys ago⟧}}\n"
    "    message: {items: [A]}\n    want: {verdict: send}\n": "write a time told from as_of, e.g. `6 days ago`",
    f"{CASES}given:\n      stock:\n        - {{sku: A, on_hand: ⟦many⟧}}\n"
    "    message: {items: [A]}\n    want: {verdict: send}\n": "write a whole number",
    f"{MODELINE}cases:\n  - ⟦n⟧ame: a story\n    want: {{verdict: send}}\n": 'Missing property "message".',
}
"""Whole files, marked as underlined -> a part of the message; empty = none."""


@pytest.mark.parametrize(("before", "keys"), KEYS.values(), ids=KEYS)
def test_the_keys_of_a_case_file(editor: Editor, before: str, keys: set[str]) -> None:
    """Every key of a story, and every column of the rows it is given, is offered with a word on what it is for."""
    begun = {key for key in keys if f" {key}: " in before.rpartition("cases:")[2]}
    offered = editor.offers(before + CURSOR)

    assert set() == keys - begun - set(offered)
    assert [] == [key for key in keys - begun if not offered[key].says]


@pytest.mark.parametrize(("before", "values"), VALUES.items())
def test_the_words_of_an_answer(editor: Editor, before: str, values: set[str]) -> None:
    """Verdicts are offered, and for dropped items the reason codes."""
    assert values == {str(offer.inserts) for offer in editor.offers(f"{CASES}want: {before}{CURSOR}").values()}


@pytest.fixture(scope="module")
def opened(editor: Editor) -> dict[str, str]:
    """The files above, all open at once: marked text -> URI."""
    return {marked: editor.open(without_marks(marked)) for marked in MARKED}


@pytest.mark.parametrize("marked", MARKED, ids=range(len(MARKED)))
def test_what_is_wrong_is_underlined(editor: Editor, opened: dict[str, str], marked: str) -> None:
    """The mark begins and ends with the wrong word, and the message says what to write."""
    assert marked == editor.underlined(opened[marked], without_marks(marked))
    assert MARKED[marked] in "".join(editor.messages(opened[marked]))
