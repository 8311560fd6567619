"""Whole columns at once give what cells one by one give."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suppress.errors import FactsError
from suppress.facts.identity import normal_email
from suppress.intake import columns
from suppress.intake.columns import Column, Mistake, column_parser
from suppress.intake.identities import compared_email
from suppress.intake.kinds import Kind

CELLS = st.one_of(
    st.sampled_from(["", " ", "A", " a ", "85123a", "ß", "e\u0301", "x" * 300, "\x00true", "2026-03-01T12:00:00Z"]),
    st.sampled_from(["2026-10-25T02:30:00", "2026-10-25 02:30:00+01:00", "20261025", "1", "-3", "2.0", "yes", "NO"]),
    st.text(max_size=6),
)


@pytest.mark.parametrize("kind", [Kind.ID, Kind.INSTANT, Kind.WHOLE, Kind.YES_NO, Kind.TEXT])
@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize("fold_case", [True, False])
@given(cells=st.lists(CELLS, max_size=8))
def test_a_column_is_its_cells(kind: Kind, required: bool, fold_case: bool, cells: list[str]) -> None:
    """Parsing a column gives the values and mistakes of parsing each cell alone."""
    column = Column(name="c", kind=kind, meaning="", required=required, folds=True)
    parse = column_parser(column, zone=ZoneInfo("Europe/Zurich"), fold_case=fold_case)
    alone = [parse([cell]) for cell in cells]
    values = [value for [value], _ in alone]
    mistakes = [Mistake(at, "c", each.reason) for at, (_, found) in enumerate(alone) for each in found]

    assert (values, mistakes) == parse(cells)


def test_remembered_cells_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column with more different cells than are remembered still gives every value."""
    monkeypatch.setattr(columns, "REMEMBERED_CELLS", 10)
    parse = column_parser(Column(name="c", kind=Kind.WHOLE, meaning=""), zone=None, fold_case=False)

    assert list(range(1000)) == parse([str(n) for n in range(1000)])[0]


LOCAL = st.text("abZ0.+-_'ä\" @", max_size=8)
DOMAIN = st.sampled_from(
    ["example.com", "Example.COM", "a.b-c.org", "x", "-x.com", "münchen.de", "", "shop.test", "a..b"]
)


@given(local=LOCAL, domain=DOMAIN, gap=st.sampled_from(["", " "]))
def test_the_quick_way_to_an_email_is_the_right_one(local: str, domain: str, gap: str) -> None:
    """The compared form of an address is the one of facts.identity, or is refused as there."""

    def outcome(function: object, text: str) -> str | None:
        try:
            return str(function(text))  # type: ignore[operator]
        except FactsError:
            return None

    text = f"{gap}{local}@{domain}"

    assert outcome(normal_email, text) == outcome(compared_email, text)
