"""docs/imports.md says what the row definitions say. SUPPRESS_REWRITE=1 writes the tables anew."""

import os
import re
from pathlib import Path

from suppress.intake.rows import FORMS, columns_table

DOCS = Path(__file__).parents[2] / "docs" / "imports.md"


def _with_tables(text: str) -> str:
    for source, form in FORMS.items():
        mark = f"<!-- columns: {source.value} -->\n"
        start, _, rest = text.partition(mark)
        after = re.sub(r"\A\s*(\|.*\n)*\s*", "", rest)
        text = f"{start}{mark}\n{columns_table(form)}\n\n{after}"
    return text.rstrip() + "\n"


def test_the_tables_of_columns_are_fresh() -> None:
    """Every source has its table in the documentation, as the row definitions give it."""
    text = DOCS.read_text(encoding="utf-8")
    if os.environ.get("SUPPRESS_REWRITE"):
        DOCS.write_text(_with_tables(text), encoding="utf-8")
        text = DOCS.read_text(encoding="utf-8")

    assert _with_tables(text) == text
    for source in FORMS:
        assert f"<!-- columns: {source.value} -->" in text


def test_every_reason_to_fold_is_documented() -> None:
    """The columns --fold-case applies to are exactly those of the kinds the documentation lists."""
    folded = {column.name for form in FORMS.values() for column in form.columns if column.folds}

    assert {
        "sku", "item_group_id", "order_id", "line_id", "customer_id", "household_id", "bundle_of", "items",
    } == folded  # fmt: skip
