"""Find what is wrong with a ruleset as a whole: Ruleset in, Problems out; never raises for a user's mistake."""

from suppress.problems import Problem
from suppress.rules.findings import Findings
from suppress.rules.ruleset import Ruleset
from suppress.rules.tree import Instant


def find_problems(ruleset: Ruleset, today: Instant | None = None) -> tuple[Problem, ...]:
    """Every mistake of meaning, in file order. `today`: rules that ended before it are reported; None = none is."""
    findings = Findings()
    return findings.problems
