"""Refuse a scan by facts that are too old, or were never loaded."""

from suppress.errors import StaleFactsError
from suppress.facts.instants import from_us
from suppress.rules.compile import CompiledRuleset
from suppress.rules.needs import sources_of
from suppress.scan.folder import Folder


def refuse_stale(compiled: CompiledRuleset, folder: Folder, as_of_us: int) -> None:
    """Raises StaleFactsError when a source the rules need was never loaded, or is older than they allow."""
    complaints = []
    for source in sources_of(compiled.needs):
        loaded_us = folder.feeds_us.get(source)
        max_age_us = compiled.max_age_us.get(source)
        if loaded_us is None:
            complaints.append(f"{source.value} were never loaded")
        elif max_age_us is not None and as_of_us - loaded_us >= max_age_us:
            hours = max_age_us / 3_600_000_000
            complaints.append(
                f"{source.value} are as of {from_us(loaded_us):%Y-%m-%d %H:%M} UTC, older than {hours:g} hours"
            )
    if complaints:
        raise StaleFactsError(
            f"the facts are too old to scan by: {'; '.join(complaints)}."
            " help: load them and refresh the lake, or scan all the same with --allow-stale"
        )
