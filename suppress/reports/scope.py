"""Say of a section what it counts, where that is not the whole campaign: of a delta, the messages decided again."""

from suppress.decisions.report import ScanReport
from suppress.reports.markup import Safe, tag
from suppress.reports.words import scope_sentence


def scope(report: ScanReport) -> Safe | None:
    """A line to stand below a heading; nothing where the figures are of the whole campaign."""
    told = scope_sentence(report)
    return tag("p", told, class_="scope muted small") if told else None
