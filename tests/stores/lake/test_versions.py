"""Versions of order lines: at every instant they say what settling all that was known then says."""

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from suppress.facts.history import OrderLine, settle
from suppress.stores.lake_lines import FOREVER_US, StoredLine, Version, versions_of

AT = st.integers(0, 12)
lines = st.lists(
    st.builds(
        StoredLine,
        order_id=st.sampled_from(tuple("abcdefgh")),
        line_id=st.sampled_from(("1", "2")),
        customer_id=st.just("ann"),
        sku=st.just("A"),
        units=st.integers(-4, 5).filter(bool),
        ordered_at_us=AT,
        cancelled_units=st.integers(0, 2),
        returned_units=st.integers(0, 2),
        is_gift=st.integers(0, 1),
        channel=st.none() | st.sampled_from(("web", "shop")),
    ),
    max_size=14,
    unique_by=lambda line: (line.order_id, line.line_id),
)


def as_order_line(line: StoredLine) -> OrderLine:
    return OrderLine(
        line.sku,
        line.ordered_at_us,
        line.units,
        line.cancelled_units,
        line.returned_units,
        bool(line.is_gift),
        line.channel,
    )


def told(purchases: list[tuple[int, int, int, bool, str | None]]) -> list[tuple[int, int, int, bool, str | None]]:
    return sorted(purchases, key=repr)


@given(lines)
def test_versions_are_what_settling_says_at_every_instant(stored: list[StoredLine]) -> None:
    """For every as_of the versions that hold then are the purchases `settle` makes of all lines up to then."""
    versions = list(versions_of(stored))
    for as_of_us in range(-1, 15):
        known = [as_order_line(line) for line in stored if line.ordered_at_us <= as_of_us]
        want = told(
            [
                (each.line.ordered_at_us, each.line.units, each.kept_units, each.line.is_gift, each.line.channel)
                for each in settle(known)[0]
            ]
        )
        holding = [each for each in versions if each.from_us <= as_of_us < each.until_us]
        got = told([(e.ordered_at_us, e.units, e.kept_units, e.is_gift, e.channel) for e in holding])

        assert want == got


@given(lines)
def test_versions_of_a_line_follow_each_other(stored: list[StoredLine]) -> None:
    """The versions of one line begin when it was ordered, join without gap, and last for ever."""
    of_line: dict[tuple[str, str], list[Version]] = {}
    for version in versions_of(stored):
        of_line.setdefault((version.order_id, version.line_id), []).append(version)
    for versions in of_line.values():
        versions.sort(key=lambda each: each.from_us)
        ends = [each.until_us for each in versions]

        assert [versions[0].ordered_at_us, *ends[:-1]] == [each.from_us for each in versions]
        assert FOREVER_US == ends[-1]
        assert all(each.from_us < each.until_us for each in versions)
    assert {(line.order_id, line.line_id) for line in stored if line.units > 0} == set(of_line)


def test_forever_is_what_the_folder_promises() -> None:
    """The end of a version that still holds is 2^62, which fits a BIGINT."""
    assert [(4611686018427387904,)] == duckdb.sql(f"SELECT CAST({FOREVER_US} AS BIGINT)").fetchall()
