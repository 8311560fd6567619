"""The exit codes of the command line. Scripts rely on them: never change one."""

from typing import Final

OK: Final = 0
UNEXPECTED: Final = 1
USAGE: Final = 2
RULES_INVALID: Final = 3
CASES_FAILED: Final = 4
SUPPRESSED: Final = 5
FACTS_STALE_OR_MISSING: Final = 6
PARTIAL: Final = 7
UNFORMATTED: Final = 8
MAX_SHARE_PASSED: Final = 9
LOG_ALTERED: Final = 10
INTERRUPTED: Final = 130
