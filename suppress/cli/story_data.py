"""Turn played case files into plain data for JSON: one object per case, one per ruleset's coverage."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from suppress.cases.coverage import Coverage, percent_of
from suppress.cases.play import Played
from suppress.cases.reasons import Behind


def case_data(played: Played) -> dict[str, Any]:
    """One case: where it stands, whether it passed, and if not what differs and which rules are behind it."""
    return {
        "file": played.story.position.file,
        "line": played.story.position.line,
        "case": played.story.name,
        "ruleset": played.ruleset,
        "passed": played.passed,
        "engines_agree": played.engines_agree,
        "differences": [
            {
                "engine": difference.engine,
                "asked": difference.asked,
                "wanted": _plain(difference.wanted),
                "decided": _plain(difference.decided),
                "told": str(difference),
            }
            for difference in played.differences
        ],
        "behind": [_behind(behind) for behind in played.behind],
    }


def coverage_data(coverage: Coverage) -> dict[str, Any]:
    """One ruleset's coverage: branches tried of all, per rule, and what was not tried in words with its place."""
    return {
        "ruleset": coverage.ruleset,
        "file": coverage.file,
        "covered": coverage.covered,
        "total": coverage.total,
        "percent": percent_of(coverage),
        "rules": [
            {
                "rule": rule.rule,
                "covered": rule.covered,
                "total": rule.total,
                "percent": percent_of(rule),
                "uncovered": [
                    {"file": place.file, "line": place.line, "column": place.column, "told": words}
                    for place, words in rule.uncovered
                ],
            }
            for rule in coverage.rules
        ],
    }


def _behind(behind: Behind) -> dict[str, Any]:
    return {
        "about": behind.about,
        "rule": behind.rule,
        "code": behind.code,
        "sentence": behind.sentence,
        "fired": behind.fired,
        "evidence": [
            {"field": each.field, "seen": each.seen, "wanted": each.wanted, "as_of": _plain(each.as_of)}
            for each in behind.evidence
        ],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value
