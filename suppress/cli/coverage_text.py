"""Turn the coverage of rules by cases into a table and a list of what was not tried."""

from collections.abc import Iterator

from suppress.cases.coverage import Coverage, percent_of
from suppress.cli.columns import GAP


def coverage_table(coverage: Coverage) -> Iterator[str]:
    """The lines of one ruleset: rules with branches tried of all, then every branch that was not, with its place."""
    yield f"{coverage.file}: {coverage.covered} of {coverage.total} branches covered, {percent_of(coverage)} %"
    rows = [("rule", "branches", "covered")]
    rows += [(rule.rule, f"{rule.covered}/{rule.total}", f"{percent_of(rule)} %") for rule in coverage.rules]
    if len(rows) == 1:
        return
    widths = [max(len(row[at]) for row in rows) for at in range(3)]
    for name, branches, percent in rows:
        yield f"  {name:<{widths[0]}}{GAP}{branches:>{widths[1]}}{GAP}{percent:>{widths[2]}}"
    gaps = [gap for rule in coverage.rules for gap in rule.uncovered]
    if gaps:
        yield "  not covered:"
        yield from (f"    {place.file}:{place.line} {words}" for place, words in gaps)
